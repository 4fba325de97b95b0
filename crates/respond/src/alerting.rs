//! What holds for all alerts.

use serde::{Deserialize, Serialize};

use crate::{Refusal, Targets};

/// What holds for all alerts, and for everything else that is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerting {
    /// Where people reach the page, for links in messages; none: no links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Internal machines that may be connected to.
    pub targets: Targets,
}

impl Alerting {
    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(page) = &self.page {
            crate::target::parse_url(page)?;
            if page.contains(['<', '>', '|', '"', '?', '#']) {
                return Err(format!("`{page}` is no address of a page"));
            }
        }
        self.targets.check()
    }
}
