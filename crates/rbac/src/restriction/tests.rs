use super::*;

fn rule(id: i64, text: &str) -> Restriction {
    let mut words = text.split(' ');
    let mut word = || words.next().unwrap();
    let change = RestrictionChange {
        category: Some(word().parse().unwrap()),
        scope: Some(word().parse().unwrap()),
        value: Some(word().to_owned()),
        code: None,
        state: words.next().map(|state| state.parse().unwrap()),
    };
    Restriction {
        id: RestrictionId(id),
        content: RestrictionContent::changed(None, &change).unwrap(),
        expires_at: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn table(texts: &[&str]) -> RestrictionTable {
    RestrictionTable::new((1..).zip(texts).map(|(id, text)| rule(id, text)).collect())
}

#[track_caller]
fn check(texts: &[&str], client: &str, gateway: Option<(&str, u16)>, log_in: Option<u16>) {
    let table = table(texts);
    let client = client.parse().ok();
    let told = |ruling: Result<(), Restricted>| {
        ruling
            .err()
            .map(|refused| (refused.category.name(), refused.code.as_u16()))
    };
    let now = DateTime::UNIX_EPOCH;
    assert_eq!(told(table.at_gateway(client, now)), gateway, "{texts:?}");
    let expected = log_in.map(|code| ("blocklogin", code));
    assert_eq!(told(table.at_log_in(client, now)), expected, "{texts:?}");
}

#[test]
fn without_a_rule_for_them_everybody_is_let_in() {
    check(&[], "192.0.2.1", None, None);
    check(&["blacklist ip 192.0.2.2"], "192.0.2.1", None, None);
    check(&["blacklist ip_subnet 198.51.100.0/24"], "192.0.2.1", None, None);
    check(&["blacklist all all disabled"], "192.0.2.1", None, None);
    check(
        &["blacklist ip 192.0.2.1", "blacklist ip_subnet 0.0.0.0/0"],
        "nowhere",
        None,
        None,
    );
}

#[test]
fn a_whitelist_beats_maintenance_and_maintenance_beats_a_blacklist() {
    let [open, works, closed] = [
        "whitelist ip 192.0.2.1",
        "maintenance all all",
        "blacklist all all",
    ];
    check(&[closed, works, open], "192.0.2.1", None, None);
    check(
        &[closed, works, open],
        "192.0.2.2",
        Some(("maintenance", 471)),
        None,
    );
    check(&[closed], "192.0.2.2", Some(("blacklist", 401)), None);
    check(&[closed], "nowhere", Some(("blacklist", 401)), None);
}

#[test]
fn of_several_rules_of_a_sort_that_for_more_people_decides() {
    let [all, one, some] = [
        "blacklist all all",
        "blacklist ip 192.0.2.1",
        "blacklist ip_subnet 192.0.2.0/24",
    ];
    check(&[some], "192.0.2.1", Some(("blacklist", 403)), None);
    check(&[some, one], "192.0.2.1", Some(("blacklist", 401)), None);
    check(&[some, all], "192.0.2.2", Some(("blacklist", 401)), None);
}

#[test]
fn a_blocked_log_in_is_blocked_there_alone_and_a_whitelist_opens_it() {
    let [blocked, open] = ["blocklogin ip_subnet 192.0.2.0/24", "whitelist ip 192.0.2.1"];
    check(&[blocked], "192.0.2.2", None, Some(403));
    check(&[blocked, open], "192.0.2.1", None, None);
    check(&["blocklogin all all"], "nowhere", None, Some(401));
}

#[test]
fn an_address_of_ipv4_is_one_however_it_is_written() {
    let blocked = ["blacklist ip ::ffff:192.0.2.1"];
    check(&blocked, "192.0.2.1", Some(("blacklist", 401)), None);
    let blocked = ["blacklist ip_subnet 192.0.2.0/24"];
    check(&blocked, "::ffff:192.0.2.1", Some(("blacklist", 403)), None);
    let blocked = ["blacklist ip_subnet ::ffff:192.0.2.0/120"];
    check(&blocked, "192.0.2.1", Some(("blacklist", 403)), None);
    let blocked = ["blacklist ip_subnet 2001:db8::/32"];
    check(&blocked, "2001:db8:1::1", Some(("blacklist", 403)), None);
    check(&blocked, "2001:db9::1", None, None);
    check(&blocked, "192.0.2.1", None, None);
}

#[test]
fn a_rule_whose_time_is_over_says_nothing() {
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let mut rule = rule(1, "blacklist all all");
    rule.expires_at = Some(moment(10));
    let table = RestrictionTable::new(vec![rule]);
    assert!(table.at_gateway(None, moment(9)).is_err());
    assert!(table.at_gateway(None, moment(10)).is_ok());
}

#[test]
fn a_value_is_of_its_scope() {
    let parse = |scope: &str, value: &str| {
        let scope = scope.parse::<RestrictionScope>()?;
        RestrictionReach::parse(scope, value).map(RestrictionReach::value)
    };
    assert_eq!(parse("all", "ALL"), Ok("all".to_owned()));
    assert_eq!(parse("ip", " 192.0.2.1 "), Ok("192.0.2.1".to_owned()));
    assert_eq!(parse("ip_subnet", "10.1.2.3/8"), Ok("10.0.0.0/8".to_owned()));
    assert_eq!(
        parse("ip_subnet", "2001:DB8::1/32"),
        Ok("2001:db8::/32".to_owned())
    );
    for (scope, value) in [
        ("all", "192.0.2.1"),
        ("ip", "192.0.2.0/24"),
        ("ip", "192.0.2"),
        ("ip_subnet", "192.0.2.1"),
        ("ip_subnet", "192.0.2.0/33"),
        ("ip_subnet", "2001:db8::/129"),
        ("ip_subnet", "192.0.2.0/-1"),
    ] {
        assert_eq!(
            parse(scope, value),
            Err(RestrictionError::Value),
            "{scope} {value}"
        );
    }
    for scope in ["country", "continent", "", "IP"] {
        assert_eq!(parse(scope, "UA"), Err(RestrictionError::Scope), "{scope}");
    }
}

#[test]
fn a_code_refuses() {
    for good in [400, 471, 599] {
        assert_eq!(
            RefusalCode::try_from(good).map(|code| i64::from(code.as_u16())),
            Ok(good)
        );
    }
    for bad in [-1, 0, 200, 302, 399, 600, i64::MAX] {
        assert_eq!(RefusalCode::try_from(bad), Err(RestrictionError::Code));
    }
}

#[test]
fn what_is_not_changed_of_a_rule_stays() {
    let before = rule(1, "maintenance ip 192.0.2.1").content;
    let changed = |change| RestrictionContent::changed(Some(before), &change);
    let none = RestrictionChange::default();
    assert_eq!(changed(none.clone()), Ok(before));
    let code = RefusalCode::try_from(455).ok();
    let with_code = changed(RestrictionChange { code, ..none.clone() }).unwrap();
    assert_eq!(with_code.refuses_with(), code);
    let all = RestrictionScope::All;
    let wider = changed(RestrictionChange {
        scope: Some(all),
        ..none.clone()
    });
    assert_eq!(wider.map(|content| content.reach), Ok(RestrictionReach::All));
    let network = changed(RestrictionChange {
        scope: Some(RestrictionScope::IpSubnet),
        ..none
    });
    assert_eq!(network, Err(RestrictionError::Value));
}
