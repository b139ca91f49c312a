use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::guard::{self, Guard};
use actix_web::{Route, web};

/// The patterns of a scope's prefix itself, with and without a slash behind it.
const BARE_PREFIX: [&str; 2] = ["", "/"];

type MakeRoute = Box<dyn Fn() -> Route>;

/// What is at one or at several paths. Each is a resource of its own: one without parameters is compared as a text,
/// which takes less time and memory than a pattern for all of them.
pub struct Endpoint {
    paths: Vec<String>,
    routes: Vec<MakeRoute>,
    otherwise: Option<MakeRoute>,
}

impl Endpoint {
    /// At these paths.
    pub fn at<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            routes: Vec::new(),
            otherwise: None,
        }
    }

    /// At a path, with and without a slash behind it; the empty one is the prefix of the scope itself. A path with
    /// parameters gets another one, `slash`.
    pub fn with_either_slash(path: &str) -> Self {
        match path {
            "" => Self::at(BARE_PREFIX),
            // A pattern all the same, so one for both: each is made anew for every worker.
            _ if path.contains('{') => Self::at([format!("{path}{{slash:/?}}")]),
            _ => Self::at([path.to_owned(), format!("{path}/")]),
        }
    }

    /// Adds a route, for as many paths as there are.
    #[must_use]
    pub fn route(mut self, route: impl Fn() -> Route + 'static) -> Self {
        self.routes.push(Box::new(route));
        self
    }

    /// What is done where none of the routes takes a request.
    #[must_use]
    pub fn otherwise(mut self, route: impl Fn() -> Route + 'static) -> Self {
        self.otherwise = Some(Box::new(route));
        self
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        for path in self.paths {
            let routes = self.routes.iter().map(|make| make());
            let mut resource = routes.fold(web::resource(path), actix_web::Resource::route);
            if let Some(make) = &self.otherwise {
                resource = resource.default_service(make());
            }
            resource.register(config);
        }
    }
}

/// A route for `GET`, and for `HEAD`, whose answer the server sends without its body.
pub fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A guard for a path to the letter.
pub fn exactly(path: &'static str) -> impl Guard {
    guard::fn_guard(move |context| context.head().uri.path() == path)
}
