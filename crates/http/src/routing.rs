use actix_web::guard::{self, Guard};
use actix_web::{Route, web};

/// The end of a pattern that matches with and without a slash.
pub const EITHER_SLASH: &str = "{slash:/?}";

/// A route for `GET`, and for `HEAD`, whose answer the server sends without its body.
pub fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A guard for a path to the letter.
pub fn exactly(path: &'static str) -> impl Guard {
    guard::fn_guard(move |context| context.head().uri.path() == path)
}
