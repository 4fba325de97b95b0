//! What a node does about signals: tells people of them, and blocks addresses.
//!
//! The decisions are `sigyn-respond`'s. Here is what they need: settings from the catalog ([`config`]), signals as they see
//! them ([`subject`]), and the threads that send ([`deliver`]) and block ([`enforce`]).
//!
//! Everything that is to happen is written in the transaction that writes the signal ([`decide`]), and done afterwards. So
//! whatever kills the process, nothing is told of a signal that is not there, and no signal is left untold.

pub mod config;
mod decide;
mod deliver;
mod enforce;
mod helper;
mod mail;
mod outgoing;
mod present;
pub mod subject;
#[cfg(test)]
mod tls_tests;
mod trial;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sigyn_respond::Subject;
use sigyn_respond::safety::Present;
use sigyn_store::catalog::{Catalog, View};

use crate::{Node, Result, now};
use config::Config;
pub(crate) use decide::Decider;
pub use decide::Verdict;
use helper::Helper;
pub use helper::HelperState;

/// What a node does about signals.
pub struct Respond {
    config: RwLock<Arc<Config>>,
    helper: Option<Helper>,
    deliveries: Bell,
    blocks: Bell,
}

impl Respond {
    pub(crate) fn open(catalog: &Catalog, helper: Option<PathBuf>) -> Result<Self> {
        let config = RwLock::new(Arc::new(catalog.read(Config::read)?));
        let helper = helper.map(Helper::at);
        Ok(Self { config, helper, deliveries: Bell::default(), blocks: Bell::default() })
    }

    /// The settings as they are now.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the settings again, after they were changed, and looks whether there is something to do.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn reload(&self, catalog: &Catalog) -> Result<()> {
        let config = Arc::new(catalog.read(Config::read)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        self.wake();
        Ok(())
    }

    /// Looks whether there is something to send or to block.
    pub fn wake(&self) {
        self.deliveries.ring();
        self.blocks.ring();
    }

    /// What the helper that blocks says of itself. It may take some seconds.
    pub fn helper_state(&self) -> HelperState {
        self.helper.as_ref().map_or_else(HelperState::default, Helper::state)
    }

    /// Who is not blocked because of what they are now: this machine, its gateways, where people are logged in from.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn present(view: &View<'_>) -> sigyn_store::Result<Present> {
        present::present(view, now())
    }

    /// What the policies decide about a signal, however old it is.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn verdicts(
        view: &View<'_>,
        config: &Config,
        subject: &Subject,
    ) -> sigyn_store::Result<Vec<Verdict>> {
        decide::verdicts(view, config, subject, now())
    }

    pub(crate) fn send_until(node: &Arc<Node>, stop: &AtomicBool) {
        deliver::run(node, stop);
    }

    pub(crate) fn block_until(node: &Arc<Node>, stop: &AtomicBool) {
        enforce::run(node, stop);
    }
}

impl std::fmt::Debug for Respond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Respond").finish_non_exhaustive()
    }
}

/// Wakes a thread that waits for work. Rung while nobody waits, it is heard by who waits next.
#[derive(Debug, Default)]
struct Bell {
    is_rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.is_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_all();
    }

    fn wait(&self, at_most: Duration) {
        let is_rung = self.is_rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(is_rung, at_most, |is_rung| !*is_rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}
