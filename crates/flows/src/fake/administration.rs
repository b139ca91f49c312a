use chrono::{DateTime, Utc};
use clavis_kernel::{AccessRuleId, AccountId, CommentId, StoreError};
use clavis_rbac::{AccessRule, AccessRuleContent, AccessRules};

use super::FakePorts;
use crate::{Comment, Comments, NewComment};

impl Comments for FakePorts {
    fn insert(&self, new: &NewComment, at: DateTime<Utc>) -> Result<Comment, StoreError> {
        let mut state = self.change("Comments::insert")?;
        Ok(state.comments.add(|id| Comment {
            id: CommentId(id),
            account: new.account,
            author: new.author,
            sealed: new.sealed.clone(),
            created_at: at,
            updated_at: at,
        }))
    }

    fn find(&self, id: CommentId) -> Result<Option<Comment>, StoreError> {
        Ok(self.state().comments.rows.get(&id.0).cloned())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Comment>, StoreError> {
        let state = self.state();
        let comments = state.comments.rows.values();
        Ok(comments
            .filter(|comment| comment.account == account)
            .take(1000)
            .cloned()
            .collect())
    }

    fn update(&self, id: CommentId, sealed: &[u8], at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Comments::update")?;
        let Some(comment) = state.comments.rows.get_mut(&id.0) else {
            return Ok(false);
        };
        comment.sealed = sealed.to_vec();
        comment.updated_at = at;
        Ok(true)
    }

    fn remove(&self, id: CommentId) -> Result<bool, StoreError> {
        let mut state = self.change("Comments::remove")?;
        Ok(state.comments.rows.remove(&id.0).is_some())
    }
}

impl AccessRules for FakePorts {
    fn insert(&self, content: &AccessRuleContent, at: DateTime<Utc>) -> Result<AccessRule, StoreError> {
        let mut state = self.change("AccessRules::insert")?;
        self.revoking();
        Ok(state.access_rules.add(|id| AccessRule {
            id: AccessRuleId(id),
            content: content.clone(),
            created_at: at,
            updated_at: at,
        }))
    }

    fn find(&self, id: AccessRuleId) -> Result<Option<AccessRule>, StoreError> {
        Ok(self.state().access_rules.rows.get(&id.0).cloned())
    }

    fn all(&self) -> Result<Vec<AccessRule>, StoreError> {
        Ok(self.state().access_rules.rows.values().cloned().collect())
    }

    fn update(
        &self,
        id: AccessRuleId,
        content: &AccessRuleContent,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("AccessRules::update")?;
        let Some(rule) = state.access_rules.rows.get_mut(&id.0) else {
            return Ok(false);
        };
        rule.content = content.clone();
        rule.updated_at = at;
        self.revoking();
        Ok(true)
    }

    fn remove(&self, id: AccessRuleId) -> Result<bool, StoreError> {
        let mut state = self.change("AccessRules::remove")?;
        let removed = state.access_rules.rows.remove(&id.0).is_some();
        if removed {
            self.revoking();
        }
        Ok(removed)
    }
}
