use super::{check, refused, result};

/// Expressions, and what Node 20 makes of them.
const JAVASCRIPT: &str = include_str!("javascript.tsv");

#[test]
fn expressions_have_the_value_they_have_in_javascript() {
    let wrong: Vec<_> = JAVASCRIPT
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(text, expected)| (text, expected, result(&format!("({text})"))))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn statements_have_the_value_they_have_in_javascript() {
    check("var a = 1, b = 2; a + b", "3");
    check("if (1 > 2) { 'x' } else { 'y' }", "\"y\"");
    check("if (true) return 1; return 2", "1");
    check("if (false) return 1\nreturn 2", "2");
    check("return\n1", "undefined");
    check("a; var a = 1; a", "1");
    check("var a; return a", "undefined");
    check("/* why */ 1 // so", "1");
    check("{ return 1 }", "1");
    check("return { a: 1, 'b': 2, 3: 4 }.b", "2");
    check("if (1) if (0) return 1; else return 2", "2");
    check("true?.5:1", "0.5");
    check("'\\x41\\u0042\\n' + \"\\'\"", "\"AB\n'\"");
    check("'\\uD83D\\uDE00'.length", "2");
}

#[test]
fn whatever_javascript_would_throw_is_a_fault() {
    for text in [
        "nobody",
        "nobody()",
        "undefined.a",
        "null['a']",
        "request.auth['user-id']",
        "'a'.nothing()",
        "1()",
        "request.path()",
        "'a'.includes(/a/)",
        "resource.Metadata.token",
        "request.nothing.x",
        "true && nobody",
    ] {
        if text == "1()" {
            refused(text, "no function");
        } else {
            check(text, "fault");
        }
    }
    check("typeof nobody", "\"undefined\"");
    check("false && nobody", "false");
}

#[test]
fn no_value_has_a_prototype() {
    for text in [
        "''.constructor",
        "[].constructor",
        "({}).constructor",
        "({}).__proto__",
        "(1).constructor",
        "/a/.constructor",
        "request.constructor",
        "request.query.__proto__",
        "request.query.toString",
        "resource.constructor",
        "''['constructor']",
        "[].__proto__",
        "true.constructor",
    ] {
        check(text, "undefined");
    }
    check(
        "''.constructor.constructor('return 1')()".trim_end_matches("()"),
        "fault",
    );
}

#[test]
fn a_method_that_is_not_called_is_a_fault() {
    check("'a'.includes", "fault");
    check("!['a'].indexOf", "fault");
    check("/a/.test", "fault");
}

#[test]
fn a_text_does_not_end_within_a_character() {
    check("'😀'.length", "2");
    check("'😀a'.charAt(2)", "\"a\"");
    check("'😀a'.charAt(0)", "fault");
    check("'😀a'[1]", "fault");
    check("'😀'.split('')", "fault");
}

#[test]
fn what_is_not_part_of_the_language_is_refused_with_a_reason() {
    refused("", "nothing to evaluate");
    refused("a => a", "arrow");
    refused("`a`", "template");
    refused("a?.b", "`?.`");
    refused("a ?? b", "`??`");
    refused("'a' in b", "`in` is not available");
    refused("a instanceof b", "`instanceof`");
    refused("new Date()", "`new`");
    refused("this", "`this`");
    refused("function () {}", "`function`");
    refused("for (;;) {}", "`for`");
    refused("while (1) {}", "`while`");
    refused("let a = 1", "`let`");
    refused("void 0", "`void`");
    refused("a = 1", "assigned");
    refused("a += 1", "assigned");
    refused("a++", "assigned");
    refused("a & b", "bits");
    refused("a | b", "bits");
    refused("a << 1", "bits");
    refused("~a", "bits");
    refused("a, b", "operator or the end");
    refused("(a", "`)` is expected");
    refused("a b", "operator or the end");
    refused("'a", "without an end");
    refused("/a", "without an end");
    refused("/* a", "without an end");
    refused("'\\07'", "octal");
    refused("010", "number");
    refused("1a", "number");
    refused("'\\ud83d'", "half a character");
    refused("if (1) {", "`}` is expected");
    refused("ä", "no meaning");
    refused("#", "no meaning");
}
