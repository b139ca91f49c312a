use proptest::prelude::*;

use super::{Evaluation, check, nobody, read, refused};
use crate::Resource;

#[test]
fn a_script_has_a_largest_size() {
    refused(&"1+".repeat(3000), "4096 bytes");
    refused(&format!("{}1", "1+".repeat(100)), "too large");
    refused(
        &format!("{}1{}", "(".repeat(100), ")".repeat(100)),
        "too deeply nested",
    );
    refused(&format!("{}1", "!".repeat(100)), "too deeply nested");
    refused(&format!("{}1", "if(1)".repeat(100)), "too many statements");
    refused(&"1;".repeat(1000), "too many statements");
    refused(&format!("[{}1]", "1,".repeat(1500)), "too large");
    check(&format!("{}1", "1+".repeat(60)), "61");
}

#[test]
fn an_evaluation_comes_to_an_end() {
    let doubled = "var a = 'aaaaaaaaaaaaaaaa';".to_owned() + &"var a = a + a;".repeat(60) + "a";
    check(&doubled, "fault");
    let doubled = "var a = [1, 2, 3, 4];".to_owned() + &"var a = a.concat(a);".repeat(60) + "a";
    check(&doubled, "fault");
    let nested = "var a = '';".to_owned() + &"var a = [a, a];".repeat(60) + "a.join()";
    check(&nested, "fault");
    let long = "var a = 'aaaaaaaaaaaaaaaa';".to_owned() + &"var a = a + a;".repeat(9);
    check(&format!("{long} a.length"), "8192");
    let searches = "/b/.test(a);".repeat(10);
    check(&format!("{long} {searches} true"), "fault");
}

/// Texts that are often scripts.
fn script() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "request",
        "resource",
        ".",
        "query",
        "Metadata",
        "auth",
        "[",
        "]",
        "(",
        ")",
        "'a'",
        "\"b\"",
        "1",
        "0x2",
        "+",
        "-",
        "*",
        "/",
        "%",
        "!",
        "===",
        "!==",
        "==",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "?",
        ":",
        ",",
        ";",
        "{",
        "}",
        "var ",
        "x",
        "=",
        "return ",
        "if",
        "else ",
        "typeof ",
        "null",
        "undefined",
        "/a+/",
        ".test",
        ".indexOf",
        ".split",
        ".join",
        ".slice",
        ".concat",
        ".length",
        "\n",
        " ",
        "😀",
        "'😀'",
        "i",
        "\\",
        "//",
        "/*",
        "*/",
        ".match",
        ".lastIndexOf",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn evaluate(text: &str) {
    let Ok(program) = read(text) else { return };
    let request = nobody();
    let mut evaluation = Evaluation::new(&[], &[], &request, Resource::Nothing);
    let _ = evaluation.kept(&program);
    assert!(evaluation.taken() <= 10_000);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        evaluate(&text);
    }

    #[test]
    fn any_script_is_evaluated_or_fails(text in script()) {
        evaluate(&text);
    }

    #[test]
    fn any_regular_expression_is_read_or_refused(source in r"[ab\\()\[\]{}|*+?^$.,0-9wdsWDSbB-]{0,20}") {
        evaluate(&format!("/{source}/.test('aab0 b')"));
        evaluate(&format!("/{source}/i.exec('aab0 b')"));
    }
}
