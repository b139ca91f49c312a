use clavis_identity::Assurance;
use clavis_kernel::{AccountId, Answer, Dialect, StoreError};
use clavis_rbac::{Application, Applications, Authority, Denied, Permission, Rbac};

use crate::{Flows, Ports};

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident = $application:ident / $scope:literal,)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl Authority for $name {
                const APPLICATION: &'static str = Dialect::$application.name();
                const SCOPE: &'static str = $scope;
            }
        )*

        /// Every authority there is, as the name of an application and of its scope.
        pub(crate) const AUTHORITIES: &[(&str, &str)] = &[
            $((<$name as Authority>::APPLICATION, <$name as Authority>::SCOPE),)*
        ];
    };
}

authorities! {
    /// Administering through Pluto.
    PlutoAdministration = Pluto / "pluto.admin",
    /// Reading accounts and what is known of the people behind them.
    ReadAccounts = Barong / "accounts.read",
    /// Changing accounts: state, role, second factor, labels.
    ManageAccounts = Barong / "accounts.write",
    /// Looking at profiles and documents and deciding on them.
    ReviewPeople = Barong / "kyc.review",
    /// Reading what was done to accounts, and how many there are of each kind.
    ReadActivities = Barong / "activities.read",
    /// Changing what roles may do, and from where they may.
    ManagePermissions = Barong / "permissions.write",
}

/// The role of who has no other at Barong's door.
pub const MEMBER_ROLE: &str = "member";
/// The role whose holders no administrator changes but one of them.
pub const SUPERADMIN_ROLE: &str = "superadmin";

/// Barong's roles and what each may do from the first start on.
pub(crate) const BARONG_ROLES: [(&str, &[&str]); 11] = [
    (
        SUPERADMIN_ROLE,
        &[
            ReadAccounts::SCOPE,
            ManageAccounts::SCOPE,
            ReviewPeople::SCOPE,
            ReadActivities::SCOPE,
            ManagePermissions::SCOPE,
        ],
    ),
    (
        crate::ADMIN_ROLE,
        &[
            ReadAccounts::SCOPE,
            ManageAccounts::SCOPE,
            ReviewPeople::SCOPE,
            ReadActivities::SCOPE,
            ManagePermissions::SCOPE,
        ],
    ),
    (
        "compliance",
        &[ReadAccounts::SCOPE, ReviewPeople::SCOPE, ReadActivities::SCOPE],
    ),
    ("accountant", &[ReadAccounts::SCOPE, ReadActivities::SCOPE]),
    ("support", &[ReadAccounts::SCOPE, ReadActivities::SCOPE]),
    ("technical", &[ReadAccounts::SCOPE, ReadActivities::SCOPE]),
    (MEMBER_ROLE, &[]),
    ("trader", &[]),
    ("broker", &[]),
    ("maker", &[]),
    ("sa_maker", &[]),
];

impl Flows<'_> {
    /// Whether an account may do what an authority stands for, in a session of this assurance: one of less than full
    /// has none.
    pub fn authorize<A: Authority>(
        &self,
        account: AccountId,
        assurance: Assurance,
    ) -> Answer<Permission<A>, Denied> {
        if !assurance.is_full() {
            return Ok(Err(Denied));
        }
        let rbac = Rbac {
            assignments: self.ports,
        };
        rbac.authorize(account)
    }

    /// Makes Barong's roles. What an operator changed since stays: a role that has scopes is left alone.
    pub(crate) fn ensure_barong_roles(&self, application: &Application) -> Result<(), StoreError> {
        if application.default_role.is_some() {
            return Ok(());
        }
        for (name, scopes) in BARONG_ROLES {
            let role = self.ports.ensure_role(application.id, name)?;
            for scope in scopes {
                let scope = self.ports.ensure_scope(application.id, scope)?;
                self.ports.attach_scope(role.id, scope.id)?;
            }
            if name == MEMBER_ROLE {
                self.ports.set_default_role(application.id, role.id, self.now())?;
            }
        }
        Ok(())
    }

    /// The application of a dialect.
    pub(crate) fn application_of(&self, dialect: Dialect) -> Result<Application, StoreError> {
        application_of(self.ports, dialect)
    }
}

/// As [`Flows::application_of`], for who has no caller.
pub(crate) fn application_of(ports: &dyn Ports, dialect: Dialect) -> Result<Application, StoreError> {
    Applications::find_by_name(ports, dialect.name())?
        .ok_or_else(|| StoreError::new("Applications::find_by_name", "a dialect's application is missing"))
}
