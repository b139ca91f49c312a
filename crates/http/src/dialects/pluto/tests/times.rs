use super::*;

#[actix_web::test]
async fn an_access_token_is_good_to_the_end_of_its_last_second() {
    let world = World::new().await;
    world.sign_up().await;
    let access = world.log_in().await.at("/body/access_token");
    let verify = format!("/v1/token/access/verify?token={access}");

    world.clock.advance(Duration::milliseconds(3_600_990));
    assert_eq!(world.own_info(&access).await.status, 200);
    assert_eq!(world.get(&verify).await.status, 200);
    world.clock.advance(Duration::milliseconds(10));
    assert_eq!(world.own_info(&access).await.refusal(), (403, Some(3008)));
    assert_eq!(world.get(&verify).await.refusal(), (403, Some(3008)));
}

#[actix_web::test]
async fn a_refresh_token_lives_anew_with_each_refresh() {
    let world = World::new().await;
    world.sign_up().await;
    let first = world.log_in().await.at("/body/refresh_token");
    world.clock.advance(Duration::days(20));
    let second = world.refresh(&first).await.at("/body/refresh_token");
    world.clock.advance(Duration::days(20));
    let third = world.refresh(&second).await.at("/body/refresh_token");
    world.clock.advance(Duration::days(28));
    assert_eq!(world.refresh(&third).await.refusal(), (403, Some(3011)));
}

#[actix_web::test]
async fn a_verification_link_expires() {
    let world = World::new().await;
    assert_eq!(world.register().await.status, 200);
    let path = format!("/web/mail/verify/{}", world.mailed_token().await);
    world.clock.advance(Duration::seconds(36_001));
    assert_eq!(world.get(&path).await.page(), (403, Some(3008)));
    assert!(
        world.get(&path).await.text.contains("/sso/web/mail/verify\""),
        "it offers to resend"
    );
}

#[actix_web::test]
async fn older_verification_links_stay_good() {
    let world = World::new().await;
    assert_eq!(world.register().await.status, 200);
    let old = world.mailed_token().await;
    world.clock.advance(Duration::seconds(60));
    assert_eq!(world.ask_for_verification().await.status, 200);
    assert_ne!(world.mailed_token().await, old);
    assert_eq!(world.get(&format!("/web/mail/verify/{old}")).await.status, 200);
    assert_eq!(
        world.get(&format!("/web/mail/verify/{old}")).await.page(),
        (400, Some(2004))
    );
}

#[actix_web::test]
async fn a_reset_link_has_a_lifetime_of_its_own() {
    let settings = Settings {
        reset_password_token_expire: 60,
        ..Settings::default()
    };
    let world = World::with(settings, MailLinks::Pages, Limits::default()).await;
    world.sign_up().await;
    assert_eq!(world.ask_for_reset().await.status, 200);
    let path = format!("/web/password/reset/{}", world.mailed_token().await);
    world.clock.advance(Duration::seconds(59));
    assert_eq!(world.get(&path).await.status, 200);
    world.clock.advance(Duration::seconds(2));
    assert_eq!(world.get(&path).await.page(), (403, Some(3008)));
    let reset = world.post(&path, json!({ "password": "another" })).await;
    assert_eq!(reset.page(), (403, Some(3008)));
}

#[actix_web::test]
async fn a_change_of_the_record_in_a_later_second_kills_a_reset_link() {
    let world = World::new().await;
    world.sign_up().await;
    let access = world.log_in().await.at("/body/access_token");
    let rename = |name: &str| {
        let bearer = (header::AUTHORIZATION, format!("Bearer {access}"));
        let body = json!({ "name": name });
        world.send(
            TestRequest::patch()
                .uri("/v1/user/info/1")
                .insert_header(bearer)
                .set_json(body),
        )
    };
    world.clock.advance(Duration::seconds(60));
    assert_eq!(world.ask_for_reset().await.status, 200);
    let path = format!("/web/password/reset/{}", world.mailed_token().await);
    assert_eq!(rename("ann2").await.status, 200);
    assert_eq!(world.get(&path).await.status, 200, "in the same second");
    world.clock.advance(Duration::seconds(1));
    assert_eq!(rename("ann3").await.status, 200);
    assert_eq!(world.get(&path).await.page(), (403, Some(3003)));
}

#[actix_web::test]
async fn whoever_asks_for_too_many_mails_is_told_when_to_come_back() {
    let limits = Limits {
        mails_per_account_per_hour: 2,
        ..Limits::default()
    };
    let world = World::with(Settings::default(), MailLinks::Pages, limits).await;
    assert_eq!(world.register().await.status, 200);
    assert_eq!(world.ask_for_reset().await.status, 200);
    for refused in [world.ask_for_reset().await, world.ask_for_verification().await] {
        assert_eq!(refused.refusal(), (429, Some(9001)));
        assert_eq!(refused.retry_after.as_deref(), Some("3600"));
    }
    world.clock.advance(Duration::seconds(3601));
    assert_eq!(world.ask_for_reset().await.status, 200);
}

#[actix_web::test]
async fn a_full_hashing_queue_is_told() {
    let world = World::new().await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hasher = world.pluto.app.hasher.clone();
    let busy = actix_web::rt::spawn(async move { hasher.run(move || held.recv()).await.map(drop) });
    actix_web::rt::task::yield_now().await;
    let refused = world.register().await;
    assert_eq!(refused.refusal(), (503, Some(9002)));
    assert_eq!(refused.retry_after.as_deref(), Some("1"));
    release.send(()).unwrap();
    busy.await.unwrap().unwrap();
    assert_eq!(world.register().await.status, 200);
}
