//! Messages: groups become messages when their time has come, and messages are sent, at least once each.
//!
//! One thread looks after all; each channel that has something to send has a worker, so that one that hangs delays no other.
//! A message is claimed, sent, and settled. If the process dies in between, it is sent again after the next start, with the
//! same key.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sigyn_respond::retry::{LEASE, Outcome, again};
use sigyn_respond::{Channel, Destination, Notice, SECOND, identity, mail as letter, slack, webhook};
use sigyn_store::Id;
use sigyn_store::catalog::{AlertGroup, Message, NewMessage, Tx};

use super::config::Config;
use super::outgoing::Receiver;
use super::{mail, outgoing};
use crate::{Node, notice, now};

/// How long the thread waits before it looks at the clock.
const PATIENCE: Duration = Duration::from_secs(1);
/// Channels that are sent to at the same time.
const WORKERS_MAX: usize = 16;
/// Groups that become messages in one transaction.
const GROUPS_MAX: usize = 200;
/// How often old messages and groups are removed, in nanoseconds; and how long messages are kept: 30 days.
const TIDY_EVERY: i64 = 60 * SECOND;
const KEPT: i64 = 30 * 86_400 * SECOND;
/// A channel that fails is left alone for so long at most, whatever its messages wait for.
const PAUSE_MAX: i64 = 300 * SECOND;

/// Looks after messages until it is told to stop.
pub(super) fn run(node: &Arc<Node>, stop: &AtomicBool) {
    let mut sender =
        Sender { node, halt: Arc::default(), workers: HashMap::new(), paused: HashMap::new(), tidied: 0 };
    // Nobody else has this folder: what was claimed when the last process ended is nobody's now.
    let mut is_released = false;
    while !stop.load(Ordering::Acquire) {
        is_released = is_released || node.catalog().write(|tx| tx.release_claims()).is_ok();
        // What fails here, because the disk is full or the catalog is busy, is there the next time.
        let _ = sender.turn();
        node.respond().deliveries.wait(PATIENCE);
    }
    // Workers are not waited for: one may hang for as long as a receiver lets it. What it has claimed is sent again.
    sender.halt.store(true, Ordering::Release);
}

struct Sender<'n> {
    node: &'n Arc<Node>,
    halt: Arc<AtomicBool>,
    workers: HashMap<String, JoinHandle<Option<i64>>>,
    paused: HashMap<String, i64>,
    tidied: i64,
}

impl Sender<'_> {
    fn turn(&mut self) -> sigyn_store::Result<()> {
        let (catalog, now) = (self.node.catalog(), now());
        let config = self.node.respond().config();
        if catalog.read(|view| view.next_alert_group())?.is_some_and(|due| due <= now) {
            catalog.write(|tx| tell_groups(tx, &config, now))?;
        }
        self.reap();
        for channel in catalog.read(|view| view.due_channels(now))? {
            match config.channels.get(&channel) {
                None => drop(catalog.write(|tx| tx.drop_channel(&channel))?),
                Some(known) if known.is_enabled => self.start(channel, now),
                Some(_) => {}
            }
        }
        if now.saturating_sub(self.tidied) >= TIDY_EVERY {
            self.tidied = now;
            catalog.write(|tx| tidy(tx, &config, now))?;
        }
        Ok(())
    }

    /// Notes which workers are done, and which channels are to be left alone for a time.
    fn reap(&mut self) {
        let done: Vec<String> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.is_finished())
            .map(|(id, _)| id.clone())
            .collect();
        for id in done {
            let outcome = self.workers.remove(&id).map(JoinHandle::join);
            if let Some(Ok(Some(until))) = outcome {
                self.paused.insert(id, until);
            }
        }
    }

    fn start(&mut self, channel: String, now: i64) {
        let is_paused = self.paused.get(&channel).is_some_and(|until| *until > now);
        if is_paused || self.workers.len() >= WORKERS_MAX || self.workers.contains_key(&channel) {
            return;
        }
        let (node, halt, id) = (Arc::clone(self.node), Arc::clone(&self.halt), channel.clone());
        let work = move || {
            let pause = work(&node, &id, &halt);
            node.respond().deliveries.ring();
            pause
        };
        // If there is no thread to be had now, there will be one at the next turn.
        if let Ok(worker) = std::thread::Builder::new().name("send".to_owned()).spawn(work) {
            self.workers.insert(channel, worker);
        }
    }
}

/// Makes messages of the groups that are to be told.
fn tell_groups(tx: &Tx<'_>, config: &Config, now: i64) -> sigyn_store::Result<()> {
    for group in tx.due_alert_groups(now, GROUPS_MAX)? {
        let notice = serde_json::from_str::<Notice>(&group.body).ok();
        let (Some(rule), Some(mut notice)) = (config.rules.get(&group.rule), notice) else {
            tx.remove_alert_group(&group.rule, &group.key)?;
            continue;
        };
        let told = notice.take();
        let first = told.signals.first().map_or("", |signal| signal.id.as_str());
        let total = told.total.to_string();
        let key = format!("alert-{}", Id(identity(&[&group.rule, &group.key, first, &total])));
        let order = Id(identity(&[&group.rule, &group.key])).to_string();
        let payload = serde_json::to_string(&told).unwrap_or_default();
        for channel in rule.channels.iter().filter(|id| config.channels.contains_key(*id)) {
            let new = NewMessage { key: &key, channel, payload: &payload, at: now, due: now, group: &order };
            tx.send(&new)?;
        }
        let body = serde_json::to_string(&notice).unwrap_or_default();
        tx.put_alert_group(&AlertGroup { due: None, told: Some(now), body, ..group })?;
    }
    Ok(())
}

/// Removes groups that are over, and messages of long ago.
fn tidy(tx: &Tx<'_>, config: &Config, now: i64) -> sigyn_store::Result<()> {
    for group in tx.quiet_alert_groups()? {
        let rule = config.rules.get(&group.rule);
        if rule.is_none_or(|rule| group.told.is_none_or(|told| rule.is_over(now, told))) {
            tx.remove_alert_group(&group.rule, &group.key)?;
        }
    }
    tx.trim_outbox(now.saturating_sub(KEPT)).map(drop)
}

/// Sends what a channel has to send. Returns until when to leave it alone.
fn work(node: &Arc<Node>, id: &str, halt: &AtomicBool) -> Option<i64> {
    while !halt.load(Ordering::Acquire) {
        let config = node.respond().config();
        let channel = config.channels.get(id).filter(|channel| channel.is_enabled)?;
        let claimed = node.catalog().write(|tx| tx.claim(id, now(), now().saturating_add(LEASE), 1)).ok()?;
        let message = claimed.into_iter().next()?;
        let outcome = send(&config, channel, &message);
        let pause = settle(node, &message, &outcome);
        node.notices().tell(&notice::Notice::Response);
        if pause.is_some() {
            return pause;
        }
        if matches!(channel.destination, Destination::Slack { .. }) {
            std::thread::sleep(Duration::from_nanos(slack::PACE.unsigned_abs()));
        }
    }
    None
}

/// Writes down how it went. What cannot be written down is sent again when the claim is over.
fn settle(node: &Node, message: &Message, outcome: &Outcome) -> Option<i64> {
    let now = now();
    let (catalog, key) = (node.catalog(), &message.key);
    match outcome {
        Outcome::Sent => {
            let _ = catalog.write(|tx| tx.sent(message, now));
            None
        }
        Outcome::Never { why } => {
            let _ = catalog.write(|tx| tx.not_sent(message, why, None, now));
            None
        }
        Outcome::Later { why, wait_seconds } => {
            let again = again(key, message.attempts, *wait_seconds, now);
            let _ = catalog.write(|tx| tx.not_sent(message, why, again, now));
            Some(again.unwrap_or(now).min(now.saturating_add(PAUSE_MAX)))
        }
    }
}

fn send(config: &Config, channel: &Channel, message: &Message) -> Outcome {
    let made = serde_json::from_str::<Notice>(&message.payload).map_err(|error| error.to_string());
    match made.and_then(|notice| send_notice(config, channel, &notice, &message.key)) {
        Ok(outcome) => outcome,
        Err(why) => Outcome::Never { why },
    }
}

fn send_notice(config: &Config, channel: &Channel, notice: &Notice, key: &str) -> Result<Outcome, String> {
    let (page, targets) = (config.alerting.page.as_deref(), &config.alerting.targets);
    let receiver = Receiver { url: "", authorities: channel.authorities.as_deref() };
    Ok(match &channel.destination {
        Destination::Slack { url } => {
            let body = slack::body(notice, &channel.template, page)?.to_string();
            let receiver = Receiver { url: url.as_deref().unwrap_or_default(), ..receiver };
            outgoing::post(targets, &receiver, &[], &body)
        }
        Destination::Webhook { url, secret } => {
            let body = webhook::body(notice, &channel.template, page)?.to_string();
            signed(targets, &Receiver { url, ..receiver }, secret.as_deref(), key, &body)?
        }
        Destination::Email { .. } => {
            let letter = letter::mail(notice, &channel.template, page, key)?;
            mail::send(targets, channel, &letter)
        }
    })
}

/// Sends a signed request.
pub(super) fn signed(
    targets: &sigyn_respond::Targets,
    receiver: &Receiver<'_>,
    secret: Option<&str>,
    key: &str,
    body: &str,
) -> Result<Outcome, String> {
    let secret = webhook::Secret::parse(secret.unwrap_or_default())?;
    Ok(outgoing::post(targets, receiver, &secret.headers(key, now(), body)?, body))
}
