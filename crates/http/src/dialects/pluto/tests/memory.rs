//! What is remembered must not outlive what it rests on.

use super::*;

#[actix_web::test]
async fn a_signature_is_believed_for_as_long_as_its_key() {
    let world = World::new().await;
    world.sign_up().await;
    let access = world.log_in().await.at("/body/access_token");
    let verify = format!("/v1/token/access/verify?token={access}");
    assert_eq!(world.get(&verify).await.status, 200);
    assert_eq!(world.get(&verify).await.status, 200);
    // The store has no keys: that of this world was never put there.
    world.pluto.app.ring.reload().await.unwrap();
    assert_eq!(world.get(&verify).await.refusal(), (403, Some(3003)));
}

#[actix_web::test]
async fn a_change_is_seen_by_the_next_request() {
    let world = World::new().await;
    world.sign_up().await;
    let access = world.log_in().await.at("/body/access_token");
    assert_eq!(world.own_info(&access).await.at("/body/name"), "ann");
    assert_eq!(world.own_info(&access).await.at("/body/name"), "ann");
    let rename = TestRequest::patch()
        .uri("/v1/user/info/1")
        .insert_header((header::AUTHORIZATION, format!("Bearer {access}")))
        .set_json(json!({ "name": "bea" }));
    assert_eq!(world.send(rename).await.status, 200);
    assert_eq!(world.own_info(&access).await.at("/body/name"), "bea");
}

#[actix_web::test]
async fn what_is_remembered_is_told_to_nobody_else() {
    let world = World::new().await;
    world.sign_up().await;
    let access = world.log_in().await.at("/body/access_token");
    assert_eq!(world.own_info(&access).await.status, 200);
    let others = TestRequest::get()
        .uri("/v1/user/info/2")
        .insert_header((header::AUTHORIZATION, format!("Bearer {access}")));
    assert_eq!(world.send(others).await.refusal(), (403, Some(3009)));
    assert_eq!(world.get("/v1/user/info/1").await.refusal(), (401, Some(1003)));
}
