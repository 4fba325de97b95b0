//! Blocks: put in force, taken back, ended, and looked at whether they still hold.
//!
//! One thread does all of it, from what stands in the catalog; so it does not matter when it was killed. The kernel ends
//! blocks by itself, whether this process lives or not. What is real is asked for and then read back: `active` means that the
//! kernel has said so.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use sigyn_blocker::protocol::{Reply, Request};
use sigyn_event::Timestamp;
use sigyn_respond::retry::Outcome;
use sigyn_respond::safety::{Backend, Present};
use sigyn_respond::{Destination, Mode, SECOND, parse};
use sigyn_store::Id;
use sigyn_store::catalog::{Block, BlockMode, BlockState};

use super::config::Config;
use super::deliver::signed;
use super::outgoing::Receiver;
use super::present::present;
use crate::{Node, notice, now};

/// How long the thread waits before it looks at the clock.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often blocks in force are looked at, in nanoseconds.
const LOOK_EVERY: i64 = 30 * SECOND;
/// Blocks that are worked on in one go.
const BLOCKS_MAX: usize = 1_000;
/// The longest wait before a block that failed is tried again; and when it is given up, after it was asked for.
const RETRY_MAX: i64 = 30 * SECOND;
const GIVE_UP_AFTER: i64 = 300 * SECOND;

/// Looks after blocks until it is told to stop.
pub(super) fn run(node: &Arc<Node>, stop: &AtomicBool) {
    let mut enforcer = Enforcer { node, retry: HashMap::new(), looked: 0, looked_with: Arc::default() };
    while !stop.load(Ordering::Acquire) {
        // What fails here is there the next time.
        if let Ok(true) = enforcer.turn() {
            node.notices().tell(&notice::Notice::Response);
        }
        node.respond().blocks.wait(PATIENCE);
    }
}

struct Enforcer<'n> {
    node: &'n Arc<Node>,
    /// When to try again what failed, and how long that wait was.
    retry: HashMap<Id, (i64, i64)>,
    looked: i64,
    /// The settings with which blocks in force were looked at last.
    looked_with: Arc<Config>,
}

/// Why something could not be done.
enum Failure {
    /// It may work later.
    Later(String),
    /// It will not.
    Never(String),
}

/// What was done, and what shows it.
type Done = Result<String, Failure>;

impl Enforcer<'_> {
    /// Does what there is to do. Returns whether anything has changed.
    fn turn(&mut self) -> sigyn_store::Result<bool> {
        let (now, config) = (now(), self.node.respond().config());
        let mut is_changed = false;
        let is_other = !Arc::ptr_eq(&config, &self.looked_with);
        if is_other || now.saturating_sub(self.looked) >= LOOK_EVERY {
            (self.looked, self.looked_with) = (now, Arc::clone(&config));
            is_changed |= self.look(&config, now)?;
        }
        for block in self.node.catalog().read(|view| view.blocks_to_do(now, BLOCKS_MAX))? {
            if self.retry.get(&block.id).is_none_or(|(due, _)| *due <= now) {
                self.work_on(&config, &block, now)?;
                is_changed = true;
            }
        }
        Ok(is_changed)
    }

    fn work_on(&mut self, config: &Config, block: &Block, now: i64) -> sigyn_store::Result<()> {
        let is_over = block.until <= now;
        let (done, next) = match block.state {
            BlockState::Requested if is_over => (
                Err(Failure::Never("its time was over before it was put in force".to_owned())),
                BlockState::Failed,
            ),
            BlockState::Requested => (self.put(config, block, now), BlockState::Active),
            BlockState::Undoing => (self.lift(config, block), BlockState::Undone),
            _ => (self.end(config, block), BlockState::Expired),
        };
        match done {
            Ok(proof) => self.settle(block, next, &proof, now),
            Err(Failure::Never(why)) => {
                let failed = if block.state == BlockState::Requested { BlockState::Failed } else { next };
                self.settle(block, failed, &why, now)
            }
            Err(Failure::Later(why)) => {
                let is_late = now.saturating_sub(block.changed.max(block.made)) >= GIVE_UP_AFTER;
                if block.state == BlockState::Requested && is_late {
                    return self.settle(block, BlockState::Failed, &why, now);
                }
                let wait = self.retry.get(&block.id).map_or(SECOND, |(_, wait)| (wait * 2).min(RETRY_MAX));
                self.retry.insert(block.id, (now.saturating_add(wait), wait));
                self.note(block, &why)
            }
        }
    }

    fn settle(&mut self, block: &Block, state: BlockState, proof: &str, now: i64) -> sigyn_store::Result<()> {
        self.retry.remove(&block.id);
        let set = self.node.catalog().write(|tx| tx.set_block_state(block.id, state, Some(proof), now));
        match set {
            // Somebody has changed it meanwhile: the next turn sees what it is now.
            Err(error) if error.is_conflict() => Ok(()),
            other => other,
        }
    }

    fn note(&self, block: &Block, why: &str) -> sigyn_store::Result<()> {
        if block.proof.as_deref() == Some(why) {
            return Ok(());
        }
        self.node.catalog().write(|tx| tx.set_block_proof(block.id, why))
    }

    /// Puts a block in force, if it still may be.
    fn put(&self, config: &Config, block: &Block, now: i64) -> Done {
        if block.mode == BlockMode::DryRun {
            return Ok("dry run: nothing is blocked".to_owned());
        }
        if config.safety.mode != Mode::Real {
            return Err(Failure::Never("response is no longer set to block".to_owned()));
        }
        let address = address(block)?;
        let present = self.present(now)?;
        // Whether addresses of one's own networks are meant was decided when it was asked for; the helper decides again.
        config.safety.may_block(address, true, &present).map_err(Failure::Never)?;
        let nanos = block.until.saturating_sub(now);
        let seconds = u32::try_from(nanos / SECOND).unwrap_or(u32::MAX).max(1);
        match &config.safety.backend {
            Backend::Nftables => self.put_with_helper(address, seconds),
            Backend::Hook { channel } => hook(config, channel, "block", block),
        }
    }

    fn put_with_helper(&self, address: IpAddr, seconds: u32) -> Done {
        self.ask(Request::Block { address, seconds })?;
        match self.ask(Request::Show { address })? {
            Reply::InForce { seconds } => Ok(format!(
                "nftables: the address is in the kernel's set for {seconds} s more, and the rule that drops it is in place"
            )),
            _ => Err(Failure::Later("the kernel does not have it although it was put there".to_owned())),
        }
    }

    /// Takes a block back.
    fn lift(&self, config: &Config, block: &Block) -> Done {
        if block.mode == BlockMode::DryRun {
            return Ok("dry run: nothing was blocked".to_owned());
        }
        let address = address(block)?;
        if let Backend::Hook { channel } = &config.safety.backend {
            hook(config, channel, "unblock", block)?;
        }
        if self.node.respond().helper.is_none() {
            return Ok("the hook was told to unblock it".to_owned());
        }
        self.ask(Request::Unblock { address })?;
        match self.ask(Request::Show { address })? {
            Reply::Absent => Ok("nftables: the address is no longer in the kernel's set".to_owned()),
            _ => Err(Failure::Later("the kernel still has it although it was removed".to_owned())),
        }
    }

    /// Makes sure that a block has ended whose time is over.
    fn end(&self, config: &Config, block: &Block) -> Done {
        if block.mode == BlockMode::DryRun {
            return Ok("dry run: nothing was blocked".to_owned());
        }
        if config.safety.backend != Backend::Nftables || self.node.respond().helper.is_none() {
            return self.lift(config, block);
        }
        match self.ask(Request::Show { address: address(block)? })? {
            Reply::Absent => Ok("nftables: the kernel has ended it".to_owned()),
            // Its clock and ours differ by less than this; then it is ended by hand.
            Reply::InForce { seconds } if seconds <= 2 => Err(Failure::Later("about to end".to_owned())),
            _ => self.lift(config, block),
        }
    }

    /// Looks at the blocks in force: whether they may be any longer, and whether they are.
    fn look(&self, config: &Config, now: i64) -> sigyn_store::Result<bool> {
        let active = self.node.catalog().read(|view| view.blocks(Some(BlockState::Active), BLOCKS_MAX))?;
        let real = active.iter().filter(|block| block.mode == BlockMode::Real && block.until > now);
        let real: Vec<&Block> = real.collect();
        if real.is_empty() {
            return Ok(false);
        }
        let Ok(present) = self.present(now) else { return Ok(false) };
        let mut is_changed = false;
        for block in real {
            let Ok(address) = address(block) else { continue };
            let next = match config.safety.may_block(address, true, &present) {
                Err(why) => Some((BlockState::Undoing, why)),
                Ok(()) => self.is_lost(config, address).then(|| {
                    (BlockState::Requested, "the kernel had lost it; it is put in force again".to_owned())
                }),
            };
            let Some((state, why)) = next else { continue };
            is_changed = true;
            let set = self.node.catalog().write(|tx| match state {
                BlockState::Requested => {
                    tx.set_block_until(block.id, block.until, now)?;
                    tx.set_block_proof(block.id, &why)
                }
                _ => tx.set_block_state(block.id, state, Some(&why), now),
            });
            set.or_else(|error| if error.is_conflict() { Ok(()) } else { Err(error) })?;
        }
        Ok(is_changed)
    }

    /// Whether the kernel says that it does not have an address, as after a restart of the machine.
    fn is_lost(&self, config: &Config, address: IpAddr) -> bool {
        config.safety.backend == Backend::Nftables
            && matches!(self.ask(Request::Show { address }), Ok(Reply::Absent))
    }

    fn present(&self, now: i64) -> Result<Present, Failure> {
        let read = self.node.catalog().read(|view| present(view, now));
        read.map_err(|error| Failure::Later(error.to_string()))
    }

    /// Asks the helper. What it refuses stays refused.
    fn ask(&self, request: Request) -> Result<Reply, Failure> {
        let helper = self.node.respond().helper.as_ref();
        let helper = helper.ok_or_else(|| {
            Failure::Never(
                "there is no helper that could block: the server was started without --blocker".to_owned(),
            )
        })?;
        match helper.ask(request) {
            Ok(Reply::Refused(why)) => Err(Failure::Never(format!("the helper refuses: {why}"))),
            Ok(Reply::Failed(why)) => Err(Failure::Later(format!("the helper fails: {why}"))),
            Ok(reply) => Ok(reply),
            Err(error) => Err(Failure::Later(format!("the helper cannot be asked: {error}"))),
        }
    }
}

fn address(block: &Block) -> Result<IpAddr, Failure> {
    parse(&block.address).ok_or_else(|| Failure::Never(format!("`{}` is no address", block.address)))
}

/// Tells the hook of a block.
fn hook(config: &Config, channel: &str, verb: &str, block: &Block) -> Done {
    let known = config.channels.get(channel);
    let Some((known, Destination::Webhook { url, secret })) = known.map(|known| (known, &known.destination))
    else {
        return Err(Failure::Later(format!("the hook's channel {channel} is not there")));
    };
    let receiver = Receiver { url, authorities: known.authorities.as_deref() };
    let id = block.id.to_string();
    let body = json!({
        "type": verb,
        "data": {
            "id": id, "address": block.address, "until": Timestamp(block.until).to_string(), "reason": block.reason,
            "signal": block.signal.map(|id| id.to_string()), "rule": block.rule, "made_by": block.made_by,
        },
    });
    let key = format!("{verb}-{id}-{}", block.until);
    let sent = signed(&config.alerting.targets, &receiver, secret.as_deref(), &key, &body.to_string());
    match sent.map_err(Failure::Never)? {
        Outcome::Sent => Ok(format!("the hook has taken `{verb}`; whether it holds is its receiver's word")),
        Outcome::Later { why, .. } => Err(Failure::Later(format!("the hook: {why}"))),
        Outcome::Never { why } => Err(Failure::Never(format!("the hook: {why}"))),
    }
}
