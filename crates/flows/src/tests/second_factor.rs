use chrono::Duration;
use clavis_identity::{
    Account, AccountState, Accounts as _, Assurance, SecondFactors as _, TotpSecret, TotpWindow,
};
use clavis_kernel::{Clock as _, Dialect, Secret};

use super::World;
use crate::*;

impl World {
    /// A world whose door asks for second factors.
    pub(super) fn asking() -> Self {
        let mut world = Self::default();
        world.door.second_factor = FactorPolicy::Ask(CodeRules {
            window: TotpWindow::NEIGHBOURS,
            used_up: UsedUp::Anywhere,
        });
        world
    }

    pub(super) fn code(&self, secret: &TotpSecret, steps: i64) -> Secret {
        Secret::new(secret.code_at(self.clock.now() + Duration::seconds(30 * steps)))
    }

    /// Enables a second factor and moves on to the next step.
    pub(super) fn enable(&self, account: &Account) -> TotpSecret {
        let secret = self.flows().begin_second_factor(account.id).unwrap().unwrap();
        let code = self.code(&secret, 0);
        self.flows()
            .enable_second_factor(account.id, None, &code)
            .unwrap()
            .unwrap();
        self.clock.advance(Duration::seconds(30));
        secret
    }

    pub(super) fn set_state(&self, account: &Account, to: AccountState) {
        let now = self.clock.now();
        let from = self.ports.find_by_uid(&account.uid).unwrap().unwrap().state;
        assert!(self.ports.set_state(account.id, from, to, now).unwrap());
    }

    fn log_in_with(&self, code: Option<&Secret>) -> Result<Grant, LogInError> {
        let login = LoginName::Address(super::email("ann@example.org"));
        let candidate = self.flows().candidate(&login).unwrap()?;
        let checked = self.check(candidate, "Tecohvi0");
        let request = SessionRequest {
            application: self.caller.dialect.name().to_owned(),
            device: None,
        };
        self.flows().log_in(&checked, code, &request).unwrap()
    }
}

#[test]
fn sessions_opened_without_a_second_factor_end_when_one_is_put_in_force() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let (own, other) = (world.log_in_with(None).unwrap(), world.log_in_with(None).unwrap());
    let secret = world.flows().begin_second_factor(account.id).unwrap().unwrap();
    let code = world.code(&secret, 0);
    let enabled = world
        .flows()
        .enable_second_factor(account.id, Some(own.session), &code);
    enabled.unwrap().unwrap();
    let now = world.clock.now();
    let stands = |session| standing(&world.ports, session, now).unwrap().is_ok();
    assert!(stands(own.session), "whoever enabled it has shown a code of it");
    assert!(!stands(other.session));
}

#[test]
fn a_secret_counts_once_a_code_of_it_was_seen() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let first = world.flows().begin_second_factor(account.id).unwrap().unwrap();
    let second = world.flows().begin_second_factor(account.id).unwrap().unwrap();
    assert!(!world.flows().has_second_factor(account.id).unwrap());
    assert!(world.log_in_with(None).is_ok());
    let of_the_first = world.code(&first, 0);
    let refused = world
        .flows()
        .enable_second_factor(account.id, None, &of_the_first)
        .unwrap();
    assert_eq!(refused, Err(FactorError::Code(CodeError::Wrong)));
    let code = world.code(&second, 0);
    assert_eq!(
        world
            .flows()
            .enable_second_factor(account.id, None, &code)
            .unwrap(),
        Ok(())
    );
    assert!(world.flows().has_second_factor(account.id).unwrap());
    let again = world.flows().begin_second_factor(account.id).unwrap();
    assert_eq!(again.err(), Some(BeginFactorError::AlreadyEnabled));
    assert_eq!(
        world
            .flows()
            .enable_second_factor(account.id, None, &code)
            .unwrap(),
        Err(FactorError::AlreadyEnabled)
    );
}

#[test]
fn a_code_is_good_once_whatever_for() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    let code = world.code(&secret, 0);
    assert_eq!(
        world.flows().verify_second_factor(account.id, &code).unwrap(),
        Ok(())
    );
    assert_eq!(
        world.log_in_with(Some(&code)).err(),
        Some(LogInError::SecondFactorReplayed)
    );
    assert_eq!(
        world.flows().verify_second_factor(account.id, &code).unwrap(),
        Err(FactorError::Code(CodeError::Replayed))
    );
    let earlier = world.code(&secret, -1);
    assert_eq!(
        world.flows().verify_second_factor(account.id, &earlier).unwrap(),
        Err(FactorError::Code(CodeError::Replayed)),
        "an older step is past"
    );
    let next = world.code(&secret, 1);
    assert!(world.log_in_with(Some(&next)).is_ok());
}

#[test]
fn a_log_in_asks_for_the_second_factor_after_the_password() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    assert_eq!(
        world.log_in_with(None).err(),
        Some(LogInError::SecondFactorMissing)
    );
    let wrong = world.code(&secret, 5);
    assert_eq!(
        world.log_in_with(Some(&wrong)).err(),
        Some(LogInError::SecondFactorWrong)
    );
    assert!(world.log_in_with(Some(&world.code(&secret, 0))).is_ok());
    assert_eq!(
        world.log_in("ann@example.org", "wrong").err(),
        Some(LogInError::WrongPassword),
        "a wrong password tells nothing of the second factor"
    );
}

#[test]
fn a_door_that_cannot_ask_refuses_or_gives_less() {
    let mut world = World::asking();
    let account = world.sign_up("ann@example.org");
    world.enable(&account);
    world.door.second_factor = FactorPolicy::Refuse;
    assert_eq!(
        world.log_in_with(None).err(),
        Some(LogInError::SecondFactorUnsupported)
    );
    world.door.second_factor = FactorPolicy::LetInReduced;
    let grant = world.log_in_with(None).unwrap();
    let standing = standing(&world.ports, grant.session, world.clock.now())
        .unwrap()
        .unwrap();
    assert_eq!(standing.assurance, Assurance::Reduced);
}

#[test]
fn a_session_of_reduced_assurance_has_no_authority() {
    let mut world = World::asking().through(Dialect::Pluto);
    let user = NewUser {
        address: super::email("ann@example.org"),
        name: None,
        password: world.hash("Tecohvi0"),
        active: true,
        role: Some(ADMIN_ROLE.to_owned()),
    };
    let account = world.flows().create_user(&user).unwrap().unwrap();
    assert!(
        world
            .flows()
            .authorize::<ManageAccounts>(account.id, Assurance::Full)
            .unwrap()
            .is_ok(),
        "an administrator is one at Barong's door as well"
    );
    world.enable(&account);
    world.door.second_factor = FactorPolicy::LetInReduced;
    let grant = world.log_in_with(None).unwrap();
    assert!(grant.scopes.names().is_empty());
    let refreshed = world
        .flows()
        .refresh(&grant.refresh_token.secret, "pluto", "pluto.admin")
        .unwrap()
        .unwrap();
    assert!(refreshed.scopes.names().is_empty());
    assert!(
        world
            .flows()
            .authorize::<PlutoAdministration>(account.id, Assurance::Reduced)
            .unwrap()
            .is_err()
    );
}

#[test]
fn ten_wrong_codes_close_the_second_factor_and_a_right_password_opens_nothing() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    let wrong = world.code(&secret, 9);
    for _ in 0..10 {
        assert_eq!(
            world.log_in_with(Some(&wrong)).err(),
            Some(LogInError::SecondFactorWrong)
        );
    }
    let right = world.code(&secret, 0);
    assert_eq!(
        world.log_in_with(Some(&right)).err(),
        Some(LogInError::SecondFactorWrong)
    );
    world.clock.advance(Duration::minutes(15));
    let right = world.code(&secret, 0);
    assert!(world.log_in_with(Some(&right)).is_ok());
}

#[test]
fn a_recovery_code_stands_in_once() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    let code = world.code(&secret, 0);
    let codes = world
        .flows()
        .create_recovery_codes(account.id, &code)
        .unwrap()
        .unwrap();
    assert_eq!(world.flows().count_recovery_codes(account.id).unwrap(), 10);
    let recovery = codes[3].as_secret();
    assert!(world.log_in_with(Some(recovery)).is_ok());
    assert_eq!(
        world.log_in_with(Some(recovery)).err(),
        Some(LogInError::SecondFactorWrong)
    );
    assert_eq!(world.flows().count_recovery_codes(account.id).unwrap(), 9);
    world.clock.advance(Duration::seconds(30));
    let code = world.code(&secret, 0);
    world
        .flows()
        .create_recovery_codes(account.id, &code)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.log_in_with(Some(codes[4].as_secret())).err(),
        Some(LogInError::SecondFactorWrong),
        "those from before are worth nothing"
    );
}

#[test]
fn a_recovery_code_disables_what_it_recovers_from() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    let code = world.code(&secret, 0);
    let codes = world
        .flows()
        .create_recovery_codes(account.id, &code)
        .unwrap()
        .unwrap();
    let recovery = codes[0].as_secret();
    assert_eq!(
        world.flows().disable_second_factor(account.id, recovery).unwrap(),
        Ok(())
    );
    assert!(world.log_in_with(None).is_ok());
    assert_eq!(world.ports.count_recovery_codes(account.id).unwrap(), 0);
}

#[test]
fn a_code_that_was_used_forgives_no_guesses() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    let (seen, wrong) = (world.code(&secret, -1), world.code(&secret, 9));
    for _ in 0..9 {
        let refused = world.flows().verify_second_factor(account.id, &wrong).unwrap();
        assert_eq!(refused, Err(FactorError::Code(CodeError::Wrong)));
    }
    let replayed = world.flows().verify_second_factor(account.id, &seen).unwrap();
    assert_eq!(replayed, Err(FactorError::Code(CodeError::Replayed)));
    world
        .flows()
        .verify_second_factor(account.id, &wrong)
        .unwrap()
        .unwrap_err();
    let right = world.code(&secret, 0);
    assert_eq!(
        world.flows().verify_second_factor(account.id, &right).unwrap(),
        Err(FactorError::Code(CodeError::LockedOut))
    );
}

#[test]
fn who_may_change_nothing_uses_no_code() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    world.set_state(&account, AccountState::Banned);
    let code = world.code(&secret, 0);
    let closed = Err(FactorError::AccountClosed);
    let flows = world.flows();
    assert_eq!(flows.verify_second_factor(account.id, &code).unwrap(), closed);
    assert_eq!(flows.disable_second_factor(account.id, &code).unwrap(), closed);
    assert_eq!(
        flows.enable_second_factor(account.id, None, &code).unwrap(),
        closed
    );
    let codes = flows.create_recovery_codes(account.id, &code).unwrap();
    assert_eq!(codes.err(), Some(FactorError::AccountClosed));
    let begun = flows.begin_second_factor(account.id).unwrap();
    assert_eq!(begun.err(), Some(BeginFactorError::AccountClosed));
    world.set_state(&account, AccountState::Active);
    assert_eq!(flows.verify_second_factor(account.id, &code).unwrap(), Ok(()));
}

#[test]
fn failures_are_noted_under_what_they_were_for() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let flows = world.flows();
    let wrong = Secret::new("000000");
    let last = || world.actions(&account).into_iter().next().unwrap();
    let refused = |reason: &str| AuditResult::Refused(reason.to_owned());

    let _ = flows.verify_second_factor(account.id, &wrong).unwrap();
    let off = refused("no second factor is in force");
    assert_eq!(last(), (AuditAction::VerifySecondFactor, off.clone()));
    let _ = flows.disable_second_factor(account.id, &wrong).unwrap();
    assert_eq!(last(), (AuditAction::DisableSecondFactor, off));
    let _ = flows.enable_second_factor(account.id, None, &wrong).unwrap();
    let not_begun = refused("no second factor was begun");
    assert_eq!(last(), (AuditAction::EnableSecondFactor, not_begun));

    let secret = world.enable(&account);
    let _ = flows.begin_second_factor(account.id).unwrap();
    let on = refused("a second factor is in force");
    assert_eq!(last(), (AuditAction::BeginSecondFactor, on.clone()));
    let _ = flows.enable_second_factor(account.id, None, &wrong).unwrap();
    assert_eq!(last(), (AuditAction::EnableSecondFactor, on));
    let wrong = world.code(&secret, 9);
    let _ = flows.verify_second_factor(account.id, &wrong).unwrap();
    assert_eq!(last(), (AuditAction::VerifySecondFactor, refused("wrong code")));
    let _ = flows.create_recovery_codes(account.id, &wrong).unwrap();
    assert_eq!(last(), (AuditAction::CreateRecoveryCodes, refused("wrong code")));
    let used = world.code(&secret, -1);
    let _ = flows.verify_second_factor(account.id, &used).unwrap();
    assert_eq!(
        last(),
        (
            AuditAction::ReplaySecondFactor,
            refused("the code was already used")
        )
    );
    let code = world.code(&secret, 0);
    let before = world.actions(&account).len();
    flows.verify_second_factor(account.id, &code).unwrap().unwrap();
    assert_eq!(
        world.actions(&account).len(),
        before,
        "a code that is right is not noted"
    );
}

#[test]
fn a_private_label_tells_whether_there_is_a_second_factor_and_raises_no_level() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let label = || world.private_label(account.id, &clavis_kyc::LabelKey::OTP);
    world.flows().begin_second_factor(account.id).unwrap().unwrap();
    assert_eq!(label(), None);
    let secret = world.enable(&account);
    assert_eq!(label().as_deref(), Some("enabled"));
    assert_eq!(world.flows().level(account.id).unwrap(), 0);
    let code = world.code(&secret, 0);
    let disabled = world.flows().disable_second_factor(account.id, &code).unwrap();
    assert_eq!((disabled, label()), (Ok(()), None));
}
