//! What clients left with accounts.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{DataTitle, ManageAccounts, RemoveDataError};

use super::super::Barong;
use super::super::error::{BarongError, Thing};
use super::super::params::Check;
use super::{Errand, done, named_user};

/// `DELETE /admin/users/data_storage`.
pub(super) async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let uid = check.required_nb("uid");
        let title = check.required_nb("title");
        check.finish()?;
        // What cannot be a title is nobody's.
        let title = DataTitle::check(&title).map_err(|_| BarongError::ADMIN_NO_DATA_STORAGE)?;
        Ok((named_user(&uid)?, title))
    });
    let removed = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (uid, title) = asked;
        Ok(on.remove_data(permission, uid, title)?.map_err(BarongError::from))
    });
    removed.await?;
    Ok(done(StatusCode::OK))
}

impl From<RemoveDataError> for BarongError {
    fn from(refusal: RemoveDataError) -> Self {
        match refusal {
            RemoveDataError::Account(refusal) => refusal.into(),
            RemoveDataError::Unknown => Self::ADMIN_NO_DATA_STORAGE,
        }
    }
}
