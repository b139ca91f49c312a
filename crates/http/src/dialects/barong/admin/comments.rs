//! What administrators note about accounts.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{CommentError, CommentWords, CommentWordsError, ManageAccounts};
use clavis_kernel::CommentId;

use super::super::Barong;
use super::super::error::{BarongError, Thing};
use super::super::params::{Check, Presence};
use super::super::sentence::{Problem, RecordError};
use super::wire::AdminComment;
use super::{Errand, done, named_user};

/// `POST /admin/users/comments`.
pub(super) async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let uid = check.required_nb("uid");
        let title = check.required_nb("title");
        let text = check.required_nb("data");
        check.finish()?;
        let words = match (title.parse(), text.parse()) {
            (Ok(title), Ok(text)) => CommentWords { title, text },
            (title, text) => return Err(unfit(title.err(), text.err())),
        };
        Ok((named_user(&uid)?, words))
    });
    let made = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (uid, words) = asked;
        Ok(on.comment(permission, uid, words)?.map_err(BarongError::from))
    });
    Ok(HttpResponse::Created().json(AdminComment::of(&made.await?)))
}

/// `PUT /admin/users/comments`: what is left out stays.
pub(super) async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        let title = check.optional_nb("title");
        let text = check.optional_nb("data");
        let id = check.finish_with(id)?;
        let title = title.map(|title| title.parse()).transpose();
        let text = text.map(|text| text.parse()).transpose();
        match (title, text) {
            (Ok(title), Ok(text)) => Ok((CommentId(id), title, text)),
            (title, text) => Err(unfit(title.err(), text.err())),
        }
    });
    let changed = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (id, title, text) = asked;
        let changed = on.change_comment(permission, *id, title.as_ref(), text.as_ref())?;
        Ok(changed.map_err(BarongError::from))
    });
    Ok(HttpResponse::Ok().json(AdminComment::of(&changed.await?)))
}

/// `DELETE /admin/users/comments`.
pub(super) async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        check.finish_with(id).map(CommentId)
    });
    let removed = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, id| {
        Ok(on.remove_comment(permission, *id)?.map_err(BarongError::from))
    });
    removed.await?;
    Ok(done(StatusCode::OK))
}

fn unfit(title: Option<CommentWordsError>, text: Option<CommentWordsError>) -> BarongError {
    let said = |field, refusal| RecordError::new(field, problem(refusal));
    let title = title.map(|refusal| said("title", refusal));
    let text = text.map(|refusal| said("data", refusal));
    BarongError::record(title.into_iter().chain(text))
}

const fn problem(refusal: CommentWordsError) -> Problem {
    match refusal {
        CommentWordsError::Blank => Problem::Blank,
        CommentWordsError::TooLong { maximum } => Problem::TooLong(maximum),
        CommentWordsError::BadCharacter => Problem::Invalid,
    }
}

impl From<CommentError> for BarongError {
    fn from(refusal: CommentError) -> Self {
        match refusal {
            CommentError::Account(refusal) => refusal.into(),
            CommentError::Unknown => Self::ADMIN_NO_COMMENT,
            CommentError::TooMany => Self::ADMIN_TOO_MANY_COMMENTS,
        }
    }
}
