use actix_web::test::TestRequest;

use super::*;

fn query(text: &str) -> Query {
    Query::of(&TestRequest::with_uri(&format!("/?{text}")).to_http_request())
}

#[test]
fn a_page_is_a_whole_number_within_its_bounds() {
    let read = |text: &str| {
        let mut query = query(text);
        let wanted = query.wanted();
        query.finish().ok().map(|()| (wanted.page, wanted.per_page))
    };
    assert_eq!(read(""), Some((1, 10)));
    assert_eq!(read("page=3&perPage=100"), Some((3, 100)));
    assert_eq!(read("page=1&page=2"), Some((2, 10)), "the last one counts");
    assert_eq!(read("page=1000000000"), Some((1_000_000_000, 10)));
    for bad in [
        "page=0",
        "page=-1",
        "page=",
        "page=x",
        "page=1.0",
        "page=%2B1",
        "page=1e3",
        "perPage=0",
        "perPage=101",
        "perPage=-5",
        "perPage=ten",
        "page=99999999999999999999999",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn an_order_is_a_name_perhaps_with_a_minus() {
    let read = |text: &str| {
        let mut query = query(text);
        let sort = query.sort();
        query.finish().ok().map(|()| sort.name())
    };
    for good in [
        "created_at",
        "-email",
        "first_name",
        "-last_name",
        "last_login_at",
        "activated_at",
    ] {
        assert_eq!(read(&format!("sort={good}")).as_deref(), Some(good));
    }
    assert_eq!(read("").as_deref(), Some("created_at"));
    for bad in [
        "",
        "id",
        "--email",
        "email,id",
        "password",
        "Email",
        "email;drop%20table%20accounts",
    ] {
        assert_eq!(read(&format!("sort={bad}")), None, "{bad}");
    }
}

#[test]
fn predicates_are_read_under_both_names_and_written_under_one() {
    let read = |text: &str| {
        let mut query = query(text);
        let predicates = query.predicates();
        let json = serde_json::to_string(&predicates).unwrap();
        query.finish().ok().map(|()| (json, predicates.query()))
    };
    let pair = |json: &str, query: &str| Some((json.to_owned(), query.to_owned()));
    assert_eq!(read("sort=email"), pair("[]", ""));
    assert_eq!(
        read("predicate[email]=ann@example.org"),
        pair(
            r#"{"email":"ann@example.org"}"#,
            "&predicate%5Bemail%5D=ann%40example.org"
        )
    );
    assert_eq!(
        read("filter%5Bis_active%5D=1&filter[first_name]=Ann%26Co"),
        pair(
            r#"{"first_name":"Ann&Co","is_active":"1"}"#,
            "&predicate%5Bfirst_name%5D=Ann%26Co&predicate%5Bis_active%5D=1"
        )
    );
    assert_eq!(read("filtered=1&predicates=2"), pair("[]", ""));
    for bad in [
        "predicate[password]=x",
        "predicate=x",
        "predicate[]=x",
        "predicate[email=x",
        "filter[created_at]=x",
        "predicate[is_active]=yes",
        "predicate[email][x]=y",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn what_nobody_can_be_fits_nobody() {
    let fits = |text: &str| query(text).predicates().filter().is_some();
    assert!(fits("predicate[email]=ann@example.org"));
    assert!(fits("predicate[first_name]="));
    for nobody in [
        "predicate[id]=7",
        "predicate[email]=ann",
        "predicate[last_name]=a%00",
    ] {
        assert!(!fits(nobody), "{nobody}");
    }
}

#[test]
fn links_lead_to_every_page_even_past_the_end() {
    let links = |page, total| {
        let wanted = Wanted { page, per_page: 10 };
        let links = serde_json::to_value(wanted.links("u", "&sort=email", total)).unwrap();
        ["first", "last", "next", "prev"].map(|name| {
            let href = links[name]["href"].as_str().unwrap().to_owned();
            href.strip_prefix("u?perPage=10&sort=email&page=")
                .unwrap()
                .parse::<u64>()
                .unwrap()
        })
    };
    assert_eq!(links(3, 28), [1, 3, 4, 2]);
    assert_eq!(links(1, 0), [1, 1, 2, 1]);
    assert_eq!(links(1, 10), [1, 1, 2, 1]);
    assert_eq!(links(9, 11), [1, 2, 10, 8]);
}
