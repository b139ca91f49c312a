//! What people say of who they are: waiting for a reviewer, entered by one, decided on.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    CorrectProfileError, Decision, EditProfileError, EnterProfileError, Owned, PersonalProfile,
    ProfileCommand, ProfileManner, ReviewError, ReviewPeople, SubmitProfileError, WhichProfile,
};
use clavis_kernel::{AccountId, ProfileId, Uid};
use clavis_kyc::FieldViolation;

use super::super::Barong;
use super::super::error::{BarongError, Profile, Thing};
use super::super::params::{Check, Params, Presence};
use super::super::profiles::{declared_fields, declared_metadata};
use super::super::sentence::RecordError;
use super::documents::{Lookup, decision, lookup};
use super::wire::{AdminProfile, Sight};
use super::{Errand, named_user};

/// What is to become of a profile.
enum Change {
    Decision(WhichProfile, Decision),
    Correction(Uid, ProfileCommand),
}

/// `GET /admin/profiles`: of one account, or those that wait.
pub(super) async fn list(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| lookup(params, Thing::AdminProfile));
    let place = asked.as_ref().ok().and_then(Lookup::place);
    let found = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, asked| {
        let found = match asked {
            Lookup::Of(uid) => match on.read_profiles(permission, uid)? {
                Some(found) => found,
                None => return Ok(Err(BarongError::ADMIN_NO_USER)),
            },
            Lookup::In(state, place) => {
                let after = place.after.map(ProfileId);
                on.read_profile_queue(permission, *state, after, place.limit)?
            }
        };
        Ok(Ok((found, permission.holder())))
    });
    let (found, reviewer) = found.await?;
    let shown: Vec<_> = shown(&found, reviewer).collect();
    let mut response = HttpResponse::Ok().json(shown);
    if let Some(place) = place {
        let ids: Vec<_> = found.page.items.iter().map(|one| one.profile.id.0).collect();
        place.tell(
            &mut response,
            (found.page.total, &ids),
            &request,
            &barong.app.public_url,
        );
    }
    Ok(response)
}

/// `POST /admin/profiles`: enters one for somebody.
pub(super) async fn enter(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let presence = match profile {
        Profile::Classic => Presence::Required,
        Profile::Coded => Presence::Optional,
    };
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| barong.said_of_somebody(params, presence, profile));
    let entered = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, move |on, permission, asked| {
        let (uid, command) = asked;
        let entered = on.enter_profile_for(permission, uid, command)?;
        Ok(entered
            .map(|entered| (entered, permission.holder()))
            .map_err(|refusal| enter_refused(refusal, profile)))
    });
    let (entered, author) = entered.await?;
    Ok(HttpResponse::Created().json(the_one(&entered, author)?))
}

/// `PUT /admin/profiles`: decides where a state is given, and else changes what is said.
pub(super) async fn review_or_correct(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| barong.change(params, profile));
    let changed = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, asked| {
        let changed = match asked {
            Change::Decision(which, decision) => {
                let decided = on.decide_on_profile(permission, which, decision)?;
                decided.map_err(review_refused)
            }
            Change::Correction(uid, command) => {
                let corrected = on.correct_profile_of(permission, uid, command)?;
                corrected.map_err(BarongError::from)
            }
        };
        Ok(changed.map(|changed| (changed, permission.holder())))
    });
    let (changed, reviewer) = changed.await?;
    Ok(HttpResponse::Ok().json(the_one(&changed, reviewer)?))
}

impl Barong {
    fn change(&self, params: &Params, profile: Profile) -> Result<Change, BarongError> {
        let Some(decision) = decision(params, Thing::AdminProfile, Presence::Optional)? else {
            let (uid, command) = self.said_of_somebody(params, Presence::Optional, profile)?;
            return Ok(Change::Correction(uid, command));
        };
        let mut check = Check::of(params, Thing::AdminProfile);
        let id = check.integer(Presence::Optional, "id");
        let uid = if id.is_none() {
            check.required_nb("uid")
        } else {
            String::new()
        };
        check.finish()?;
        let which = match id {
            Some(id) => WhichProfile::Id(ProfileId(id)),
            None => WhichProfile::NewestOf(named_user(&uid)?),
        };
        Ok(Change::Decision(which, decision))
    }

    /// What a reviewer says of somebody. Unless it is told to be a draft, it waits for a decision at once.
    fn said_of_somebody(
        &self,
        params: &Params,
        presence: Presence,
        profile: Profile,
    ) -> Result<(Uid, ProfileCommand), BarongError> {
        let mut check = Check::of(params, Thing::AdminProfile);
        let uid = check.required_nb("uid");
        let fields = declared_fields(&mut check, presence);
        let metadata = declared_metadata(&mut check, params);
        let manner = match profile {
            Profile::Classic => ProfileManner::Whole,
            Profile::Coded => match check.flag(Presence::Optional, "confirm") {
                Some(false) => ProfileManner::Draft,
                Some(true) | None => ProfileManner::Submission,
            },
        };
        check.finish()?;
        let command = ProfileCommand {
            fields,
            metadata,
            grammar: self.profile_grammar(),
            manner,
        };
        Ok((named_user(&uid)?, command))
    }
}

fn shown(found: &Owned<PersonalProfile>, reviewer: AccountId) -> impl Iterator<Item = AdminProfile<'_>> {
    found.page.items.iter().map(move |one| {
        let sight = Sight::of_reviewer(reviewer, one.profile.content.account);
        AdminProfile::of(one, &found.uids, sight)
    })
}

fn the_one(found: &Owned<PersonalProfile>, reviewer: AccountId) -> Result<AdminProfile<'_>, BarongError> {
    shown(found, reviewer).next().ok_or(BarongError::INTERNAL)
}

fn unfit(violations: Vec<FieldViolation>) -> BarongError {
    BarongError::record(violations.into_iter().map(RecordError::from))
}

fn enter_refused(refusal: EnterProfileError, profile: Profile) -> BarongError {
    match (refusal, profile) {
        (EnterProfileError::Account(refusal), _) => refusal.into(),
        (EnterProfileError::Profile(SubmitProfileError::AccountClosed), _) => BarongError::ADMIN_USER_GONE,
        (EnterProfileError::Profile(SubmitProfileError::Exists), Profile::Classic) => {
            BarongError::PROFILE_EXISTS
        }
        (EnterProfileError::Profile(SubmitProfileError::Exists), Profile::Coded) => {
            BarongError::PROFILE_STATE_EXISTS
        }
        (EnterProfileError::Profile(SubmitProfileError::Unfit(violations)), _) => unfit(violations),
    }
}

impl From<CorrectProfileError> for BarongError {
    fn from(refusal: CorrectProfileError) -> Self {
        match refusal {
            CorrectProfileError::Account(refusal) => refusal.into(),
            CorrectProfileError::Profile(EditProfileError::AccountClosed) => Self::ADMIN_USER_GONE,
            CorrectProfileError::Profile(EditProfileError::NoneEditable) => Self::ADMIN_NO_EDITABLE_PROFILE,
            CorrectProfileError::Profile(EditProfileError::Unfit(violations)) => unfit(violations),
        }
    }
}

fn review_refused(refusal: ReviewError) -> BarongError {
    match refusal {
        ReviewError::Unknown => BarongError::ADMIN_NO_PROFILE,
        ReviewError::OwnMatter => BarongError::ADMIN_UPDATES_HIMSELF,
        ReviewError::NotWaiting => BarongError::ADMIN_PROFILE_NOT_WAITING,
        ReviewError::Changed => BarongError::ADMIN_PROFILE_CHANGED,
    }
}
