use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Activation, SignUp, SignUpError};
use clavis_identity::{Account, Attributes, PasswordProblem, PasswordRules};
use clavis_kernel::{Email, Secret, Uid};

use super::created;
use crate::dialects::barong::Barong;
use crate::dialects::barong::address::new_address;
use crate::dialects::barong::error::{BarongError, Profile, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};
use crate::dialects::barong::sentence::RecordError;
use crate::dialects::barong::settings::CaptchaPlace;
use crate::dialects::barong::user_wire::{DATA, REFERRAL_ID, REFERRER};
use crate::dialects::barong::users::is_data;

/// `POST /identity/users`. Everything that is wrong is told at once.
pub(super) async fn register(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let email = check.required_nb("email");
    let password = Secret::new(check.required_nb("password"));
    // 2.0.8 knows neither, and ignores what it does not know.
    let (data, referrer) = match Profile::of(&request) {
        Profile::Classic => (None, None),
        Profile::Coded => (check.optional("data"), check.optional("refid")),
    };
    let solution = barong.solution(&mut check, CaptchaPlace::UserCreate);
    check.finish()?;
    barong.check_newcomer_rate(&request)?;
    barong.check_solution(&request, solution).await?;
    if !data.as_deref().is_none_or(is_data) {
        return Err(BarongError::DATA_MALFORMED);
    }
    let mut attributes = Attributes::new();
    if let Some(data) = data {
        attributes.insert(DATA.to_owned(), data);
    }
    if let Some(referrer) = referrer {
        let referrer = barong.referrer(&request, &referrer).await?;
        attributes.insert(REFERRER.to_owned(), referrer.uid.as_str().to_owned());
        attributes.insert(REFERRAL_ID.to_owned(), referrer.number.to_string());
    }

    let address = new_address(&email);
    let mut problems = match &address {
        None => vec![RecordError::EMAIL_INVALID],
        Some(address) => barong.address_problems(&request, address).await?,
    };
    problems.extend(barong.password_problems(&password));
    let Some(address) = address.filter(|_| problems.is_empty()) else {
        return Err(BarongError::account(problems));
    };
    let command = SignUp {
        address,
        name: None,
        display_name: String::new(),
        attributes,
        avatar: None,
        password: Some(barong.app.hash(password).await?),
        activation: Activation::ByMail,
        roles: None,
    };
    let account = barong
        .transaction(&request, move |on| on.sign_up(&command))
        .await?
        .map_err(|refusal| BarongError::account([taken(refusal)]))?;
    if Profile::of(&request) == Profile::Classic {
        return Ok(created());
    }
    let dossier = barong.look_up(&request, move |on| on.dossier(on.person_of(account.clone())?));
    let dossier = dossier.await?;
    Ok(HttpResponse::Created().json(barong.full_user(&dossier, Profile::Coded)))
}

const fn taken(refusal: SignUpError) -> RecordError {
    match refusal {
        // No name is claimed here.
        SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation | SignUpError::NameTaken => {
            RecordError::EMAIL_TAKEN
        }
    }
}

impl Barong {
    /// What is wrong with a new password, in words.
    pub fn password_problem(&self, password: &str) -> Option<String> {
        let problems = self.password_problems(&Secret::new(password));
        let sentences: Vec<_> = problems.iter().map(|problem| problem.sentence() + ".").collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    /// Who led somebody here, by what they say.
    async fn referrer(&self, request: &HttpRequest, said: &str) -> Result<Account, BarongError> {
        let said: Uid = said.trim().parse().map_err(|_| BarongError::REFERRAL_MALFORMED)?;
        let referrer = self.look_up(request, move |on| on.referrer(&said)).await?;
        referrer.ok_or(BarongError::REFERRAL_UNKNOWN)
    }

    /// What is wrong with an address for a new account: somebody has it.
    pub(in crate::dialects::barong) async fn address_problems(
        &self,
        request: &HttpRequest,
        address: &Email,
    ) -> Result<Vec<RecordError>, BarongError> {
        let address = address.clone();
        let free = self
            .look_up(request, move |on| on.may_sign_up(&address, None))
            .await?;
        Ok(free.err().map(taken).into_iter().collect())
    }

    /// What is wrong with a new password.
    pub(in crate::dialects::barong) fn password_problems(&self, password: &Secret) -> Vec<RecordError> {
        let rules = PasswordRules {
            min_entropy_bits: self.settings.password_min_entropy.into(),
            ..PasswordRules::default()
        };
        let problems = rules.problems(password).into_iter();
        problems
            .map(|problem| match problem {
                PasswordProblem::DoesNotMeetRequirements => RecordError::PASSWORD_UNFIT,
                PasswordProblem::TooWeak => RecordError::PASSWORD_WEAK,
            })
            .collect()
    }
}
