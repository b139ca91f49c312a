use chrono::Duration;
use clavis_identity::{
    Account, AccountState, Accounts, Identities, IdentityKey, PasswordCredentials, Sessions,
};
use clavis_kernel::{Dialect, Secret};

use super::{World, email};
use crate::log_in::Checked;
use crate::*;

const PASSWORD: &str = "Tecohvi0";

impl World {
    fn shown(&self, account: &Account, password: &str) -> Checked {
        let candidate = self.flows().candidate_of(account.id).unwrap().unwrap();
        self.check(candidate, password)
    }

    fn replace(
        &self,
        account: &Account,
        old: &str,
        wanted: &NewPassword,
    ) -> Result<(), ReplacePasswordError> {
        let checked = self.shown(account, old);
        self.flows().replace_password(&checked, None, wanted).unwrap()
    }

    fn retire(&self, account: &Account, password: &str, code: Option<&str>) -> Result<(), RetireError> {
        let checked = self.shown(account, password);
        let code = code.map(Secret::new);
        self.flows().retire_account(&checked, code.as_ref()).unwrap()
    }
}

#[test]
fn a_password_is_replaced_by_who_knows_the_old_one() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let fit = NewPassword::Fit(world.hash("Gol4aid1"));
    assert_eq!(world.replace(&account, PASSWORD, &fit), Ok(()));
    assert!(world.log_in("ann@example.org", "Gol4aid1").is_ok());
    assert_eq!(
        world.log_in("ann@example.org", PASSWORD).err(),
        Some(LogInError::WrongPassword)
    );
}

#[test]
fn who_does_not_know_the_old_password_learns_nothing_of_the_new_one() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let unfit = NewPassword::Unfit("Password is too weak".to_owned());
    let wrong = Err(ReplacePasswordError::WrongPassword);
    for wanted in [
        NewPassword::Unchanged,
        unfit.clone(),
        NewPassword::Fit(world.hash("Gol4aid1")),
    ] {
        assert_eq!(world.replace(&account, "wrong", &wanted), wrong);
    }
    assert_eq!(
        world.replace(&account, PASSWORD, &NewPassword::Unchanged),
        Err(ReplacePasswordError::Unchanged)
    );
    assert_eq!(
        world.replace(&account, PASSWORD, &unfit),
        Err(ReplacePasswordError::Unfit)
    );
    let (action, result) = world.actions(&account).remove(0);
    assert_eq!(action, AuditAction::ChangePassword);
    assert_eq!(result, AuditResult::Refused("Password is too weak".to_owned()));
    assert!(world.log_in("ann@example.org", PASSWORD).is_ok());
}

#[test]
fn wrong_old_passwords_close_the_credential_and_the_right_one_tells_nothing_then() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    for _ in 0..world.limits.lockout.max_failures {
        let tried = world.replace(&account, "wrong", &NewPassword::Unchanged);
        assert_eq!(tried, Err(ReplacePasswordError::WrongPassword));
    }
    assert_eq!(
        world.replace(&account, PASSWORD, &NewPassword::Unchanged),
        Err(ReplacePasswordError::WrongPassword)
    );
    assert_eq!(
        world.retire(&account, PASSWORD, None),
        Err(RetireError::WrongPassword)
    );
}

#[test]
fn a_new_password_ends_every_session_but_the_one_it_was_set_from() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let here = world.log_in("ann@example.org", PASSWORD).unwrap().session;
    let elsewhere = world.log_in("ann@example.org", PASSWORD).unwrap().session;
    let checked = world.shown(&account, PASSWORD);
    let fit = NewPassword::Fit(world.hash("Gol4aid1"));
    let replaced = world.flows().replace_password(&checked, Some(here), &fit);
    assert_eq!(replaced.unwrap(), Ok(()));
    let session = |id| world.ports.find_with_account(id).unwrap().unwrap().0;
    assert!(session(here).revoked_at.is_none());
    assert!(session(elsewhere).revoked_at.is_some());
}

#[test]
fn who_gives_their_account_up_keeps_the_address_from_others() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world.log_in("ann@example.org", PASSWORD).unwrap();
    assert_eq!(
        world.retire(&account, "wrong", None),
        Err(RetireError::WrongPassword)
    );
    assert_eq!(world.retire(&account, PASSWORD, None), Ok(()));
    let gone = Accounts::find(&world.ports, account.id).unwrap().unwrap();
    assert_eq!(gone.state, AccountState::Deleted);
    let holder = Identities::find(&world.ports, &IdentityKey::address(&email("ann@example.org")));
    assert_eq!(holder.unwrap().unwrap().account, account.id);
    assert!(
        PasswordCredentials::find(&world.ports, account.id)
            .unwrap()
            .is_none()
    );
    assert_eq!(
        world.log_in("ann@example.org", PASSWORD).err(),
        Some(LogInError::UnknownAccount)
    );
    let again = world.flows().sign_up(&world.command("ann@example.org")).unwrap();
    assert_eq!(again.err(), Some(SignUpError::AddressTaken));
}

#[test]
fn who_has_a_second_factor_shows_it_before_they_leave() {
    let world = World::default().through(Dialect::Barong);
    let account = world.sign_up("ann@example.org");
    let on = world.flows();
    let secret = on.begin_second_factor(account.id).unwrap().unwrap();
    let code = |steps: i64| {
        let moment = clavis_kernel::Clock::now(&world.clock) + Duration::seconds(30 * steps);
        Secret::new(secret.code_at(moment))
    };
    on.enable_second_factor(account.id, None, &code(-1))
        .unwrap()
        .unwrap();
    let retire = |code: Option<&str>| world.retire(&account, PASSWORD, code);
    assert_eq!(retire(None), Err(RetireError::CodeMissing));
    assert_eq!(retire(Some(" ")), Err(RetireError::CodeEmpty));
    assert_eq!(retire(Some("x")), Err(RetireError::Code(CodeError::Wrong)));
    assert_eq!(
        retire(Some(code(-1).expose())),
        Err(RetireError::Code(CodeError::Replayed))
    );
    assert_eq!(retire(Some(code(0).expose())), Ok(()));
}

#[test]
fn who_is_banned_cannot_slip_away() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let checked = world.shown(&account, PASSWORD);
    let now = clavis_kernel::Clock::now(&world.clock);
    Accounts::set_state(
        &world.ports,
        account.id,
        AccountState::Active,
        AccountState::Banned,
        now,
    )
    .unwrap();
    assert_eq!(
        world.flows().retire_account(&checked, None).unwrap(),
        Err(RetireError::AccountNotActive)
    );
    assert_eq!(
        world
            .flows()
            .replace_password(&checked, None, &NewPassword::Unchanged)
            .unwrap(),
        Err(ReplacePasswordError::AccountNotActive)
    );
}
