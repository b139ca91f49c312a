use actix_web::body::to_bytes;
use actix_web::dev::{Service as _, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Error, web};
use clavis_flows::TextError;
use serde_json::Value;

use super::*;
use crate::dialects::barong::sentence::Problem;

#[track_caller]
fn check(error: &BarongError, voice: Voice, expected: &str) {
    let said = format!("{} {}", error.status(voice).as_u16(), error.body(voice));
    assert_eq!(said, expected);
}

#[track_caller]
fn both(error: &BarongError, classic: &str, coded: &str) {
    check(error, Voice::Classic, classic);
    check(error, Voice::Coded, coded);
}

#[test]
fn the_general_refusals_are_the_contracts() {
    both(
        &BarongError::BEARER,
        r#"401 {"error":"Permission Denied"}"#,
        r#"401 {"errors":["jwt.decode_and_verify"]}"#,
    );
    both(
        &BarongError::bearer_explained("Signature has expired"),
        r#"401 {"error":{"code":2001,"message":"2001: Authorization failed: Signature has expired"}}"#,
        r#"401 {"errors":["jwt.decode_and_verify"]}"#,
    );
    both(
        &BarongError::NOT_FOUND,
        r#"404 {"error":"Record is not found"}"#,
        r#"404 {"errors":["record.not_found"]}"#,
    );
    both(
        &BarongError::NO_ROUTE,
        r#"404 {"error":"Route is not found"}"#,
        r#"404 {"errors":["record.not_found"]}"#,
    );
    both(
        &BarongError::from(Fault::Internal),
        r#"500 {"error":"Something went wrong"}"#,
        r#"500 {"errors":["server.internal_error"]}"#,
    );
    both(
        &BarongError::TOO_LARGE,
        r#"413 {"error":"Request body is too large"}"#,
        r#"413 {"errors":["request.too_large"]}"#,
    );
    both(
        &BarongError::NOT_JSON,
        r#"400 {"error":"Request body is not valid JSON"}"#,
        r#"400 {"errors":["request.invalid_json"]}"#,
    );
    both(
        &BarongError::NOT_A_FORM,
        r#"400 {"error":"Request body is not a valid form"}"#,
        r#"400 {"errors":["request.invalid_form"]}"#,
    );
    both(
        &BarongError::TOO_MANY_PARAMETERS,
        r#"400 {"error":"Request has too many or too deep parameters"}"#,
        r#"400 {"errors":["request.too_many_parameters"]}"#,
    );
    both(
        &BarongError::busy(),
        r#"503 {"error":"Server is busy"}"#,
        r#"503 {"errors":["server.busy"]}"#,
    );
    both(
        &BarongError::too_many_requests(Duration::from_secs(1)),
        r#"429 {"error":"Too many requests"}"#,
        r#"429 {"errors":["request.too_many_requests"]}"#,
    );
}

#[test]
fn the_texts_keep_upstreams_spelling() {
    for (error, classic, coded) in [
        (
            BarongError::KEYS_NEED_A_FACTOR,
            r#"400 {"error":"Only accounts with enabled 2FA alowed"}"#,
            r#"400 {"errors":["resource.api_key.2fa_disabled"]}"#,
        ),
        (
            BarongError::PASSWORD_UNCHANGED,
            r#"400 {"error":"New password cant be the same, as old one"}"#,
            r#"400 {"errors":["resource.password.no_change_provided"]}"#,
        ),
        (
            BarongError::from(TextError::Unavailable),
            r#"500 {"error":"Something wrong with Twilio Client"}"#,
            r#"422 {"errors":["resource.phone.twilio_unexpected"]}"#,
        ),
        (
            BarongError::FACTOR_OFF_AT_VERIFY,
            r#"400 {"error":"2FA has not been enabled for this account"}"#,
            r#"400 {"errors":["resource.otp.already_enabled"]}"#,
        ),
        (
            BarongError::LOG_IN_CODE_MISSING,
            r#"403 {"error":"The account has enabled 2FA but OTP code is missing"}"#,
            r#"401 {"errors":["identity.session.missing_otp"]}"#,
        ),
        (
            BarongError::PROFILE_EXISTS,
            r#"409 {"error":"Profile already exists"}"#,
            r#"409 {"errors":["resource.profile.exist"]}"#,
        ),
        (
            BarongError::PHONE_CODE_WRONG,
            r#"404 {"error":"Phone is not found or verification code is invalid"}"#,
            r#"404 {"errors":["resource.phone.verification_invalid"]}"#,
        ),
        (
            BarongError::MAIL_TOKEN_EXPIRED,
            r#"403 {"error":"Failed to decode and verify JWT"}"#,
            r#"422 {"errors":["jwt.decode_and_verify.expired"]}"#,
        ),
        (
            BarongError::CODE_REPLAYED,
            r#"422 {"error":"This code was already used. Wait until the next time period"}"#,
            r#"422 {"errors":["totp.error"]}"#,
        ),
    ] {
        both(&error, classic, coded);
    }
}

#[test]
fn a_topic_without_activity_answers_500_in_2_0_8_alone() {
    both(
        &BarongError::NO_ACTIVITY,
        r#"422 {"error":"No activity recorded or wrong topic"}"#,
        r#"422 {"errors":["resource.user.no_activity"]}"#,
    );
    both(
        &BarongError::WRONG_TOPIC.in_2_0_8(),
        r#"500 {"error":"No activity recorded or wrong topic"}"#,
        r#"422 {"errors":["resource.user.wrong_topic"]}"#,
    );
}

#[test]
fn the_gateway_speaks_in_codes_everywhere() {
    for (error, expected) in [
        (
            BarongError::CSRF_MISSING,
            r#"401 {"errors":["authz.missing_csrf_token"]}"#,
        ),
        (
            BarongError::API_KEY_HEADERS,
            r#"422 {"errors":["authz.invalid_api_key_headers"]}"#,
        ),
    ] {
        both(&error, expected, expected);
    }
}

#[test]
fn a_records_errors_have_three_classic_shapes_and_one_coded() {
    let weak = || BarongError::account([RecordError::PASSWORD_UNFIT, RecordError::PASSWORD_WEAK]);
    both(
        &weak(),
        r#"422 {"error":["Password does not meet the minimum requirements","Password is too weak"]}"#,
        r#"422 {"errors":["password.requirements","password.weak"]}"#,
    );
    check(
        &BarongError::account([RecordError::EMAIL_TAKEN]),
        Voice::Management,
        r#"422 {"error":["Email has already been taken"]}"#,
    );
    let number = RecordError::new("number", Problem::Invalid);
    both(
        &BarongError::by_field([number]),
        r#"422 {"error":{"number":["is invalid"]}}"#,
        r#"422 {"errors":["number.invalid"]}"#,
    );
    let errors = || {
        [
            RecordError::new("first_name", Problem::Blank),
            RecordError::new("city", Problem::Invalid),
        ]
    };
    both(
        &BarongError::record(errors()),
        r#"422 {"error":"First name can't be blank and City is invalid"}"#,
        r#"422 {"errors":["first_name.blank","city.invalid"]}"#,
    );
    let expired = RecordError::new("doc_expire", Problem::Invalid);
    both(
        &BarongError::document([expired]),
        r#"400 {"error":"Doc expire is invalid"}"#,
        r#"422 {"errors":["doc_expire.invalid"]}"#,
    );
}

#[test]
fn bad_parameters_are_400_in_texts_and_422_in_codes_and_to_servers() {
    let fault = |problem| ParameterFault {
        thing: Thing::Document,
        name: "doc_type",
        problem,
    };
    let error = BarongError::parameters(vec![
        fault(ParameterProblem::Missing),
        fault(ParameterProblem::Empty),
    ]);
    both(
        &error,
        r#"400 {"error":"doc_type is missing, doc_type is empty"}"#,
        r#"422 {"errors":["resource.document.missing_doc_type","resource.document.empty_doc_type"]}"#,
    );
    check(
        &error,
        Voice::Management,
        r#"422 {"error":"doc_type is missing, doc_type is empty"}"#,
    );
}

#[test]
fn who_is_to_wait_is_told_how_long() {
    let seconds = |error: BarongError| {
        let response = error.render(Voice::Coded);
        let header = response.headers().get(header::RETRY_AFTER).unwrap();
        (response.status().as_u16(), header.to_str().unwrap().to_owned())
    };
    assert_eq!(
        seconds(BarongError::too_many_requests(Duration::from_millis(1500))),
        (429, "2".to_owned())
    );
    assert_eq!(
        seconds(BarongError::too_many_requests(Duration::ZERO)),
        (429, "1".to_owned())
    );
    assert_eq!(seconds(Fault::Busy.into()), (503, "1".to_owned()));
}

/// A middleware that lets a path's requests no further.
async fn refuse_inside(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    if request.path() == "/m/inside" {
        return Err(BarongError::BEARER.into());
    }
    next.call(request).await
}

/// What a mount with this voice answers: to a handler that refuses, or to one that tells its profile.
async fn answered(voice: Voice, path: &str) -> String {
    let refuse = || async { Err::<&str, _>(BarongError::PHONE_TAKEN) };
    let inner = from_fn(refuse_inside);
    let scope = web::scope("/m")
        .wrap(inner)
        .wrap(from_fn(move |request, next| spoken(voice, request, next)))
        .route("/refused", web::get().to(refuse))
        .route(
            "/profile",
            web::get().to(|profile: Profile| async move { format!("{profile:?}") }),
        )
        .default_service(web::to(|| async { Err::<&str, _>(BarongError::NO_ROUTE) }));
    let app = init_service(App::new().service(scope)).await;
    let request = TestRequest::with_uri(path).to_request();
    let response = match app.call(request).await {
        Ok(response) => response.map_into_boxed_body().into_parts().1,
        Err(error) => error.error_response(),
    };
    let status = response.status().as_u16();
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    assert_eq!(
        response.headers().get("x-content-type-options").unwrap(),
        "nosniff"
    );
    let body = to_bytes(response.into_body()).await;
    format!("{status} {}", String::from_utf8_lossy(&body.unwrap_or_default()))
}

#[actix_web::test]
async fn a_mount_says_every_refusal_in_its_voice() {
    assert_eq!(
        answered(Voice::Classic, "/m/refused").await,
        r#"400 {"error":"Phone number already exists"}"#
    );
    assert_eq!(
        answered(Voice::Coded, "/m/refused").await,
        r#"400 {"errors":["resource.phone.number_exist"]}"#
    );
    assert_eq!(
        answered(Voice::Coded, "/m/nowhere").await,
        r#"404 {"errors":["record.not_found"]}"#
    );
    assert_eq!(
        answered(Voice::Coded, "/m/inside").await,
        r#"401 {"errors":["jwt.decode_and_verify"]}"#
    );
}

#[actix_web::test]
async fn a_handler_learns_the_profile_of_its_mount() {
    assert_eq!(answered(Voice::Classic, "/m/profile").await, "200 Classic");
    assert_eq!(answered(Voice::Coded, "/m/profile").await, "200 Coded");
    assert_eq!(answered(Voice::Management, "/m/profile").await, "200 Classic");
}

#[actix_web::test]
async fn where_no_mount_speaks_refusals_are_classic() {
    let refuse = || async { Err::<&str, _>(BarongError::NO_PROFILE) };
    let app = init_service(App::new().route("/x", web::get().to(refuse))).await;
    let response = call_service(&app, TestRequest::with_uri("/x").to_request()).await;
    let body: Value = serde_json::from_slice(&read_body(response).await).unwrap();
    assert_eq!(body, json!({ "error": "User has no profile" }));
}
