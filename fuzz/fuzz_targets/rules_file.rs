//! Any text is a rules file or is refused, and any path is then decided about.
#![no_main]

use clavis_files::{Method, Operation, Parents, Request, Resource, Rules, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, String)| {
    let (text, path) = input;
    let Ok(rules) = Rules::parse(&text, Parents::Listed) else {
        return;
    };
    let request = Request {
        path: path.clone(),
        method: "GET".to_owned(),
        query: [].into(),
        auth: None,
    };
    for target in [Target::Content, Target::Metadata] {
        for method in [Method::Get, Method::Post, Method::Delete] {
            if let Some(route) = rules.route(method, target, &path) {
                route.permits(Operation::Get, &request, Resource::Nothing);
                route.metadata(&request, Resource::Nothing);
            }
        }
    }
});
