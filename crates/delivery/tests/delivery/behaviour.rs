use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    None,
    Offered,
    Implicit,
}

/// What the server does.
pub(crate) struct Behaviour {
    pub(crate) tls: Tls,
    /// `AUTH` mechanisms, and who may log in.
    pub(crate) auth: Option<(&'static str, &'static str, &'static str)>,
    pub(crate) utf8: bool,
    /// What goes wrong, once each: the command at which it does, and how.
    pub(crate) troubles: Vec<(&'static str, Trouble)>,
}

#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Reply(&'static str),
    Late(Duration),
    Close,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            tls: Tls::None,
            auth: None,
            utf8: false,
            troubles: Vec::new(),
        }
    }
}
