//! What was done to the caller's account, through every door.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use clavis_flows::{
    ActivityFilter, ActivityRefusal, AuditAction, AuditEntry, AuditResult, Direction, RecordedEntry, Slice,
};
use clavis_kernel::AccountNumber;
use serde::Serialize;

use super::Barong;
use super::agent::is_browser;
use super::error::{BarongError, Profile, Thing};
use super::paging::Paging;
use super::params::{Bounds, Check, Params, Presence};
use super::routes::at;
use super::users::milliseconds;
use crate::get_or_head;

/// Said of requests that come from no browser.
const SUSPICIOUS: &str = "Detected suspicious browser";
const SUCCEED: &str = "succeed";
const FAILED: &str = "failed";

/// What is shown: under which topic, and what it is called there.
const SHOWN: [(AuditAction, Topic, &str); 12] = [
    (AuditAction::LogIn, Topic::Session, "login"),
    (AuditAction::Impersonate, Topic::Session, "login"),
    (AuditAction::LogInWithSecondFactor, Topic::Session, "login::2fa"),
    (AuditAction::LogOut, Topic::Session, "logout"),
    (AuditAction::RevokeAll, Topic::Session, "logout"),
    (
        AuditAction::RequestPasswordReset,
        Topic::Password,
        "request password reset",
    ),
    (AuditAction::ResetPassword, Topic::Password, "password reset"),
    (AuditAction::ChangePassword, Topic::Password, "password change"),
    (
        AuditAction::BeginSecondFactor,
        Topic::Otp,
        "request QR code for 2FA",
    ),
    (AuditAction::EnableSecondFactor, Topic::Otp, "enable 2FA"),
    (AuditAction::VerifySecondFactor, Topic::Otp, "verify 2FA code"),
    (AuditAction::DisableSecondFactor, Topic::Otp, "disable 2FA"),
];

/// What something was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Session,
    Password,
    Otp,
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Password => "password",
            Self::Otp => "otp",
        }
    }

    /// The actions of a topic by its name, or of all; empty where there is no such topic.
    fn actions(name: &str) -> Vec<AuditAction> {
        SHOWN
            .into_iter()
            .filter(|(_, topic, _)| name == "all" || topic.name() == name)
            .map(|(action, ..)| action)
            .collect()
    }

    /// The topic of an action, and what it is called there.
    fn of(action: AuditAction) -> Option<(Self, &'static str)> {
        let shown = SHOWN.into_iter().find(|(one, ..)| *one == action);
        shown.map(|(_, topic, name)| (topic, name))
    }
}

/// The topic of an action and what it is called there, where an account's owner is told of it.
pub(super) fn words_of(action: AuditAction) -> Option<(&'static str, &'static str)> {
    Topic::of(action).map(|(topic, name)| (topic.name(), name))
}

/// Something that was done or tried.
#[derive(Serialize)]
struct Activity<'a> {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    user_ip: String,
    user_agent: &'a str,
    topic: &'static str,
    action: &'static str,
    result: &'static str,
    data: Option<String>,
    created_at: String,
}

/// What else there is to say, which travels as a JSON text.
#[derive(Serialize)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Below `/users/activity`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(at("/{topic}").route(|| get_or_head().to(list)));
}

/// `GET /users/activity/{topic}`. A list is never empty: that is a refusal.
async fn list(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let profile = Profile::of(&request);
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut filter = match profile {
        Profile::Classic => ActivityFilter::default(),
        Profile::Coded => narrowed(&params)?,
    };
    let paging = Paging::of_log(&params, profile)?;
    filter.actions = Topic::actions(&path.0);
    let slice = Slice {
        offset: paging.offset(),
        limit: paging.limit(),
    };
    let direction = match profile {
        Profile::Classic => Direction::Ascending,
        Profile::Coded => Direction::Descending,
    };
    let is_topic = !filter.actions.is_empty();
    let found = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        let page = on.activity(account.id, &filter, direction, slice)?;
        Ok(Some((account.number, page)))
    });
    let (number, page) = found.await?.ok_or(BarongError::NOT_FOUND)?;
    if !is_topic {
        return Err(barong.nothing(BarongError::WRONG_TOPIC));
    }
    let shown: Vec<_> = page
        .items
        .iter()
        .filter_map(|recorded| barong.activity(recorded, number, profile))
        .collect();
    if shown.is_empty() {
        return Err(barong.nothing(BarongError::NO_ACTIVITY));
    }
    let mut response = HttpResponse::Ok().json(shown);
    paging.tell(&mut response, page.total, &request, &barong.app.public_url);
    Ok(response)
}

/// Which activities are asked for by time and result.
fn narrowed(params: &Params) -> Result<ActivityFilter, BarongError> {
    let mut check = Check::of(params, Thing::User);
    let mut moment = |name| {
        let seconds = check.integer(Presence::Optional, name)?;
        let moment = DateTime::from_timestamp(seconds, 0);
        if moment.is_none() {
            check.refuse(name, "invalid");
        }
        moment
    };
    let (from, to): (Option<DateTime<Utc>>, _) = (moment("time_from"), moment("time_to"));
    let refused = match check.optional("result").as_deref() {
        None => None,
        Some(SUCCEED) => Some(false),
        Some(FAILED) => Some(true),
        // Whether something was denied is asked of administrators only.
        Some(_) => {
            check.refuse("result", "invalid");
            None
        }
    };
    check.finish()?;
    Ok(ActivityFilter {
        actions: Vec::new(),
        refused,
        from,
        to,
    })
}

impl Barong {
    fn nothing(&self, refusal: BarongError) -> BarongError {
        if self.settings.strict_2_0_8 {
            refusal.in_2_0_8()
        } else {
            refusal
        }
    }

    fn activity<'a>(
        &self,
        recorded: &'a RecordedEntry,
        owner: AccountNumber,
        profile: Profile,
    ) -> Option<Activity<'a>> {
        let entry = &recorded.entry;
        let user_agent = entry.caller.user_agent.as_deref()?;
        let (topic, action) = Topic::of(entry.action)?;
        let is_classic = profile == Profile::Classic;
        Some(Activity {
            id: recorded.id.0,
            user_id: (is_classic && self.settings.show_ids).then_some(owner.0),
            category: (!is_classic).then_some("user"),
            user_ip: entry.caller.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            user_agent,
            topic: topic.name(),
            action,
            result: match entry.result {
                AuditResult::Succeeded => SUCCEED,
                AuditResult::Refused(_) => FAILED,
            },
            data: data(entry, user_agent),
            created_at: milliseconds(entry.at),
        })
    }
}

/// What else there is to say of an entry, as a JSON text.
pub(super) fn data(entry: &AuditEntry, user_agent: &str) -> Option<String> {
    let data = Data {
        reason: ActivityRefusal::of(entry).map(|refusal| reason(entry.action, refusal)),
        note: (!is_browser(user_agent)).then_some(SUSPICIOUS),
    };
    if data.reason.is_none() && data.note.is_none() {
        return None;
    }
    serde_json::to_string(&data).ok()
}

/// What was answered, or would have been if it had been tried at this door.
fn reason(action: AuditAction, refusal: ActivityRefusal) -> String {
    match refusal {
        ActivityRefusal::WrongPassword if action == AuditAction::ChangePassword => {
            BarongError::OLD_PASSWORD_WRONG.reason()
        }
        ActivityRefusal::WrongPassword => BarongError::WRONG_CREDENTIALS.reason(),
        ActivityRefusal::NotActive => BarongError::NOT_ACTIVE.reason(),
        ActivityRefusal::CodeMissing => BarongError::LOG_IN_CODE_MISSING.reason(),
        ActivityRefusal::CodeWrong => BarongError::CODE_WRONG.reason(),
        ActivityRefusal::FactorInForce => BarongError::FACTOR_ON.reason(),
        ActivityRefusal::NoFactor => BarongError::FACTOR_OFF.reason(),
        ActivityRefusal::Noted(reason) => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_flows::LogInError;
    use clavis_kernel::{Caller, Dialect};

    const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

    #[track_caller]
    fn check(action: AuditAction, refusal: Option<&str>, user_agent: &str, expected: Option<&str>) {
        let entry = AuditEntry {
            at: DateTime::UNIX_EPOCH,
            account: None,
            action,
            result: refusal.map_or(AuditResult::Succeeded, |text| {
                AuditResult::Refused(text.to_owned())
            }),
            actor: None,
            detail: None,
            caller: Caller {
                dialect: Dialect::Pluto,
                ..Caller::OPERATOR
            },
        };
        assert_eq!(data(&entry, user_agent).as_deref(), expected);
    }

    #[test]
    fn a_failure_has_its_reason_and_a_program_its_note() {
        let wrong = LogInError::WrongPassword.to_string();
        let wrong = Some(wrong.as_str());
        check(AuditAction::LogIn, None, BROWSER, None);
        check(
            AuditAction::LogIn,
            None,
            "curl/8.10.1",
            Some(r#"{"note":"Detected suspicious browser"}"#),
        );
        check(
            AuditAction::LogIn,
            wrong,
            BROWSER,
            Some(r#"{"reason":"Invalid Email or Password"}"#),
        );
        check(
            AuditAction::ChangePassword,
            wrong,
            "curl/8.10.1",
            Some(r#"{"reason":"Previous password is not correct","note":"Detected suspicious browser"}"#),
        );
        check(
            AuditAction::ResetPassword,
            Some("Password is too weak"),
            BROWSER,
            Some(r#"{"reason":"Password is too weak"}"#),
        );
    }

    #[test]
    fn every_refusal_of_a_log_in_is_told_in_this_doors_words() {
        for (refusal, expected) in [
            (LogInError::LockedOut, "Invalid Email or Password"),
            (LogInError::NotActivated, "Your account is not active"),
            (LogInError::Suspended, "Your account is not active"),
            (
                LogInError::SecondFactorMissing,
                "The account has enabled 2FA but OTP code is missing",
            ),
            (
                LogInError::SecondFactorUnsupported,
                "The account has enabled 2FA but OTP code is missing",
            ),
            (LogInError::SecondFactorWrong, "OTP code is invalid"),
        ] {
            let expected = format!(r#"{{"reason":"{expected}"}}"#);
            check(
                AuditAction::LogInWithSecondFactor,
                Some(&refusal.to_string()),
                BROWSER,
                Some(&expected),
            );
        }
    }

    #[test]
    fn a_topic_has_its_actions_and_all_has_every_one() {
        assert_eq!(Topic::actions("all").len(), SHOWN.len());
        let topics = ["session", "password", "otp"];
        let each: usize = topics.map(|topic| Topic::actions(topic).len()).iter().sum();
        assert_eq!(each, SHOWN.len());
        for wrong in ["", "ALL", "sessions", "account", "admin"] {
            assert!(Topic::actions(wrong).is_empty(), "{wrong}");
        }
    }
}
