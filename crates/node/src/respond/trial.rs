//! Response as a trial: a dry run with one policy, for those who want to see what it would do.

use sigyn_respond::{Conditions, Mode, Policy, Safety};
use sigyn_store::catalog::Actor;

use super::config::{Kept, ONLY};
use crate::{Error, Node, Result, now};

/// Who has written the settings of a trial.
const BY: &str = "trial";

impl Node {
    /// Switches response to a dry run, with a policy that would block the addresses of a rule's signals for some time.
    /// Nothing is ever blocked by it, and settings that people have made stay as they are.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn try_response(&self, name: &str, rule: &str, seconds: u64) -> Result<()> {
        let is_new = self.catalog().read(|view| Ok(view.document(Safety::KIND, ONLY)?.is_none()))?;
        if !is_new {
            return Ok(());
        }
        let safety = Safety { mode: Mode::DryRun, ..Safety::default() };
        let policy = Policy {
            name: name.to_owned(),
            is_enabled: true,
            is_dry_run: true,
            when: Conditions { rules: vec![rule.to_owned()], ..Conditions::default() },
            seconds,
            repeat_factor: 1,
            may_block_private: false,
            // A trial looks at what has been, too.
            age_seconds_max: None,
        };
        policy.check().and_then(|()| safety.check()).map_err(Error::invalid)?;
        let text =
            |written: serde_json::Result<String>| written.map_err(|error| Error::invalid(error.to_string()));
        let (safety, policy) = (text(serde_json::to_string(&safety))?, text(serde_json::to_string(&policy))?);
        self.catalog().write(|tx| {
            let actor = Actor { name: BY, at: now() };
            tx.put_document(Safety::KIND, ONLY, &safety, Some(0), &actor)?;
            tx.put_document(Policy::KIND, BY, &policy, Some(0), &actor)
        })?;
        self.respond().reload(self.catalog())
    }
}
