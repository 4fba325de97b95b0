//! Hunts over the lake, as they are ordered: what is asked for must mean something now, and is worked off later.

mod again;
mod awake;
mod columns;
mod fill;
mod forms;
mod found;
mod layout;
mod numbers;
mod scan;
mod stand_in;
mod work;

pub(crate) use work::work;

use sigyn_correlate::Id as Hash;
use sigyn_store::Id;
use sigyn_store::catalog::{HuntKind, NewHunt, Tx};

use crate::notice::Notice;
use crate::{Error, Node, Result, now};

/// Hunts that wait or run at most.
const WAITING_MAX: u64 = 100;
/// Hunts that are kept with their results; of older ones those that are over are forgotten.
const KEPT_MAX: usize = 200;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// What people call it.
    pub name: String,
    /// What comes of its detections.
    pub kind: HuntKind,
    /// The uids of its rules; all that are in force if there are none.
    pub rules: Vec<String>,
    /// The uid of a rule whose whole chain is meant, instead.
    pub chain: Option<String>,
    /// Detections at or after, in nanoseconds UTC.
    pub since: i64,
    /// Before.
    pub until: i64,
    /// Who asks.
    pub by: String,
}

impl Node {
    /// Orders a hunt; `beside` writes what belongs to it into the same transaction. Returns its id.
    ///
    /// # Errors
    /// If it has no meaning, names a rule that is not there, too many wait, or what the catalog says.
    pub fn order_hunt(
        &self,
        order: &Order,
        beside: impl FnOnce(&Tx<'_>, i64, Id) -> sigyn_store::Result<()>,
    ) -> Result<Id> {
        if order.since >= order.until {
            return Err(Error::invalid("a hunt ends after it begins"));
        }
        if order.chain.is_some() && !order.rules.is_empty() {
            return Err(Error::invalid("a hunt has rules or a chain"));
        }
        let book = self.book();
        for uid in order.rules.iter().chain(&order.chain) {
            if book.find(uid).is_none() {
                return Err(Error::missing(format!("there is no rule {uid}")));
            }
        }
        let (started, number) = (self.started().to_le_bytes(), self.next_batch().to_le_bytes());
        let id = Id(Hash::of(&[b"hunt", &started, &number]).0);
        let at = now();
        let taken = self.catalog().write(|tx| {
            if tx.hunts_to_do()? >= WAITING_MAX {
                return Ok(false);
            }
            tx.add_hunt(&NewHunt {
                id,
                name: &order.name,
                kind: order.kind,
                rules: &order.rules,
                chain: order.chain.as_deref(),
                since: order.since,
                until: order.until,
                made: at,
                made_by: &order.by,
            })?;
            tx.trim_hunts(KEPT_MAX)?;
            beside(tx, at, id)?;
            Ok(true)
        })?;
        if !taken {
            return Err(Error::too_many(format!("{WAITING_MAX} hunts wait already")));
        }
        self.notices().tell(&Notice::Hunts);
        Ok(id)
    }
}
