use crate::{LabelKey, LabelRequirement, LabelScope, LabelValue};

/// Which labels make an account active, and which take it out of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRules {
    /// The private labels that together make a pending account active; with none, nothing more is asked.
    pub activation: Vec<LabelRequirement>,
    /// Keys that ban, whatever the value and the scope of the label.
    pub banned: Vec<LabelKey>,
    /// Keys that delete.
    pub deleted: Vec<LabelKey>,
    /// Keys that lock.
    pub locked: Vec<LabelKey>,
}

/// What the labels ask for. There is none that makes an account pending again, or lifts a ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateVerdict {
    /// Nothing.
    Unchanged,
    /// To be active, if it is pending.
    Activate,
    /// To be banned.
    Ban,
    /// To be deleted.
    Delete,
    /// To be locked.
    Lock,
}

impl StateRules {
    /// What all labels of an account ask for. Of several triggers, locking wins over deleting over banning.
    pub fn verdict<'a>(
        &self,
        labels: impl IntoIterator<Item = (LabelScope, &'a LabelKey, &'a LabelValue)>,
    ) -> StateVerdict {
        let labels = labels.into_iter().collect::<Vec<_>>();
        let has_key = |keys: &[LabelKey]| labels.iter().any(|(_, key, _)| keys.contains(key));
        let is_met = |required: &LabelRequirement| {
            labels.contains(&(LabelScope::Private, &required.key, &required.value))
        };
        if has_key(&self.locked) {
            StateVerdict::Lock
        } else if has_key(&self.deleted) {
            StateVerdict::Delete
        } else if has_key(&self.banned) {
            StateVerdict::Ban
        } else if self.activation.iter().all(is_met) {
            StateVerdict::Activate
        } else {
            StateVerdict::Unchanged
        }
    }
}

impl Default for StateRules {
    fn default() -> Self {
        let keys = |names: &[&str]| names.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            activation: vec![LabelRequirement {
                key: LabelKey::EMAIL,
                value: LabelValue::VERIFIED,
            }],
            banned: keys(&["ban", "fraud"]),
            deleted: keys(&["delete"]),
            locked: keys(&["suspicious", "lock"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &StateRules, labels: &[(LabelScope, &str)], expected: StateVerdict) {
        let labels = labels
            .iter()
            .map(|(scope, text)| (*scope, text.parse::<LabelRequirement>().unwrap()))
            .collect::<Vec<_>>();
        let verdict = rules.verdict(
            labels
                .iter()
                .map(|(scope, label)| (*scope, &label.key, &label.value)),
        );
        assert_eq!(verdict, expected, "{labels:?}");
    }

    use LabelScope::{Private, Public};

    #[test]
    fn only_private_labels_activate() {
        let rules = StateRules::default();
        check(&rules, &[], StateVerdict::Unchanged);
        check(&rules, &[(Private, "email:verified")], StateVerdict::Activate);
        check(&rules, &[(Public, "email:verified")], StateVerdict::Unchanged);
        check(&rules, &[(Private, "email:pending")], StateVerdict::Unchanged);
    }

    #[test]
    fn every_activation_requirement_counts() {
        let both = ["email:verified", "phone:verified"].map(|text| text.parse().unwrap());
        let rules = StateRules {
            activation: both.to_vec(),
            ..StateRules::default()
        };
        check(&rules, &[(Private, "email:verified")], StateVerdict::Unchanged);
        check(
            &rules,
            &[(Private, "phone:verified"), (Private, "email:verified")],
            StateVerdict::Activate,
        );
        let none = StateRules {
            activation: Vec::new(),
            ..StateRules::default()
        };
        check(&none, &[], StateVerdict::Activate);
    }

    #[test]
    fn a_trigger_counts_in_either_scope_with_any_value() {
        let rules = StateRules::default();
        check(&rules, &[(Public, "fraud:maybe")], StateVerdict::Ban);
        check(
            &rules,
            &[(Private, "email:verified"), (Private, "ban:verified")],
            StateVerdict::Ban,
        );
        check(&rules, &[(Private, "suspicious:yes")], StateVerdict::Lock);
        check(&rules, &[(Private, "delete:yes")], StateVerdict::Delete);
    }

    #[test]
    fn of_several_triggers_the_last_in_the_table_wins() {
        let rules = StateRules::default();
        check(
            &rules,
            &[(Private, "delete:yes"), (Private, "ban:yes")],
            StateVerdict::Delete,
        );
        check(
            &rules,
            &[
                (Private, "lock:yes"),
                (Private, "delete:yes"),
                (Private, "ban:yes"),
            ],
            StateVerdict::Lock,
        );
    }

    #[test]
    fn a_trigger_is_a_whole_key() {
        check(
            &StateRules::default(),
            &[(Private, "banner:yes"), (Private, "locked:yes")],
            StateVerdict::Unchanged,
        );
    }
}
