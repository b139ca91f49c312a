//! The rules about from where requests may come: read by everybody who asks the gateway or logs in, written by few; and
//! the links by which somebody who is kept out is let in.

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{Answer, EntropyExt as _, RestrictionId, Secret, StoreError, TokenDigest};
use clavis_rbac::{
    Permission, Restriction, RestrictionCategory, RestrictionChange, RestrictionContent, RestrictionError,
    RestrictionReach, RestrictionState, Restrictions, Whitelink, Whitelinks,
};

use crate::{AuditAction, Flows, ManagePermissions};

/// Most rules at once: the gateway keeps all of them in mind.
const MAX_RULES: usize = 1000;
/// Most rules of them that links have made.
const MAX_LET_IN: usize = 500;
/// Most links at once.
const MAX_WHITELINKS: u64 = 100;
/// The longest that a link is good.
const MAX_WHITELINK_DAYS: i64 = 30;
/// How long somebody is let in who has shown a link.
const LET_IN_FOR_DAYS: i64 = 30;
/// Random bytes of a link's secret.
const SECRET_BYTES: usize = 20;
/// Longest secret that is looked for, in bytes.
const MAX_SECRET_BYTES: usize = 128;

/// Why a rule was not made, changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestrictionsError {
    /// There is no such rule.
    #[error("no such rule")]
    Unknown,
    /// There are as many as there may be.
    #[error("there are at most {MAX_RULES} rules")]
    TooMany,
    /// It would be no rule.
    #[error(transparent)]
    Unfit(#[from] RestrictionError),
}

/// Why no link was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhitelinkError {
    /// It would be good for too long, or never.
    #[error("a link is good for at most {MAX_WHITELINK_DAYS} days")]
    Lifetime,
    /// There are as many as there may be.
    #[error("there are at most {MAX_WHITELINKS} links")]
    TooMany,
}

/// Why a link let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedeemWhitelinkError {
    /// There is none, or its time is over.
    #[error("no such link")]
    Unknown,
    /// Nothing tells where the client is.
    #[error("the client has no address")]
    NoAddress,
    /// As many are let in as there may be.
    #[error("links let in at most {MAX_LET_IN} addresses")]
    TooMany,
}

impl Flows<'_> {
    /// Every rule: for the gateway and for log-ins, which ask on behalf of nobody.
    pub fn restrictions(&self) -> Result<Vec<Restriction>, StoreError> {
        Restrictions::all(self.ports)
    }

    /// Every rule whose time is not over, for who may write them.
    pub fn read_restrictions(
        &self,
        _permission: &Permission<ManagePermissions>,
    ) -> Result<Vec<Restriction>, StoreError> {
        self.live_restrictions()
    }

    /// Makes a rule.
    pub fn add_restriction(
        &self,
        permission: &Permission<ManagePermissions>,
        wanted: &RestrictionChange,
    ) -> Answer<Restriction, RestrictionsError> {
        let content = match RestrictionContent::changed(None, wanted) {
            Ok(content) => content,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if self.live_restrictions()?.len() >= MAX_RULES {
            return Ok(Err(RestrictionsError::TooMany));
        }
        let rule = Restrictions::insert(self.ports, &content, None, self.now())?;
        self.restriction_changed(permission, &rule, AuditAction::SetRestriction)?;
        Ok(Ok(rule))
    }

    /// Changes what a rule says. When it is over by itself stays.
    pub fn change_restriction(
        &self,
        permission: &Permission<ManagePermissions>,
        id: RestrictionId,
        change: &RestrictionChange,
    ) -> Answer<Restriction, RestrictionsError> {
        let Some(before) = self.live_restriction(id)? else {
            return Ok(Err(RestrictionsError::Unknown));
        };
        let rule = match RestrictionContent::changed(Some(before.content), change) {
            Ok(content) => Restriction {
                content,
                updated_at: self.now(),
                ..before
            },
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if !Restrictions::update(self.ports, id, &rule.content, rule.expires_at, rule.updated_at)? {
            return Ok(Err(RestrictionsError::Unknown));
        }
        self.restriction_changed(permission, &rule, AuditAction::SetRestriction)?;
        Ok(Ok(rule))
    }

    /// Removes a rule.
    pub fn remove_restriction(
        &self,
        permission: &Permission<ManagePermissions>,
        id: RestrictionId,
    ) -> Answer<(), RestrictionsError> {
        let Some(rule) = self.live_restriction(id)? else {
            return Ok(Err(RestrictionsError::Unknown));
        };
        if !Restrictions::remove(self.ports, id)? {
            return Ok(Err(RestrictionsError::Unknown));
        }
        self.restriction_changed(permission, &rule, AuditAction::RemoveRestriction)?;
        Ok(Ok(()))
    }

    /// Makes a link; whoever shows it in time is let in from where they are. It is shown this once.
    pub fn make_whitelink(
        &self,
        permission: &Permission<ManagePermissions>,
        lifetime: Duration,
    ) -> Answer<Secret, WhitelinkError> {
        if lifetime <= Duration::zero() || lifetime > Duration::days(MAX_WHITELINK_DAYS) {
            return Ok(Err(WhitelinkError::Lifetime));
        }
        let now = self.now();
        if Whitelinks::count_live(self.ports, now)? >= MAX_WHITELINKS {
            return Ok(Err(WhitelinkError::TooMany));
        }
        let secret = Secret::new(hex::encode(self.entropy.bytes::<SECRET_BYTES>()));
        let link = Whitelink {
            digest: TokenDigest::of(secret.expose()),
            issued_by: permission.holder(),
            issued_at: now,
            expires_at: now + lifetime,
        };
        Whitelinks::insert(self.ports, &link)?;
        let detail = format!("until {}", link.expires_at.timestamp());
        self.audit_by(
            Some(permission.holder()),
            None,
            AuditAction::MakeWhitelink,
            &detail,
        )?;
        Ok(Ok(secret))
    }

    /// Lets the caller in from where they are, for who shows a link. Whoever is let in already is so for longer.
    pub fn redeem_whitelink(&self, shown: &Secret) -> Answer<(), RedeemWhitelinkError> {
        let now = self.now();
        if shown.expose().len() > MAX_SECRET_BYTES {
            return Ok(Err(RedeemWhitelinkError::Unknown));
        }
        let link = Whitelinks::find(self.ports, &TokenDigest::of(shown.expose()))?;
        let Some(link) = link.filter(|link| now < link.expires_at) else {
            return Ok(Err(RedeemWhitelinkError::Unknown));
        };
        let Some(client) = self.caller.ip else {
            return Ok(Err(RedeemWhitelinkError::NoAddress));
        };
        let content = RestrictionContent {
            category: RestrictionCategory::Whitelist,
            reach: RestrictionReach::Address(client.to_canonical()),
            code: None,
            state: RestrictionState::Enabled,
        };
        let until = now + Duration::days(LET_IN_FOR_DAYS);
        let Ok(rule) = self.let_in(&content, until, now)? else {
            return Ok(Err(RedeemWhitelinkError::TooMany));
        };
        let (until, issuer) = (until.timestamp(), link.issued_by);
        let detail = format!("{} until {until}, by a link of {issuer}", rule.id);
        self.audit_by(None, None, AuditAction::RedeemWhitelink, &detail)?;
        Ok(Ok(()))
    }

    /// The rule that lets in until then: a new one, or the one there is, for longer.
    fn let_in(
        &self,
        content: &RestrictionContent,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Answer<Restriction, RestrictionsError> {
        let rules = self.live_restrictions()?;
        let known = rules
            .iter()
            .find(|rule| rule.content == *content && rule.expires_at.is_some());
        if let Some(known) = known {
            Restrictions::update(self.ports, known.id, content, Some(until), now)?;
            return Ok(Ok(known.clone()));
        }
        let let_in = rules.iter().filter(|rule| rule.expires_at.is_some()).count();
        if rules.len() >= MAX_RULES || let_in >= MAX_LET_IN {
            return Ok(Err(RestrictionsError::TooMany));
        }
        Restrictions::insert(self.ports, content, Some(until), now).map(Ok)
    }

    fn live_restrictions(&self) -> Result<Vec<Restriction>, StoreError> {
        let (mut rules, now) = (Restrictions::all(self.ports)?, self.now());
        rules.retain(|rule| rule.is_live(now));
        Ok(rules)
    }

    fn live_restriction(&self, id: RestrictionId) -> Result<Option<Restriction>, StoreError> {
        let rule = Restrictions::find(self.ports, id)?;
        Ok(rule.filter(|rule| rule.is_live(self.now())))
    }

    fn restriction_changed(
        &self,
        permission: &Permission<ManagePermissions>,
        rule: &Restriction,
        action: AuditAction,
    ) -> Result<(), StoreError> {
        let content = &rule.content;
        let detail = format!(
            "{} {} {} {} {}",
            rule.id,
            content.category.name(),
            content.reach.scope().name(),
            content.reach.value(),
            content.state.name(),
        );
        self.audit_by(Some(permission.holder()), None, action, &detail)
    }
}
