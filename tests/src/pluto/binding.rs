//! Adding and removing ways to log in to one's own account.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::social::{come, number_of, own_info, person};
use super::{Someone, code};
use crate::harness::providers::{Manner, Providers, Site, paths};
use crate::harness::{Answer, PASSWORD, Server, Tokens, address};

fn bind(server: &Server, access: &str, body: Value) -> Answer {
    server.post("/v1/user/binding").bearer(access).json(body).send()
}

fn unbind(server: &Server, access: &str, kind: &str) -> Answer {
    let body = json!({ "type": kind });
    server.post("/v1/user/unbinding").bearer(access).json(body).send()
}

#[track_caller]
fn bindings(server: &Server, access: &str) -> Value {
    let info = server.get("/v1/user/info").bearer(access).send();
    info.expect(200).json()["body"]["bindings"].clone()
}

#[test]
fn a_provider_that_was_bound_opens_the_account() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let [google, apple, wechat] = ["g", "a", "w"].map(person);
    let access = &ann.tokens.access;
    let token = providers.id_token(Site::Google, &google);
    assert_snapshot!(
        bind(&server, access, json!({ "type": "google", "id_token": token })),
        @r#"200 {"status":"ok","body":null}"#
    );
    bind(
        &server,
        access,
        json!({ "type": "apple", "code": providers.code(Site::Apple, &apple) }),
    )
    .expect(200);
    bind(
        &server,
        access,
        json!({ "type": "wechat", "code": providers.code(Site::WeChat, &wechat) }),
    )
    .expect(200);
    for (site, who) in [
        (Site::Google, &google),
        (Site::Apple, &apple),
        (Site::WeChat, &wechat),
    ] {
        assert_eq!(
            number_of(&come(&server, &providers, site, who)),
            ann.number,
            "{site:?}"
        );
    }
    assert_eq!(
        bindings(&server, access),
        json!([
            { "login_type": "mail", "mail": ann.address },
            { "login_type": "google", "mail": "" },
            { "login_type": "apple", "mail": "" },
            { "login_type": "wechat", "mail": "" },
        ])
    );
    assert_eq!(ann.info(&server)["login_type"], "mail");
}

#[test]
fn what_is_bound_already_is_refused() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let (ann, bob) = (Someone::new(&server, "ann"), Someone::new(&server, "bob"));
    let (google, another) = (person("g"), person("another"));
    let token = |who| json!({ "type": "google", "id_token": providers.id_token(Site::Google, who) });
    bind(&server, &ann.tokens.access, token(&google)).expect(200);
    insta::allow_duplicates! {
        for (access, who) in [
            (&ann.tokens.access, &google),
            (&ann.tokens.access, &another),
            (&bob.tokens.access, &google),
        ] {
            assert_snapshot!(
                bind(&server, access, token(who)),
                @r#"403 {"status":"error","error":{"code":2007,"message":"Bind already exists"}}"#
            );
        }
    }
    let mail = json!({ "type": "mail", "mail": address("more") });
    assert_eq!(
        code(&bind(&server, &ann.tokens.access, mail)),
        2007,
        "one address is enough"
    );
    let at_google = Tokens::of_pluto(&come(&server, &providers, Site::Google, &person("x")));
    let mail_of_bob = json!({ "type": "mail", "mail": bob.address.to_uppercase() });
    assert_eq!(
        code(&bind(&server, &at_google.access, mail_of_bob)),
        2007,
        "it is somebody's"
    );
}

#[test]
fn a_binding_is_refused_step_by_step() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let access = &ann.tokens.access;
    insta::allow_duplicates! {
        for path in ["/v1/user/binding", "/v1/user/unbinding"] {
            let body = json!({ "type": "nothing" });
            assert_eq!(code(&server.post(path).json(body.clone()).send()), 1003);
            let other = server.post(path).bearer("a.b.c").json(body.clone()).send();
            assert_eq!(code(&other), 3003);
            for missing in [json!({}), json!({ "type": "" }), json!({ "type": 7 })] {
                let refused = server.post(path).bearer(access).json(missing.clone()).send();
                assert_eq!(
                    (refused.status().as_u16(), code(&refused)),
                    (400, 1001),
                    "{missing}"
                );
            }
            for unknown in ["nothing", "Google", "facebook", "kakao", "name"] {
                let refused = server.post(path).bearer(access).json(json!({ "type": unknown }));
                assert_snapshot!(
                    refused.send(),
                    @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
                );
            }
        }
    }
    for bad in [
        json!({ "type": "mail" }),
        json!({ "type": "mail", "mail": "no address" }),
        json!({ "type": "mail", "mail": "a..b@example.org.." }),
        json!({ "type": "google", "code": "x" }),
        json!({ "type": "google", "id_token": " " }),
        json!({ "type": "apple", "id_token": "x" }),
        json!({ "type": "wechat", "id_token": "x" }),
    ] {
        let refused = bind(&server, access, bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    for (body, refusal) in [
        (json!({ "type": "google", "id_token": "x" }), 3004),
        (json!({ "type": "apple", "code": "x" }), 3007),
        (json!({ "type": "wechat", "code": "x" }), 3005),
    ] {
        assert_eq!(code(&bind(&server, access, body.clone())), refusal, "{body}");
    }
    providers.behave(paths::GOOGLE_KEYS, Manner::Answers(503, String::new()));
    providers.rotate(Site::Google);
    let token = providers.id_token(Site::Google, &person("g"));
    assert_eq!(
        code(&bind(
            &server,
            access,
            json!({ "type": "google", "id_token": token })
        )),
        1000
    );
}

#[test]
fn an_address_is_bound_by_who_receives_its_mail() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = person("ann");
    let tokens = Tokens::of_pluto(&come(&server, &providers, Site::Google, &ann));
    let mail = address("ann");
    let body = json!({ "type": "mail", "mail": mail });
    assert_snapshot!(bind(&server, &tokens.access, body.clone()), @r#"200 {"status":"ok","body":null}"#);

    // Nobody has it until then: neither this account nor anybody else who may come for it.
    assert_eq!(code(&server.pluto().try_log_in(&mail, PASSWORD)), 2002);
    let kinds = |access: &str| {
        let bound = bindings(&server, access);
        let kinds = bound.as_array().unwrap().iter();
        kinds.map(|one| one["login_type"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&tokens.access), ["google"]);

    let ticket = server.mail_to(&mail).query("token");
    let page = format!("/mail/email?token={ticket}");
    server.get(&page).send().expect(200);
    server.post("/mail/email").form(&[("token", &ticket)]).send();
    assert_eq!(kinds(&tokens.access), ["mail", "google"]);
    let info = own_info(&server, &come(&server, &providers, Site::Google, &ann));
    assert_eq!(
        (&info["mail"], &info["login_type"]),
        (&json!(mail), &json!("mail"))
    );
    assert_eq!(code(&server.pluto().try_log_in(&mail, PASSWORD)), 2009);
    assert_eq!(code(&bind(&server, &tokens.access, body)), 2007);
}

#[test]
fn what_was_removed_opens_nothing_and_the_last_stays() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let access = &ann.tokens.access;
    assert_snapshot!(
        unbind(&server, access, "google"),
        @r#"403 {"status":"error","error":{"code":2008,"message":"Bind does not exist"}}"#
    );
    assert_snapshot!(
        unbind(&server, access, "mail"),
        @r#"403 {"status":"error","error":{"code":2010,"message":"Cannot unbind the last account."}}"#
    );
    let google = person("g");
    let token = providers.id_token(Site::Google, &google);
    bind(&server, access, json!({ "type": "google", "id_token": token })).expect(200);
    assert_snapshot!(unbind(&server, access, "mail"), @r#"200 {"status":"ok","body":null}"#);
    assert_eq!(code(&server.pluto().try_log_in(&ann.address, PASSWORD)), 2002);
    assert_eq!(
        server.mail_to(&ann.address).header("subject").as_deref(),
        Some("[Pluto]Mail Changed")
    );
    assert_eq!(code(&unbind(&server, access, "mail")), 2008);
    assert_eq!(code(&unbind(&server, access, "google")), 2010);
    assert_eq!(
        bindings(&server, access),
        json!([{ "login_type": "google", "mail": "" }])
    );
    // The address is free, and by the name the password is good still.
    server.pluto().register(&ann.address).expect(200);
    server.pluto().try_log_in(&ann.name, PASSWORD).expect(200);

    let apple = providers.code(Site::Apple, &person("a"));
    bind(&server, access, json!({ "type": "apple", "code": apple })).expect(200);
    unbind(&server, access, "google").expect(200);
    assert_ne!(
        number_of(&come(&server, &providers, Site::Google, &google)),
        ann.number
    );
}

#[test]
fn a_reset_mailed_to_an_address_that_was_removed_is_worth_nothing() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let body = json!({ "mail": ann.address });
    server
        .post("/v1/password/reset/mail")
        .json(body)
        .send()
        .expect(200);
    let ticket = server.mail_to(&ann.address).query("token");
    let token = providers.id_token(Site::Google, &person("g"));
    let access = &ann.tokens.access;
    bind(&server, access, json!({ "type": "google", "id_token": token })).expect(200);
    unbind(&server, access, "mail").expect(200);
    let path = format!("/web/password/reset/{ticket}");
    server.get(&path).send().expect(403);
    server
        .post(&path)
        .form(&[("password", "another one")])
        .send()
        .expect(403);
}

#[test]
fn of_two_removed_at_once_one_stays() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let access = &ann.tokens.access;
    let token = providers.id_token(Site::Google, &person("g"));
    bind(&server, access, json!({ "type": "google", "id_token": token })).expect(200);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads = ["mail", "google"].map(|kind| scope.spawn(|| unbind(&server, access, kind)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert!(statuses == [200, 403] || statuses == [403, 200], "{statuses:?}");
    assert_eq!(bindings(&server, access).as_array().unwrap().len(), 1);
}

#[test]
fn who_has_not_shown_their_factor_binds_and_removes_nothing() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    settings.push(("CLAVIS_DIALECTS__PLUTO__WITHOUT_SECOND_FACTOR", "reduced"));
    let server = Server::with(&settings);
    let ann = Someone::new(&server, "ann");
    let token = providers.id_token(Site::Google, &person("g"));
    let body = json!({ "type": "google", "id_token": token });
    bind(&server, &ann.tokens.access, body).expect(200);
    server.barong().enable_factor(&ann.tokens.access);
    let reduced = server.pluto().log_in(&ann.address).access;
    let code_of_apple = providers.code(Site::Apple, &person("a"));
    for refused in [
        bind(
            &server,
            &reduced,
            json!({ "type": "apple", "code": code_of_apple }),
        ),
        unbind(&server, &reduced, "google"),
        unbind(&server, &reduced, "mail"),
    ] {
        assert_eq!((refused.status().as_u16(), code(&refused)), (403, 9003));
    }
}
