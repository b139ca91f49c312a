use actix_web::guard::{self, Guard};
use actix_web::{Route, web};

/// The end of a pattern that matches with and without a slash.
pub const EITHER_SLASH: &str = "{slash:/?}";

/// The patterns of a scope's prefix itself, with and without a slash behind it: to a pattern of a scope that does not
/// begin with a slash one is added, so [`EITHER_SLASH`] alone would ask for one.
pub const BARE_PREFIX: [&str; 2] = ["", "/"];

/// A route for `GET`, and for `HEAD`, whose answer the server sends without its body.
pub fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A guard for a path to the letter.
pub fn exactly(path: &'static str) -> impl Guard {
    guard::fn_guard(move |context| context.head().uri.path() == path)
}
