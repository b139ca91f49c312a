use super::*;

/// As it comes from a mount that speaks in codes.
async fn coded(world: &World, path: &str, body: Value) -> String {
    let path = format!("/api/v2/barong/identity{path}");
    let answer = world.send(TestRequest::post().uri(&path).set_json(body)).await;
    format!("{} {}", answer.status, answer.text)
}

async fn world() -> World {
    World::with(Settings {
        coded_mounts: vec!["/api/v2/barong/resource".parse().unwrap()],
        ..Settings::default()
    })
    .await
}

#[actix_web::test]
async fn a_confirmation_is_good_until_its_time_is_over() {
    let world = world().await;
    world.register().await;
    let token = world.mailed_token().await;
    world.clock.advance(Duration::seconds(6000));
    let answer = world.confirm(&token).await;
    assert_eq!(answer.text, r#"{"error":"Failed to decode and verify JWT"}"#);
    assert_eq!(answer.status, 403);
    assert_eq!(
        coded(&world, "/users/email/confirm_code", json!({ "token": token })).await,
        r#"422 {"errors":["jwt.decode_and_verify.expired"]}"#
    );
    world
        .post("/users/email/generate_code", json!({ "email": ANN }))
        .await;
    let token = world.mailed_token().await;
    world.clock.advance(Duration::seconds(5998));
    assert_eq!(world.confirm(&token).await.status, 201);
}

#[actix_web::test]
async fn a_reset_is_good_until_its_time_is_over() {
    let world = world().await;
    world.sign_up().await;
    world
        .post("/users/password/generate_code", json!({ "email": ANN }))
        .await;
    let token = world.mailed_token().await;
    world.clock.advance(Duration::seconds(6000));
    let body = json!({ "reset_password_token": token, "password": PASSWORD, "confirm_password": PASSWORD });
    assert_eq!(
        coded(&world, "/users/password/confirm_code", body).await,
        r#"422 {"errors":["jwt.decode_and_verify.expired"]}"#
    );
}

#[actix_web::test]
async fn a_token_whose_ticket_was_swept_away_is_known_by_its_signature() {
    let world = world().await;
    world.register().await;
    let token = world.mailed_token().await;
    world.clock.advance(Duration::days(365));
    let now = world.clock.now();
    let swept = clavis_flows::write(world.store.as_ref(), move |ports| ports.sweep(now, 1_000));
    assert!(swept.await.unwrap() > 0);
    assert_eq!(
        coded(&world, "/users/email/confirm_code", json!({ "token": token })).await,
        r#"422 {"errors":["jwt.decode_and_verify.expired"]}"#
    );
}
