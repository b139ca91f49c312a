//! What clients leave with an account, under a title of their own.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{DataText, DataTextError, DataTitle, PersonalData, RecordDataError};
use clavis_kyc::LabelProblem;
use serde::Serialize;

use super::Barong;
use super::error::{BarongError, Thing};
use super::params::{Bounds, Check, Params};
use super::routes::at;
use super::sentence::{Code, Problem, RecordError};
use super::users::seconds;

const TITLE: &str = "title";
const DATA: &str = "data";

/// Below `/data_storage`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(at("").route(|| web::post().to(record)));
}

/// A text as it is shown. Whoever may not read it sees that it is there.
#[derive(Serialize)]
pub(super) struct ShownData<'a> {
    title: &'a str,
    data: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

impl<'a> ShownData<'a> {
    /// The text.
    pub(super) fn of(one: &'a PersonalData) -> Self {
        let storage = &one.storage;
        Self {
            title: storage.title.as_str(),
            data: Some(&one.text),
            created_at: seconds(storage.created_at),
            updated_at: seconds(storage.updated_at),
        }
    }

    /// The text for somebody who may not read it.
    pub(super) fn masked(one: &'a PersonalData) -> Self {
        Self {
            data: None,
            ..Self::of(one)
        }
    }
}

/// `POST /data_storage`. The answer is a number, as upstream's.
async fn record(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::DataStorage);
    let title = check.required_nb(TITLE);
    let data = check.required_nb(DATA);
    check.finish()?;
    let (title, data) = match (DataTitle::check(&title), data.parse::<DataText>()) {
        (Ok(title), Ok(data)) => (title, data),
        (title, data) => return Err(unfit(title.err(), data.err())),
    };
    let recorded = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.record_data(account.id, &title, &data).map(Some)
    });
    recorded.await?.ok_or(BarongError::NOT_FOUND)??;
    Ok(HttpResponse::Created().json(201))
}

fn unfit(title: Option<Vec<LabelProblem>>, data: Option<DataTextError>) -> BarongError {
    let title = RecordError::of_label(TITLE, title.unwrap_or_default());
    let data = data.map(|refusal| RecordError::new(DATA, problem(refusal)));
    BarongError::record(title.chain(data))
}

const fn problem(refusal: DataTextError) -> Problem {
    match refusal {
        DataTextError::Blank => Problem::Blank,
        DataTextError::TooLong { maximum } => Problem::TooLong(maximum),
        DataTextError::Nul => Problem::Invalid,
    }
}

impl From<RecordDataError> for BarongError {
    fn from(refusal: RecordDataError) -> Self {
        match refusal {
            RecordDataError::AccountClosed => Self::BEARER,
            RecordDataError::Reserved => {
                let reserved = RecordError::says(TITLE, "is reserved", Code::Reason("exclusion"));
                Self::record([reserved])
            }
            RecordDataError::Taken => Self::record([RecordError::new(TITLE, Problem::Taken)]),
            RecordDataError::TooMany => Self::TOO_MANY_DATA_STORAGES,
        }
    }
}
