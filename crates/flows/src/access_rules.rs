//! The rules about what roles may do behind a gateway: read by everybody who asks the gateway, written by few.

use clavis_kernel::{AccessRuleId, AccountId, Answer, StoreError};
use clavis_rbac::{Access, AccessRule, AccessRuleContent, AccessRules, Permission, RuleTopic};

use crate::{AuditAction, Flows, ManagePermissions, SUPERADMIN_ROLE};

/// Most rules at once: the gateway keeps all of them in mind.
const MAX_RULES: usize = 1000;
/// What entries in the trail are about whose rule does not say.
const NO_TOPIC: &str = "general";

/// Why a rule was not made, changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessRulesError {
    /// There is no such rule.
    #[error("no such rule")]
    Unknown,
    /// Only superadmins write rules for superadmins.
    #[error("only superadmins write rules for superadmins")]
    Superadmin,
    /// There are as many as there may be.
    #[error("there are at most {MAX_RULES} rules")]
    TooMany,
}

impl Flows<'_> {
    /// Every rule: for the gateway, which asks on behalf of nobody.
    pub fn access_rules(&self) -> Result<Vec<AccessRule>, StoreError> {
        AccessRules::all(self.ports)
    }

    /// Every rule, for who may write them.
    pub fn read_access_rules(
        &self,
        _permission: &Permission<ManagePermissions>,
    ) -> Result<Vec<AccessRule>, StoreError> {
        AccessRules::all(self.ports)
    }

    /// Makes a rule.
    pub fn add_access_rule(
        &self,
        permission: &Permission<ManagePermissions>,
        content: &AccessRuleContent,
    ) -> Answer<AccessRule, AccessRulesError> {
        let actor = permission.holder();
        if let Err(refusal) = self.may_write_rule(actor, content)? {
            return Ok(Err(refusal));
        }
        if AccessRules::all(self.ports)?.len() >= MAX_RULES {
            return Ok(Err(AccessRulesError::TooMany));
        }
        let rule = AccessRules::insert(self.ports, content, self.now())?;
        self.rule_changed(actor, &rule, AuditAction::SetAccessRule)?;
        Ok(Ok(rule))
    }

    /// Changes what a rule says.
    pub fn change_access_rule(
        &self,
        permission: &Permission<ManagePermissions>,
        id: AccessRuleId,
        change: impl FnOnce(AccessRuleContent) -> AccessRuleContent,
    ) -> Answer<AccessRule, AccessRulesError> {
        let actor = permission.holder();
        let Some(before) = AccessRules::find(self.ports, id)? else {
            return Ok(Err(AccessRulesError::Unknown));
        };
        if let Err(refusal) = self.may_write_rule(actor, &before.content)? {
            return Ok(Err(refusal));
        }
        let rule = AccessRule {
            content: change(before.content),
            updated_at: self.now(),
            ..before
        };
        if let Err(refusal) = self.may_write_rule(actor, &rule.content)? {
            return Ok(Err(refusal));
        }
        if !AccessRules::update(self.ports, id, &rule.content, rule.updated_at)? {
            return Ok(Err(AccessRulesError::Unknown));
        }
        self.rule_changed(actor, &rule, AuditAction::SetAccessRule)?;
        Ok(Ok(rule))
    }

    /// Removes a rule. With the last one nothing is enforced any more.
    pub fn remove_access_rule(
        &self,
        permission: &Permission<ManagePermissions>,
        id: AccessRuleId,
    ) -> Answer<(), AccessRulesError> {
        let actor = permission.holder();
        let Some(rule) = AccessRules::find(self.ports, id)? else {
            return Ok(Err(AccessRulesError::Unknown));
        };
        if let Err(refusal) = self.may_write_rule(actor, &rule.content)? {
            return Ok(Err(refusal));
        }
        if !AccessRules::remove(self.ports, id)? {
            return Ok(Err(AccessRulesError::Unknown));
        }
        self.rule_changed(actor, &rule, AuditAction::RemoveAccessRule)?;
        Ok(Ok(()))
    }

    /// Notes that the gateway was asked about something that a rule wants noted, and what it answered.
    pub fn note_access(
        &self,
        account: AccountId,
        rule: &AccessRule,
        access: Access,
    ) -> Result<(), StoreError> {
        let topic = rule.content.topic.as_ref().map_or(NO_TOPIC, RuleTopic::as_str);
        let detail = format!("{topic} (rule {})", rule.id);
        let (account, action) = (Some(account), AuditAction::AskGateway);
        match access {
            Access::Accepted => self.audit_by(None, account, action, &detail),
            Access::Dropped => self.audit_refusal_by(None, account, action, &detail, "no rule lets it pass"),
        }
    }

    fn may_write_rule(&self, actor: AccountId, content: &AccessRuleContent) -> Answer<(), AccessRulesError> {
        if content.role.as_str() != SUPERADMIN_ROLE || self.is_superadmin(actor)? {
            return Ok(Ok(()));
        }
        self.audit_refusal(Some(actor), AuditAction::Denied, AccessRulesError::Superadmin)?;
        Ok(Err(AccessRulesError::Superadmin))
    }

    fn rule_changed(
        &self,
        actor: AccountId,
        rule: &AccessRule,
        action: AuditAction,
    ) -> Result<(), StoreError> {
        let content = &rule.content;
        let detail = format!(
            "{} {} {} {} {}",
            rule.id,
            content.effect.name(),
            content.role,
            content.verb.name(),
            content.path.as_str(),
        );
        self.audit_by(Some(actor), None, action, &detail)
    }
}
