use super::*;

#[actix_web::test]
async fn mails_lead_to_our_pages_or_to_the_contracts() {
    for (links, verification, reset) in [
        (MailLinks::Pages, "/mail/verify?token=", "/mail/reset?token="),
        (MailLinks::Contract, "/web/mail/verify/", "/web/password/reset/"),
    ] {
        let world = World::with(Settings::default(), links, Limits::default()).await;
        assert_eq!(world.register().await.status, 200);
        let link = world.link().await;
        assert!(
            link.starts_with(&format!("https://id.example.org/sso{verification}")),
            "{link}"
        );
        assert_eq!(world.ask_for_reset().await.status, 200);
        let link = world.link().await;
        assert!(
            link.starts_with(&format!("https://id.example.org/sso{reset}")),
            "{link}"
        );
    }
}

#[actix_web::test]
async fn a_mails_text_and_html_say_the_same_and_nothing_of_the_senders() {
    let world = World::new().await;
    let body = json!({ "mail": "ann@example.org", "name": "<b>Visit evil.test</b>", "password": PASSWORD });
    assert_eq!(world.post("/v1/register", body).await.status, 200);
    assert_eq!(world.ask_for_reset().await.status, 200);
    let mails = world.mails().await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["[Pluto]Mail Verification", "[Pluto]Password Reset"]);
    for mail in mails {
        for text in [&mail.body.text, &mail.body.html] {
            assert!(
                text.contains("https://id.example.org/sso/mail/") && text.contains("10 hours"),
                "{text}"
            );
            assert!(!text.contains("evil.test"), "{text}");
        }
    }
}

#[actix_web::test]
async fn a_mailed_token_opens_nothing_else() {
    let world = World::new().await;
    assert_eq!(world.register().await.status, 200);
    let verification = world.mailed_token().await;
    assert_eq!(world.ask_for_reset().await.status, 200);
    let reset = world.mailed_token().await;
    let paths = [
        format!("/web/password/reset/{verification}"),
        format!("/web/mail/verify/{reset}"),
    ];
    for path in paths {
        assert_eq!(world.get(&path).await.page(), (403, Some(3003)));
    }
    for token in [verification, reset] {
        use base64::Engine as _;
        let jwt = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(token)
            .unwrap();
        let jwt = String::from_utf8(jwt).unwrap();
        assert_eq!(world.own_info(&jwt).await.refusal(), (403, Some(3003)));
        let verified = world.get(&format!("/v1/token/access/verify?token={jwt}")).await;
        assert_eq!(verified.refusal(), (403, Some(3009)));
    }
}

#[actix_web::test]
async fn without_mail_registration_succeeds_and_asking_for_mails_fails_last() {
    let settings = Settings {
        emails_enabled: false,
        ..Settings::default()
    };
    let world = World::with(settings, MailLinks::Pages, Limits::default()).await;
    assert_eq!(world.register().await.status, 200);
    for path in ["/v1/register/verify/mail", "/v1/password/reset/mail"] {
        assert_eq!(world.post(path, json!({})).await.refusal(), (400, Some(1001)));
        let unknown = world.post(path, json!({ "mail": "bob@example.org" })).await;
        assert_eq!(unknown.refusal(), (403, Some(2002)));
        let refused = world.post(path, json!({ "mail": "ann@example.org" })).await;
        assert_eq!(refused.refusal(), (500, Some(1000)));
    }
    assert_eq!(world.mails().await, []);
}
