//! What a signal causes, written in the transaction that writes the signal.

use std::net::IpAddr;
use std::sync::Arc;

use sigyn_respond::policy::{Counts, Decision, MEMORY};
use sigyn_respond::safety::Present;
use sigyn_respond::{Notice, Policy, SECOND, Subject, after, identity};
use sigyn_store::catalog::{Actor, AlertGroup, BlockMode, BlockSpans, BlockState, NewBlock, Tx, View};
use sigyn_store::{Id, Result};

use super::config::Config;
use super::present::present;

/// Nanoseconds of an hour: a refusal of an address is written down once in it.
const HOUR: i64 = 3_600 * SECOND;

/// Decides about the signals of one transaction.
pub(crate) struct Decider {
    config: Arc<Config>,
    now: i64,
    present: Option<Present>,
    is_anything: bool,
}

impl Decider {
    pub(crate) fn new(config: Arc<Config>, now: i64) -> Self {
        Self { config, now, present: None, is_anything: false }
    }

    /// Whether no signal can cause anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.config.is_idle()
    }

    /// Whether something is to be done now.
    pub(crate) fn is_anything(&self) -> bool {
        self.is_anything
    }

    /// Writes what a new signal causes.
    pub(crate) fn signal(&mut self, tx: &Tx<'_>, subject: &Subject) -> Result<()> {
        self.tell(tx, subject)?;
        self.block(tx, subject)
    }

    fn tell(&mut self, tx: &Tx<'_>, subject: &Subject) -> Result<()> {
        let config = Arc::clone(&self.config);
        let mut wanting = config.rules.iter().filter(|(_, rule)| rule.wants(subject, self.now)).peekable();
        if wanting.peek().is_none() || !config.silenced_by(subject, self.now).is_empty() {
            return Ok(());
        }
        for (id, rule) in wanting {
            let key = rule.group_of(subject);
            let known = tx.alert_group(id, &key)?;
            let mut notice: Notice =
                known.as_ref().and_then(|group| serde_json::from_str(&group.body).ok()).unwrap_or_default();
            notice.alert_rule.clone_from(&rule.name);
            notice.add(subject);
            let told = known.as_ref().and_then(|group| group.told);
            let due = known.and_then(|group| group.due).unwrap_or_else(|| rule.due(self.now, told));
            let body = serde_json::to_string(&notice).unwrap_or_default();
            tx.put_alert_group(&AlertGroup { rule: id.clone(), key, due: Some(due), told, body })?;
            self.is_anything = true;
        }
        Ok(())
    }

    fn block(&mut self, tx: &Tx<'_>, subject: &Subject) -> Result<()> {
        let config = Arc::clone(&self.config);
        for (id, policy) in &config.policies {
            if !policy.wants(subject, &config.safety, self.now) {
                continue;
            }
            let present = match self.present.take() {
                Some(present) => present,
                None => present(tx, self.now)?,
            };
            let decision =
                policy.decide(subject, &config.safety, &present, self.now, |address, is_dry_run| {
                    counts(tx, address, is_dry_run, self.now)
                })?;
            self.present = Some(present);
            let who = format!("policy:{}", policy.name);
            let actor = Actor { name: &who, at: self.now };
            match decision {
                Decision::Nothing | Decision::Refuse { address: None, .. } => {}
                Decision::Refuse { address: Some(address), why } => {
                    let hour = self.now.div_euclid(HOUR).to_string();
                    let block = Id(identity(&["refused", id, &address.to_string(), &hour]));
                    let is_dry_run = policy.is_dry(&config.safety);
                    let new = new_block(block, address, is_dry_run, subject, self.now);
                    if new.add(tx, &actor, &policy.name)? {
                        tx.set_block_state(block, BlockState::Refused, Some(&why), self.now)?;
                        self.is_anything = true;
                    }
                }
                Decision::Block { address, is_dry_run, seconds } => {
                    let block = Id(identity(&["block", id, &subject.id]));
                    let until = after(self.now, seconds);
                    let new = new_block(block, address, is_dry_run, subject, until);
                    self.is_anything |= new.add(tx, &actor, &policy.name)?;
                    // One block for one signal is enough.
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// What a policy decides about a signal.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The policy's id.
    pub policy: String,
    /// Its name.
    pub name: String,
    /// Whether its blocks are only written down.
    pub is_dry_run: bool,
    /// What it decides.
    pub decision: Decision,
}

/// What the policies decide about a signal, however old it is.
pub(super) fn verdicts(
    view: &View<'_>,
    config: &Config,
    subject: &Subject,
    now: i64,
) -> Result<Vec<Verdict>> {
    let present = present(view, now)?;
    let verdict = |(id, policy): (&String, &Policy)| {
        // As if it had happened now.
        let policy = Policy { age_seconds_max: None, ..policy.clone() };
        let decision = policy.decide(subject, &config.safety, &present, now, |address, is_dry_run| {
            counts(view, address, is_dry_run, now)
        })?;
        let is_dry_run = policy.is_dry(&config.safety);
        Ok(Verdict { policy: id.clone(), name: policy.name, is_dry_run, decision })
    };
    config.policies.iter().map(verdict).collect()
}

/// A block that a signal causes.
struct Caused<'s> {
    id: Id,
    address: String,
    mode: BlockMode,
    subject: &'s Subject,
    until: i64,
}

fn new_block(id: Id, address: IpAddr, is_dry_run: bool, subject: &Subject, until: i64) -> Caused<'_> {
    let mode = if is_dry_run { BlockMode::DryRun } else { BlockMode::Real };
    Caused { id, address: address.to_string(), mode, subject, until }
}

impl Caused<'_> {
    fn add(&self, tx: &Tx<'_>, actor: &Actor<'_>, policy: &str) -> Result<bool> {
        let reason = format!("{policy}: {}", self.subject.title);
        let new = NewBlock {
            id: self.id,
            address: &self.address,
            mode: self.mode,
            reason: &reason,
            signal: Id::parse(&self.subject.id),
            rule: Some(&self.subject.rule),
            until: self.until,
        };
        tx.add_block(&new, actor)
    }
}

/// How many blocks there are and were, as policies ask for it.
pub(super) fn counts(view: &View<'_>, address: IpAddr, is_dry_run: bool, now: i64) -> Result<Counts> {
    let address = address.to_string();
    let counts = view.block_counts(&BlockSpans {
        address: &address,
        mode: if is_dry_run { BlockMode::DryRun } else { BlockMode::Real },
        now,
        memory: now.saturating_sub(MEMORY),
        minute: now.saturating_sub(60 * SECOND),
        hour: now.saturating_sub(HOUR),
    })?;
    Ok(Counts {
        is_blocked: counts.in_force > 0,
        of_address: counts.of_address,
        in_minute: counts.in_minute,
        in_hour: counts.in_hour,
        at_once: counts.at_once,
    })
}
