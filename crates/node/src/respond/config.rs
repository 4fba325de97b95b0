//! The settings of alerting and blocking, as they stand in the catalog: one document each.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigyn_respond::{AlertRule, Alerting, Channel, Policy, Refusal, Safety, Silence};
use sigyn_store::catalog::{Document, View};

/// The id of documents of which there is one.
pub const ONLY: &str = "main";
/// Documents of a kind at most.
pub const DOCUMENTS_MAX: usize = 500;

/// What a document of the catalog can say.
pub trait Kept: Serialize + DeserializeOwned + Clone {
    /// Its kind, as it is named in the catalog, in the audit trail and to people.
    const KIND: &'static str;

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    fn check(&self) -> Result<(), Refusal>;

    /// The same without secrets: what the audit trail says of it.
    #[must_use]
    fn masked(&self) -> Self {
        self.clone()
    }
}

macro_rules! kept {
    ($($type:ty = $kind:literal),* $(,)?) => {
        $(impl Kept for $type {
            const KIND: &'static str = $kind;

            fn check(&self) -> Result<(), Refusal> {
                <$type>::check(self)
            }
        })*
    };
}

impl Kept for Channel {
    const KIND: &'static str = "channel";

    fn check(&self) -> Result<(), Refusal> {
        Self::check(self)
    }

    fn masked(&self) -> Self {
        Self::masked(self)
    }
}

kept! {
    AlertRule = "alert rule",
    Silence = "silence",
    Policy = "policy",
    Safety = "response",
    Alerting = "alerting",
}

/// All settings at one time.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Channels by id.
    pub channels: BTreeMap<String, Channel>,
    /// Alert rules by id.
    pub rules: BTreeMap<String, AlertRule>,
    /// Silences by id.
    pub silences: BTreeMap<String, Silence>,
    /// Response policies by id.
    pub policies: BTreeMap<String, Policy>,
    /// What holds for all blocks.
    pub safety: Safety,
    /// What holds for all alerts.
    pub alerting: Alerting,
}

impl Config {
    /// Reads the settings. A document that cannot be read, because a newer version wrote it, counts for nothing; with one
    /// exception: without its safety settings nothing is blocked.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn read(view: &View<'_>) -> sigyn_store::Result<Self> {
        Ok(Self {
            channels: all(view)?,
            rules: all(view)?,
            silences: all(view)?,
            policies: all(view)?,
            safety: one(view)?.unwrap_or_default(),
            alerting: one(view)?.unwrap_or_default(),
        })
    }

    /// Whether a signal can cause anything: looking at it closely is only worth it then.
    pub fn is_idle(&self) -> bool {
        let has_policy = self.safety.mode != sigyn_respond::Mode::Off && !self.policies.is_empty();
        self.rules.is_empty() && !has_policy
    }

    /// The ids of the silences that cover a signal now.
    pub fn silenced_by(&self, subject: &sigyn_respond::Subject, now: i64) -> Vec<String> {
        let covering = self.silences.iter().filter(|(_, silence)| silence.covers(subject, now));
        covering.map(|(id, _)| id.clone()).collect()
    }
}

/// What a document says; none if it cannot be read.
pub fn parse<T: Kept>(document: &Document) -> Option<T> {
    serde_json::from_str(&document.body).ok()
}

fn all<T: Kept>(view: &View<'_>) -> sigyn_store::Result<BTreeMap<String, T>> {
    let documents = view.documents(T::KIND)?;
    Ok(documents.into_iter().filter_map(|one| parse(&one).map(|read| (one.id, read))).collect())
}

fn one<T: Kept>(view: &View<'_>) -> sigyn_store::Result<Option<T>> {
    Ok(view.document(T::KIND, ONLY)?.and_then(|document| parse(&document)))
}
