/// What a parameter belongs to; the coded profile names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    /// The caller's own account.
    User,
    /// A profile.
    Profile,
    /// A document.
    Document,
    /// A phone.
    Phone,
    /// A second factor.
    Otp,
    /// An API key.
    ApiKey,
    /// A label.
    Label,
    /// What a client leaves with an account.
    DataStorage,
    /// A proof of an address.
    Address,
    /// Somebody who registers, or recovers a password.
    IdentityUser,
    /// A log-in.
    Session,
    /// An account in an administrator's hands.
    AdminUser,
    /// A label in an administrator's hands.
    AdminLabel,
    /// A rule about who may do what.
    AdminPermission,
    /// A rule about from where requests may come.
    AdminRestriction,
    /// A profile in an administrator's hands.
    AdminProfile,
    /// A document in an administrator's hands.
    AdminDocument,
    /// What another server asks for; it is answered in texts.
    Management,
}

impl Thing {
    const fn prefix(self) -> &'static str {
        match self {
            Self::User => "resource.user",
            Self::Profile => "resource.profile",
            Self::Document => "resource.document",
            Self::Phone => "resource.phone",
            Self::Otp => "resource.otp",
            Self::ApiKey => "resource.api_key",
            Self::Label => "resource.label",
            Self::DataStorage => "resource.data_storage",
            Self::Address => "resource.address",
            Self::IdentityUser => "identity.user",
            Self::Session => "identity.session",
            Self::AdminUser => "admin.user",
            Self::AdminLabel => "admin.label",
            Self::AdminPermission => "admin.permission",
            Self::AdminRestriction => "admin.restriction",
            Self::AdminProfile => "admin.profile",
            Self::AdminDocument => "admin.document",
            Self::Management => "management",
        }
    }

    /// What an ill-typed parameter is called where it has a code of its own.
    fn invalid(self, name: &str) -> &'static str {
        match (self, name) {
            (Self::Document, "doc_expire") => "resource.documents.expire_not_a_date",
            (Self::Phone, "channel") => "resource.phone.invalid_channel",
            (Self::Profile | Self::Document, "metadata") => "metadata.invalid_format",
            (Self::User, "data") => "data.invalid_format",
            (_, "page") => "non_integer_page",
            (_, "limit") => "non_integer_limit",
            _ => "invalid",
        }
    }
}

/// One thing that is wrong with one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParameterFault {
    /// What it belongs to.
    pub(crate) thing: Thing,
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// What is wrong.
    pub(crate) problem: ParameterProblem,
}

/// What is wrong with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterProblem {
    /// It was not sent.
    Missing,
    /// There is nothing in it.
    Empty,
    /// It is not of its type.
    Invalid,
    /// It is of its type and yet cannot be, which the coded profile calls this.
    Refused(&'static str),
}

impl ParameterFault {
    /// As a fragment of the classic message.
    pub(super) fn message(&self) -> String {
        let problem = match self.problem {
            ParameterProblem::Missing => "is missing",
            ParameterProblem::Empty => "is empty",
            ParameterProblem::Invalid | ParameterProblem::Refused(_) => "is invalid",
        };
        format!("{} {problem}", self.name)
    }

    /// As a code.
    pub(super) fn code(&self) -> String {
        let (prefix, name) = (self.thing.prefix(), self.name);
        match self.problem {
            ParameterProblem::Missing => format!("{prefix}.missing_{name}"),
            ParameterProblem::Empty => format!("{prefix}.empty_{name}"),
            ParameterProblem::Invalid => self.thing.invalid(name).to_owned(),
            ParameterProblem::Refused(code) => code.to_owned(),
        }
    }
}
