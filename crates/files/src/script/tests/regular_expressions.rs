use super::{check, refused};

#[test]
fn what_cannot_be_matched_in_linear_time_is_refused() {
    refused("/(?=a)/.test('a')", "ahead nor behind");
    refused("/(?!a)/.test('a')", "ahead nor behind");
    refused("/(?<=a)b/.test('a')", "ahead nor behind");
    refused("/(?<n>a)/.test('a')", "ahead nor behind");
    refused("/(a)\\1/.test('aa')", "refer back");
}

#[test]
fn what_is_no_regular_expression_is_refused() {
    refused("/(/.test('a')", "`)` is missing");
    refused("/)/.test('a')", "too many");
    refused("/[a/.test('a')", "without an end");
    refused("/[]/.test('a')", "empty");
    refused("/[b-a]/.test('a')", "before it begins");
    refused("/a**/.test('a')", "cannot be repeated");
    refused("/+/.test('a')", "nothing before");
    refused("/^*/.test('a')", "cannot be repeated");
    refused("/a{2,1}/.test('a')", "repetition");
    refused("/a{/.test('a')", "repetition");
    refused("/a{x}/.test('a')", "repetition");
    refused("/{/.test('a')", "written `\\{`");
    refused("/\\q/.test('a')", "no meaning");
    refused("/\\ud83d/.test('a')", "half a character");
    refused("/a/g.test('a')", "flag");
    refused("/a/m.test('a')", "flag");
    refused("/((((a{99}){99}){99}){99})/.test('a')", "too large");
    refused(
        &format!("/{}a{}/.test('a')", "(".repeat(20), ")".repeat(20)),
        "too deeply",
    );
    refused(&format!("/{}/.test('a')", "a".repeat(600)), "512 bytes");
}

#[test]
fn an_expression_that_takes_backtracking_forever_is_matched_at_once() {
    check(
        "/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')",
        "false",
    );
}

#[test]
fn classes_are_those_of_javascript() {
    check("/^\\w+$/.test('é')", "false");
    check("/^\\d$/.test('٣')", "false");
    check("/^[[]$/.test('[')", "true");
    check("/^[a&&b]+$/.test('&a')", "true");
    check("/^[^]$/.test('\\n')", "true");
    check("/^.$/.test('\\n')", "false");
    check("/k/i.test('\\u212a')", "false");
    check("/[a-z]/i.test('\\u017f')", "false");
    check("/É/i.test('é')", "true");
    check("/a$/.test('a\\n')", "false");
    check("/(a)|(b)/.exec('b')[1]", "undefined");
    check("'abc'.match(/x/)", "null");
}
