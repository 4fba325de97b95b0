//! Snapshots: a machine as bytes, with a version, the plan's fingerprint and a checksum.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Correlating, Degraded, Machine};
use crate::input::{Pending, Sources};
use crate::keys::{Keys, KeysImage};
use crate::plan::Plan;

/// What every snapshot begins with.
const MAGIC: &[u8; 8] = b"sigyncor";
/// The version of the form. A change of any state's fields is a new version.
const VERSION: u32 = 6;
/// Room that a snapshot begins with: most need no more, and what is not used was never there. Of a buffer that doubles as it
/// grows the system would clear twice as many pages, which took as long as writing.
const SPARE_BYTES: usize = 1 << 20;
const GROUP_BYTES: usize = 1_200;

/// Why a snapshot cannot be taken up. The way out is always the same: start from the event store (E44).
#[derive(Debug)]
pub struct SnapshotError(Kind);

#[derive(Debug)]
enum Kind {
    NotASnapshot,
    Version(u32),
    OtherRules,
    Damaged,
}

impl SnapshotError {
    /// Whether it was made with other rules, or with rules that were edited since.
    pub fn is_of_other_rules(&self) -> bool {
        matches!(self.0, Kind::OtherRules)
    }

    /// Whether bytes were lost or changed.
    pub fn is_damaged(&self) -> bool {
        matches!(self.0, Kind::Damaged | Kind::NotASnapshot)
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NotASnapshot => f.write_str("not a snapshot of correlations"),
            Kind::Version(version) => {
                write!(f, "the snapshot has version {version}, this program reads version {VERSION}")
            }
            Kind::OtherRules => f.write_str("the snapshot was made with other rules or other limits"),
            Kind::Damaged => f.write_str("the snapshot is damaged: its checksum does not fit"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// What is kept of a machine, as it is read back.
#[derive(Deserialize)]
struct Image {
    sources: Vec<Arc<str>>,
    rules: Vec<Option<RuleImage>>,
    watched: Pending,
    watermark: i64,
    active: Option<i64>,
    latest: i64,
    degraded: Vec<Degraded>,
}

#[derive(Deserialize)]
struct RuleImage {
    pending: Pending,
    keys: KeysImage,
    inventory_from: Option<i64>,
}

/// The same as it is written, where it lies: nothing is copied first.
#[derive(Serialize)]
struct Picture<'m> {
    sources: &'m [Arc<str>],
    rules: Vec<Option<RulePicture<'m>>>,
    watched: &'m Pending,
    watermark: i64,
    active: Option<i64>,
    latest: i64,
    degraded: &'m [Degraded],
}

#[derive(Serialize)]
struct RulePicture<'m> {
    pending: &'m Pending,
    keys: &'m Keys,
    inventory_from: Option<i64>,
}

impl Machine {
    /// The machine as bytes. [`restore`](Self::restore) gives one that goes on as this one does.
    ///
    /// # Errors
    /// None in practice: the state is plain data. The error is there because the encoder has one.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let rules = self.rules.iter().map(|rule| {
            rule.as_ref().map(|rule| RulePicture {
                pending: &rule.pending,
                keys: &rule.keys,
                inventory_from: rule.inventory_from,
            })
        });
        let picture = Picture {
            sources: self.sources.names(),
            rules: rules.collect(),
            watched: &self.watched,
            watermark: self.watermark,
            active: self.active,
            latest: self.latest,
            degraded: &self.degraded,
        };
        let groups: usize = self.rules.iter().flatten().map(|rule| rule.keys.len()).sum();
        let mut bytes = Vec::with_capacity(SPARE_BYTES + groups * GROUP_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.plan.fingerprint().0);
        let sum = bytes.len();
        bytes.extend_from_slice(&checksum(&[]));
        let start = bytes.len();
        let mut bytes = postcard::to_extend(&picture, bytes).map_err(|_| SnapshotError(Kind::Damaged))?;
        let checksum = checksum(bytes.get(start..).unwrap_or_default());
        if let Some(place) = bytes.get_mut(sum..start) {
            place.copy_from_slice(&checksum);
        }
        Ok(bytes)
    }

    /// A machine from bytes, for the plan that they were made with.
    ///
    /// # Errors
    /// The bytes are no snapshot, of another version, of other rules, or damaged.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let fail = |kind| Err(SnapshotError(kind));
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return fail(Kind::NotASnapshot) };
        let Some((version, rest)) = rest.split_first_chunk::<4>() else { return fail(Kind::Damaged) };
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return fail(Kind::Version(version));
        }
        let Some((fingerprint, rest)) = rest.split_first_chunk::<16>() else { return fail(Kind::Damaged) };
        let Some((checksum, body)) = rest.split_first_chunk::<8>() else { return fail(Kind::Damaged) };
        if self::checksum(body) != *checksum {
            return fail(Kind::Damaged);
        }
        let mut machine = Self::new(plan);
        if machine.plan.fingerprint().0 != *fingerprint {
            return fail(Kind::OtherRules);
        }
        let Ok(image) = postcard::from_bytes::<Image>(body) else { return fail(Kind::Damaged) };
        if machine.rules.len() != image.rules.len() {
            return fail(Kind::Damaged);
        }
        let mut sources = Sources::default();
        for name in &image.sources {
            sources.number(name);
        }
        machine.sources = sources;
        for (rule, image) in machine.rules.iter_mut().zip(image.rules) {
            *rule = image.map(|image| Correlating {
                pending: image.pending,
                keys: image.keys.into(),
                inventory_from: image.inventory_from,
                visited: None,
            });
        }
        machine.watched = image.watched;
        machine.watermark = image.watermark;
        machine.active = image.active;
        machine.latest = image.latest;
        machine.degraded = image.degraded;
        Ok(machine)
    }
}

/// Tells lost and changed bytes. It need not withstand anybody: who can write a snapshot can write its checksum.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    twox_hash::XxHash3_64::oneshot(bytes).to_le_bytes()
}
