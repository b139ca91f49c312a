use super::*;

impl World {
    async fn knock(&self, cookie: &str) -> Answer {
        let request = TestRequest::get().uri("/api/v2/auth/api/v2/peatio/x");
        self.send(request.insert_header((header::COOKIE, cookie))).await
    }

    /// Moves the count of revocations, so that the store is asked about everything, however little time went by.
    async fn revoke_something(&self) {
        let cookie = self.log_in().await;
        let request = TestRequest::delete().uri("/api/v2/identity/sessions");
        let gone = self.send(request.insert_header((header::COOKIE, cookie))).await;
        assert_eq!(gone.status, 200);
    }

    /// The token for a session that stands.
    async fn token(&self, cookie: &str) -> String {
        let answer = self.knock(cookie).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.authorization.unwrap()
    }
}

#[actix_web::test]
async fn a_session_in_use_is_answered_from_memory() {
    let world = World::new().await;
    world.sign_up().await;
    let cookie = world.log_in().await;
    let token = world.token(&cookie).await;
    let writes = world.writes();
    // A slow machine may take longer for one than what was said is believed, but not every time.
    let mut from_memory = 0;
    for _ in 0..50 {
        let reads = world.reads();
        assert_eq!(world.token(&cookie).await, token);
        from_memory += usize::from(world.reads() == reads);
    }
    assert!(from_memory > 0);
    assert_eq!(world.writes(), writes);
}

#[actix_web::test]
async fn a_log_out_here_is_noticed_at_once() {
    let world = World::new().await;
    world.sign_up().await;
    let (first, other) = (world.log_in().await, world.log_in().await);
    world.token(&first).await;
    world.token(&other).await;
    let request = TestRequest::delete().uri("/api/v2/identity/sessions");
    let gone = world
        .send(request.insert_header((header::COOKIE, first.as_str())))
        .await;
    assert_eq!(gone.status, 200);
    assert_eq!(
        world.knock(&first).await.text,
        r#"{"errors":["authz.invalid_session"]}"#
    );
    world.token(&other).await;
}

#[actix_web::test]
async fn a_token_is_handed_out_again_for_a_minute_and_never_near_its_end() {
    let world = World::new().await;
    world.sign_up().await;
    let cookie = world.log_in().await;
    let token = world.token(&cookie).await;
    world.clock.advance(Duration::seconds(59));
    world.revoke_something().await;
    assert_eq!(world.token(&cookie).await, token);
    world.clock.advance(Duration::seconds(1));
    world.revoke_something().await;
    assert_ne!(world.token(&cookie).await, token);

    let world = World::with(Settings {
        jwt_expire_time: 20,
        ..Settings::default()
    })
    .await;
    world.sign_up().await;
    let cookie = world.log_in().await;
    let token = world.token(&cookie).await;
    world.clock.advance(Duration::seconds(2));
    world.revoke_something().await;
    assert_ne!(world.token(&cookie).await, token, "a tenth of its time is over");
}

#[actix_web::test]
async fn a_session_lasts_while_it_is_used_and_not_longer() {
    let world = World::new().await;
    world.sign_up().await;
    let (used, unused) = (world.log_in().await, world.log_in().await);
    for _ in 0..4 {
        world.clock.advance(Duration::minutes(20));
        world.revoke_something().await;
        world.token(&used).await;
    }
    let over = r#"{"errors":["authz.client_session_mismatch"]}"#;
    assert_eq!(world.knock(&unused).await.text, over);
    world.clock.advance(Duration::minutes(31));
    assert_eq!(world.knock(&used).await.text, over);
}
