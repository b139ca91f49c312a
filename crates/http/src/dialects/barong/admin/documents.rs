//! What people handed in: waiting for a reviewer, looked at, decided on.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Decision, Owned, PersonalDocument, ReviewComment, ReviewError, ReviewPeople};
use clavis_kernel::{AccountId, DocumentId, Uid};
use clavis_kyc::{ReviewState, Verdict};

use super::super::Barong;
use super::super::documents::attached;
use super::super::error::{BarongError, Thing};
use super::super::params::{Check, Params, Presence};
use super::queue::Place;
use super::search::one_of;
use super::users::viewer;
use super::wire::{AdminDocument, Sight, review_state};
use super::{Errand, named_user};

/// Which of what was handed in is looked at.
#[derive(Clone)]
pub(super) enum Lookup {
    /// All of an account.
    Of(Uid),
    /// What is in a state, from a place in the queue on.
    In(ReviewState, Place),
}

/// `GET /admin/documents`: of one account, or those that wait.
pub(super) async fn list(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| lookup(params, Thing::AdminDocument));
    let place = asked.as_ref().ok().and_then(Lookup::place);
    let found = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, asked| {
        let found = match asked {
            Lookup::Of(uid) => match on.read_documents(permission, uid)? {
                Some(found) => found,
                None => return Ok(Err(BarongError::ADMIN_NO_USER)),
            },
            Lookup::In(state, place) => {
                let after = place.after.map(DocumentId);
                on.read_document_queue(permission, *state, after, place.limit)?
            }
        };
        let (holder, uid) = (permission.holder(), viewer(on, permission.holder())?);
        Ok(Ok((found, holder, uid)))
    });
    let (found, reviewer, viewer) = found.await?;
    let shown = barong.documents_for(&request, &found, reviewer, viewer.as_ref());
    let mut response = HttpResponse::Ok().json(shown);
    if let Some(place) = place {
        let ids: Vec<_> = found.page.items.iter().map(|one| one.document.id.0).collect();
        place.tell(
            &mut response,
            (found.page.total, &ids),
            &request,
            &barong.app.public_url,
        );
    }
    Ok(response)
}

/// `PUT /admin/documents/{id}`: decides.
pub(super) async fn review(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let decision = decision(params, Thing::AdminDocument, Presence::RequiredNonBlank)?;
        let decision = decision.ok_or(BarongError::INTERNAL)?;
        Ok((document_id(&request)?, decision))
    });
    let decided = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (id, decision) = asked;
        let decided = match on.decide_on_document(permission, *id, decision)? {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(document_refused(refusal))),
        };
        let (holder, uid) = (permission.holder(), viewer(on, permission.holder())?);
        Ok(Ok((decided, holder, uid)))
    });
    let (decided, reviewer, viewer) = decided.await?;
    let shown = barong.documents_for(&request, &decided, reviewer, viewer.as_ref());
    let shown = shown.into_iter().next().ok_or(BarongError::INTERNAL)?;
    Ok(HttpResponse::Ok().json(shown))
}

/// `GET /admin/documents/{id}/file`.
pub(super) async fn file(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = document_id(&request);
    let found = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, id| {
        let document = on.inspect_document(permission, *id)?;
        Ok(document.ok_or(BarongError::ADMIN_NO_DOCUMENT))
    });
    attached(&barong, found.await?).await
}

impl Lookup {
    /// The place, where it is in a queue.
    pub(super) const fn place(&self) -> Option<Place> {
        match self {
            Self::Of(_) => None,
            Self::In(_, place) => Some(*place),
        }
    }
}

/// What is asked for by `uid`, or by `state`, `after` and `limit`.
pub(super) fn lookup(params: &Params, thing: Thing) -> Result<Lookup, BarongError> {
    let mut check = Check::of(params, thing);
    let uid = check.optional("uid");
    let state = one_of(&mut check, "state", "admin.review.invalid_state", review_state);
    check.finish()?;
    if let Some(uid) = uid {
        return named_user(&uid).map(Lookup::Of);
    }
    let place = Place::read(params, thing)?;
    Ok(Lookup::In(state.unwrap_or(ReviewState::Pending), place))
}

/// A decision, if one is there.
pub(super) fn decision(
    params: &Params,
    thing: Thing,
    presence: Presence,
) -> Result<Option<Decision>, BarongError> {
    const STATE: &str = "state";
    let mut check = Check::of(params, thing);
    let asked = check.text(presence, STATE);
    let verdict = asked.and_then(|asked| {
        let verdict = verdict(&asked);
        if verdict.is_none() {
            check.refuse(STATE, "admin.review.invalid_state");
        }
        verdict
    });
    let mut comment = |name, code| one_of(&mut check, name, code, |text| text.parse::<ReviewComment>().ok());
    let public_comment = comment("public_comment", "admin.review.invalid_public_comment");
    let private_comment = comment("private_comment", "admin.review.invalid_private_comment");
    let seen = check.integer(Presence::Optional, "version");
    check.finish()?;
    Ok(verdict.map(|verdict| Decision {
        verdict,
        public_comment,
        private_comment,
        // What was never shown as a version was never seen.
        seen: seen.map(|micros| chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default()),
    }))
}

/// What a state that something is put in means; `drafted` is what later releases call being sent back.
fn verdict(state: &str) -> Option<Verdict> {
    match state {
        "verified" => Some(Verdict::Approve),
        "retry" | "drafted" => Some(Verdict::AskAgain),
        "rejected" => Some(Verdict::Reject),
        _ => None,
    }
}

fn document_id(request: &HttpRequest) -> Result<DocumentId, BarongError> {
    let id = request.match_info().query("id");
    id.parse()
        .map(DocumentId)
        .map_err(|_| BarongError::ADMIN_NO_DOCUMENT)
}

/// The path of the documents that stand beside the administration a request came to: of the route, so nothing that a
/// client wrote.
fn documents_beside(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    let base = pattern.rfind("/admin/").and_then(|at| pattern.get(..at));
    match base {
        Some(base) => format!("{base}/resource/documents"),
        None => "/documents".to_owned(),
    }
}

impl Barong {
    /// Where the viewer finds the content of a document, for a minute: below the mount that the request came to.
    pub(super) fn link_for(
        &self,
        request: &HttpRequest,
        one: &PersonalDocument,
        viewer: Option<&Uid>,
    ) -> String {
        viewer
            .map(|viewer| self.document_link(&documents_beside(request), &one.document, viewer))
            .unwrap_or_default()
    }

    fn documents_for<'a>(
        &self,
        request: &HttpRequest,
        found: &'a Owned<PersonalDocument>,
        reviewer: AccountId,
        viewer: Option<&Uid>,
    ) -> Vec<AdminDocument<'a>> {
        let shown = found.page.items.iter().map(|one| {
            let sight = Sight::of_reviewer(reviewer, one.document.content.account);
            let link = self.link_for(request, one, viewer);
            AdminDocument::of(one, &found.uids, sight, link)
        });
        shown.collect()
    }
}

fn document_refused(refusal: ReviewError) -> BarongError {
    match refusal {
        ReviewError::Unknown => BarongError::ADMIN_NO_DOCUMENT,
        ReviewError::OwnMatter => BarongError::ADMIN_UPDATES_HIMSELF,
        ReviewError::NotWaiting => BarongError::ADMIN_DOCUMENT_NOT_WAITING,
        ReviewError::Changed => BarongError::ADMIN_DOCUMENT_CHANGED,
    }
}
