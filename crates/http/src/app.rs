use std::cell::Cell;
use std::sync::Arc;

use clavis_flows::{Blobs, BreachedPasswords, Door, Flows, Keys, Limits, Objects, Providers, Store, Texts};
use clavis_identity::{Argon2Params, PasswordHash};
use clavis_kernel::{Caller, Clock, Entropy, Secret, StoreError};
use tokio::sync::Notify;

use crate::bearer::{BearerCache, TokenLifetimes};
use crate::{Fault, Hasher, PublicUrl, RateLimit, RingHandle, TrustedProxies};

/// What every handler shares. One value for the whole process.
pub struct App {
    parts: AppParts,
    bearers: BearerCache,
    decoy: PasswordHash,
}

/// What the binary wires together.
pub struct AppParts {
    /// Where state is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The installation's keys.
    pub keys: Arc<Keys>,
    /// What holds at every door.
    pub limits: Arc<Limits>,
    /// The signing keys in force.
    pub ring: RingHandle,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// How new passwords are hashed.
    pub argon2: Argon2Params,
    /// Under which address the world sees this server: the only source of links.
    pub public_url: PublicUrl,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Whether first-party tokens open every dialect's door.
    pub tokens_across: bool,
    /// How long tokens live that do not say when they were issued.
    pub token_lifetimes: TokenLifetimes,
    /// Who else says who somebody is, outside any transaction.
    pub providers: Arc<dyn Providers>,
    /// Log-ins from one client.
    pub login_rate: RateLimit,
    /// Accounts that one client makes and mails that it asks for, where nobody is logged in.
    pub newcomer_rate: RateLimit,
    /// What brings text messages to people, at once and outside any transaction.
    pub texts: Arc<dyn Texts>,
    /// Contents of uploaded objects, outside any transaction.
    pub blobs: Arc<dyn Blobs>,
    /// Objects under keys of the clients' choice, outside any transaction.
    pub objects: Arc<dyn Objects>,
    /// Passwords that attackers know, outside any transaction.
    pub breached: Arc<dyn BreachedPasswords>,
    /// Woken when a mail was queued.
    pub outbox: Arc<Notify>,
    /// The program's version, as `1.2.3`.
    pub version: &'static str,
}

impl App {
    /// Makes the shared part of all handlers.
    pub fn new(parts: AppParts) -> Self {
        let decoy = PasswordHash::decoy(parts.argon2, parts.entropy.as_ref());
        Self {
            parts,
            bearers: BearerCache::default(),
            decoy,
        }
    }

    /// Runs one use case in one transaction that may write, and returns after COMMIT.
    pub async fn transaction<T: Send + 'static>(
        &self,
        door: &Arc<Door>,
        caller: Caller,
        mut decide: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let context = self.context(door, caller);
        let (answer, mail_queued) =
            clavis_flows::write(self.store.as_ref(), move |ports| context.run(ports, &mut decide)).await?;
        if mail_queued {
            self.outbox.notify_one();
        }
        Ok(answer)
    }

    /// Runs one look-up in one transaction that cannot write.
    pub async fn look_up<T: Send + 'static>(
        &self,
        door: &Arc<Door>,
        caller: Caller,
        mut look: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let context = self.context(door, caller);
        let answer = clavis_flows::read(self.store.as_ref(), move |ports| context.run(ports, &mut look));
        Ok(answer.await?.0)
    }

    /// Hashes a new password on the hashing pool.
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, Fault> {
        let (params, entropy) = (self.argon2, Arc::clone(&self.entropy));
        Ok(self
            .hasher
            .run(move || PasswordHash::generate(&password, params, entropy.as_ref()))
            .await?)
    }

    /// Takes the time of checking a password, for an account that is not there.
    pub async fn check_decoy(&self, password: Secret) -> Result<(), Fault> {
        let (params, decoy) = (self.argon2, self.decoy.clone());
        self.hasher.run(move || decoy.verify(&password, params)).await?;
        Ok(())
    }

    /// The second step of a log-in: compares on the hashing pool, and hashes anew when the stored hash is
    /// outdated.
    pub async fn check_password(
        &self,
        candidate: clavis_flows::Candidate,
        password: Secret,
    ) -> Result<clavis_flows::Checked, Fault> {
        let (params, entropy) = (self.argon2, Arc::clone(&self.entropy));
        let checked = self.hasher.run(move || {
            let verdict = candidate.credential.hash.verify(&password, params);
            let rehash = (verdict == clavis_identity::Verdict::RightButOutdated)
                .then(|| PasswordHash::generate(&password, params, entropy.as_ref()));
            clavis_flows::Checked {
                candidate,
                verdict,
                rehash,
            }
        });
        Ok(checked.await?)
    }

    pub(crate) fn bearers(&self) -> &BearerCache {
        &self.bearers
    }

    fn context(&self, door: &Arc<Door>, caller: Caller) -> Context {
        Context {
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            keys: Arc::clone(&self.keys),
            limits: Arc::clone(&self.limits),
            door: Arc::clone(door),
            caller,
        }
    }
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.parts
    }
}

/// What a use case borrows, owned for the way to the transaction's thread.
struct Context {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: Arc<Keys>,
    limits: Arc<Limits>,
    door: Arc<Door>,
    caller: Caller,
}

impl Context {
    fn run<T>(
        &self,
        ports: &dyn clavis_flows::Ports,
        decide: &mut impl FnMut(&Flows<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, bool), StoreError> {
        let mail_queued = Cell::new(false);
        let answer = decide(&Flows {
            ports,
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
            keys: &self.keys,
            limits: &self.limits,
            door: &self.door,
            caller: &self.caller,
            mail_queued: &mail_queued,
        })?;
        Ok((answer, mail_queued.get()))
    }
}
