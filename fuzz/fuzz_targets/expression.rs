//! Any text is a rule or is refused, and its evaluation ends.
#![no_main]

use std::fmt::Write;

use clavis_files::{Auth, Field, Method, Operation, Parents, Request, Resource, Rules, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|expression: &str| {
    let mut yaml = "functions:\n  f: {params: [a], code: return a}\npaths:\n  /:id:\n    read: \"".to_owned();
    for character in expression.chars() {
        write!(yaml, "\\U{:08x}", u32::from(character)).expect("a string takes what is written");
    }
    yaml.push_str("\"\n");
    let Ok(rules) = Rules::parse(&yaml, Parents::Hidden) else {
        return;
    };
    let request = Request {
        path: "/a".to_owned(),
        method: "GET".to_owned(),
        query: [("token".to_owned(), Field::Text("aäb😀".to_owned()))].into(),
        auth: Some(Auth::new("1", "user", &["user".to_owned()])),
    };
    if let Some(route) = rules.route(Method::Get, Target::Content, "/a") {
        route.permits(Operation::Get, &request, Resource::Nothing);
    }
});
