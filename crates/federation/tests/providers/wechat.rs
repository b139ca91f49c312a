use clavis_flows::ProviderRefusal;
use serde_json::json;

use crate::world::{Manner, Person, Site, World, ann, paths};

const BAD_CODE: ProviderRefusal = ProviderRefusal::Rejected("the code is not good");

#[tokio::test]
async fn somebody_is_who_wechat_says() {
    let world = World::new();
    let code = world.providers.code(Site::WeChat, &ann());
    let account = world.by_code(Site::WeChat, &code).await.unwrap();
    assert_eq!(account.subject.to_string(), "wechat:10769150350006150715");
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    assert_eq!(
        account.picture.as_deref(),
        Some("https://pictures.example/ann.png")
    );
    assert!(account.address.is_none() && !account.address_verified);
    assert_eq!(
        world.by_code(Site::WeChat, &code).await,
        Err(BAD_CODE),
        "it is good once"
    );
    let code = world
        .providers
        .code(Site::WeChat, &Person::new("o6_bmasdasdsad6_2sgVt7hMZOPfL"));
    let account = world.by_code(Site::WeChat, &code).await.unwrap();
    assert_eq!((account.name, account.picture), (None, None));
}

#[tokio::test]
async fn three_numbers_are_the_codes_fault_and_the_others_are_not() {
    let world = World::new();
    let ask = async |path: &str, body: String| {
        world.providers.behave(path, Manner::Answers(200, body));
        let code = world.providers.code(Site::WeChat, &ann());
        let answer = world.by_code(Site::WeChat, &code).await;
        world.providers.behave(path, Manner::Well);
        answer
    };
    for path in [paths::WECHAT_TOKEN, paths::WECHAT_ME] {
        for errcode in [40029, 40163, 40003] {
            let body = json!({ "errcode": errcode, "errmsg": "bad" }).to_string();
            assert_eq!(ask(path, body).await, Err(BAD_CODE), "{path} {errcode}");
        }
        for errcode in [
            json!(-1),
            json!(40013),
            json!(40125),
            json!(45011),
            json!("40029"),
            json!(null),
        ] {
            let body = json!({ "errcode": errcode, "errmsg": "bad" }).to_string();
            let answer = ask(path, body).await;
            assert!(
                matches!(answer, Err(ProviderRefusal::Unavailable(_))),
                "{path} {errcode}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_has_not_agreed_to_be_named_is_refused() {
    let world = World::new();
    for scope in [
        "",
        "snsapi_base",
        "snsapi_login",
        "snsapi_userinfo_x",
        "SNSAPI_USERINFO",
    ] {
        let code = world.providers.code_with_scope(&ann(), scope);
        assert_eq!(
            world.by_code(Site::WeChat, &code).await,
            Err(ProviderRefusal::Rejected("the person has not agreed to be named")),
            "{scope}"
        );
    }
    assert_eq!(world.providers.asked(paths::WECHAT_ME), 0);
    for scope in [
        "snsapi_userinfo",
        "snsapi_base,snsapi_userinfo",
        "snsapi_login snsapi_userinfo",
    ] {
        let code = world.providers.code_with_scope(&ann(), scope);
        world.by_code(Site::WeChat, &code).await.unwrap();
    }
}

#[tokio::test]
async fn who_has_no_union_id_or_is_somebody_else_is_nobody() {
    let world = World::new();
    for twist in [
        json!({ "unionid": null }),
        json!({ "unionid": "" }),
        json!({ "unionid": " " }),
        json!({ "unionid": 7 }),
        json!({ "openid": "openid-of-somebody-else" }),
    ] {
        world
            .providers
            .behave(paths::WECHAT_ME, Manner::Says(twist.clone()));
        let code = world.providers.code(Site::WeChat, &ann());
        assert_eq!(
            world.by_code(Site::WeChat, &code).await,
            Err(ProviderRefusal::Rejected("nobody is named")),
            "{twist}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_its_parts_does_not_make_sense() {
    let world = World::new();
    for twist in [
        json!({ "openid": null }),
        json!({ "access_token": null }),
        json!({ "access_token": "" }),
    ] {
        world
            .providers
            .behave(paths::WECHAT_TOKEN, Manner::Says(twist.clone()));
        let code = world.providers.code(Site::WeChat, &ann());
        let answer = world.by_code(Site::WeChat, &code).await;
        assert!(
            matches!(answer, Err(ProviderRefusal::Unavailable(_))),
            "{twist}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_browser_comes_back_from_wechat_with_a_code() {
    let world = World::new();
    world.by_browser(Site::WeChat, &ann(), |_| {}).await.unwrap();
}
