//! Which crate may know which: an arrow points only up.

const DOMAIN: [&str; 6] = ["identity", "tokens", "rbac", "kyc", "oauth", "files"];
const ADAPTERS: [&str; 4] = ["store", "delivery", "federation", "blobs"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Kernel,
    Domain,
    Flows,
    Adapter,
    Http,
    Binary,
    /// The end-to-end tests and the tools: they speak to ports and processes, not to our code.
    Outside,
}

impl Layer {
    /// The layer of a package, by its name without `clavis-`; `None` if it is in no layer.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "kernel" => Some(Self::Kernel),
            "flows" => Some(Self::Flows),
            "http" => Some(Self::Http),
            "clavis" => Some(Self::Binary),
            "tests" | "xtask" => Some(Self::Outside),
            _ if DOMAIN.contains(&name) => Some(Self::Domain),
            _ if ADAPTERS.contains(&name) => Some(Self::Adapter),
            _ => None,
        }
    }

    pub(super) fn may_use(self, other: Self) -> bool {
        match self {
            Self::Kernel | Self::Outside => false,
            Self::Domain => other == Self::Kernel,
            Self::Flows => matches!(other, Self::Kernel | Self::Domain),
            Self::Adapter | Self::Http => matches!(other, Self::Kernel | Self::Domain | Self::Flows),
            Self::Binary => true,
        }
    }

    /// Does no I/O, reads no clock and no environment, spawns nothing.
    pub(super) fn is_pure(self) -> bool {
        matches!(self, Self::Kernel | Self::Domain | Self::Flows)
    }
}

/// A package that does I/O, and the only crates that may know it. The binary may know all of them.
pub(super) struct Framework {
    pub(super) package: &'static str,
    users: &'static [&'static str],
}

pub(super) const FRAMEWORKS: [Framework; 8] = [
    Framework {
        package: "actix-web",
        users: &["http"],
    },
    Framework {
        package: "diesel",
        users: &["store"],
    },
    Framework {
        package: "diesel_migrations",
        users: &["store"],
    },
    Framework {
        package: "r2d2",
        users: &["store"],
    },
    Framework {
        package: "tokio",
        users: &["store", "delivery", "federation", "blobs", "http"],
    },
    Framework {
        package: "lettre",
        users: &["delivery"],
    },
    Framework {
        package: "lapin",
        users: &["delivery"],
    },
    Framework {
        package: "reqwest",
        users: &["delivery", "federation", "blobs"],
    },
];

impl Framework {
    pub(super) fn import_name(&self) -> String {
        self.package.replace('-', "_")
    }

    pub(super) fn may_be_used_by(&self, krate: &str) -> bool {
        krate == "clavis" || self.users.contains(&krate)
    }
}
