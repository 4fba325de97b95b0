//! Keeps what is stored in order: small files of the lake put together, old ones removed, all of them read now and then to see
//! whether they are as they were written; closed signals removed when their time has come.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sigyn_store::catalog::SplitQuery;
use sigyn_store::lake::Retention;

use crate::notice::Notice;
use crate::run::rest;
use crate::storage::Policy;
use crate::{Node, Result, backup, now, storage};

/// Bytes that are read each time to see whether they are as they were written: the lake as a whole in the course of days.
const VERIFIED_MAX: u64 = 2 << 30;
/// Signals that are removed in one transaction: new ones wait for that long.
const SIGNALS_AT_ONCE: usize = 1_000;
/// Signals that are looked for at once, to be removed.
const SIGNALS_MAX: usize = 100_000;
/// Others who write come in between.
const PAUSE: Duration = Duration::from_millis(50);

/// Works until it is told to stop.
pub(crate) fn upkeep(node: &Arc<Node>, stop: &AtomicBool) {
    let mut verified = HashSet::new();
    let (every, first) = node.pace.upkeep;
    rest(first, stop);
    while !stop.load(Ordering::Acquire) {
        if let Err(error) = once(node, &mut verified, stop) {
            node.health().lake_damaged(error.told());
            node.notices().tell(&Notice::Storage);
        }
        rest(every, stop);
    }
}

/// Removes what a crash has left, before anybody writes.
pub(crate) fn sweep(node: &Node) -> Result<()> {
    backup::sweep(node)?;
    let swept = node.lake().sweep(node.catalog())?;
    for path in swept.missing {
        node.health().lake_damaged(format!("{path} is not there"));
    }
    Ok(())
}

fn once(node: &Node, verified: &mut HashSet<String>, stop: &AtomicBool) -> Result<()> {
    let now = now();
    let policy = node.catalog().read(storage::policy)?;
    let mut outcome = Ok(());
    // Who reads the lake has listed its files: they stay until that is over.
    if let Some(_nobody_reads) = node.reading().alone() {
        let retention = Retention { since: policy.since(now), bytes_max: policy.lake_bytes_max };
        let removed = node.lake().expire(node.catalog(), &retention)?;
        let goes_on = || !stop.load(Ordering::Acquire);
        let compacted = node.lake().compact_while(node.catalog(), now, &goes_on);
        if !removed.is_empty() || compacted.as_ref().is_ok_and(|done| done.added > 0) {
            node.notices().tell(&Notice::Storage);
        }
        outcome = compacted.map(drop);
    }
    remove_signals(node, &policy, now, stop)?;
    verify(node, verified, stop)?;
    Ok(outcome?)
}

/// Removes closed signals whose time has come. Nobody has to wait for it, hunts included: their detections are their own.
fn remove_signals(node: &Node, policy: &Policy, now: i64, stop: &AtomicBool) -> Result<()> {
    let Some(before) = policy.signals_since(now) else { return Ok(()) };
    let mut removed = 0;
    loop {
        let numbers = node.catalog().read(|view| view.outdated_signals(before, SIGNALS_MAX))?;
        for portion in numbers.chunks(SIGNALS_AT_ONCE) {
            if stop.load(Ordering::Acquire) {
                return Ok(());
            }
            removed += storage::remove_signals(node, before, portion)?;
            std::thread::sleep(PAUSE);
        }
        if numbers.len() < SIGNALS_MAX {
            break;
        }
    }
    if removed > 0 {
        node.notices().tell(&Notice::SignalsChanged);
        node.notices().tell(&Notice::Storage);
    }
    Ok(())
}

/// Reads files that have not been read for longest.
fn verify(node: &Node, verified: &mut HashSet<String>, stop: &AtomicBool) -> Result<()> {
    let _reading = node.reading().with_others();
    let splits = node.catalog().read(|view| view.splits(&SplitQuery::default()))?;
    let known: HashSet<&str> = splits.iter().map(|split| split.path.as_str()).collect();
    verified.retain(|path| known.contains(path.as_str()));
    if verified.len() >= splits.len() {
        verified.clear();
    }
    let mut bytes = 0;
    for split in &splits {
        if bytes >= VERIFIED_MAX || stop.load(Ordering::Acquire) {
            break;
        }
        if !verified.insert(split.path.clone()) {
            continue;
        }
        bytes += split.bytes;
        if let Err(error) = node.lake().open_split(split).and_then(|open| open.verify()) {
            node.health().lake_damaged(error.to_string());
            node.notices().tell(&Notice::Storage);
        }
    }
    Ok(())
}
