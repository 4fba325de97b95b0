//! Opening: what is there, what a crash has left unfinished, and where to go on.

use std::io;
use std::path::Path;

use crate::disk::{self, read_full, shown};
use crate::wal::frame::{self, Head, Kind};
use crate::wal::scan::{Found, Scan};
use crate::wal::segment::Segment;
use crate::wal::window::Window;
use crate::wal::{Damage, DamageKind, Item};
use crate::{Disk, Error, Id, Result};

/// What was found in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many sound events were read.
    pub entries: u64,
    /// What is not as it was written, in order.
    pub damages: Vec<Damage>,
}

impl Report {
    /// Whether nothing is damaged.
    pub fn is_clean(&self) -> bool {
        self.damages.is_empty()
    }

    pub(super) fn add(&mut self, item: Item<'_>) {
        match item {
            Item::Entry(_) => self.entries += 1,
            Item::Damage(damage) => self.damages.push(damage),
        }
    }
}

pub(super) struct Opened {
    pub(super) lock: Box<dyn Send + Sync>,
    pub(super) segments: Vec<Segment>,
    /// The last record that is there.
    pub(super) last: u64,
    /// The number for the next one.
    pub(super) next: u64,
    pub(super) window: Window,
    pub(super) report: Report,
}

pub(super) fn open(disk: &dyn Disk, folder: &Path, ids_max: usize) -> Result<Opened> {
    let failed = |error| Error::io(format!("the event log in {} cannot be opened", folder.display()), error);
    disk.create_folder(folder).map_err(failed)?;
    let lock = disk.lock(folder).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => {
            Error::refused(format!("another process has the event log in {}", folder.display()))
        }
        _ => failed(error),
    })?;
    let files = disk.files(folder).map_err(failed)?;
    let parsed = files.into_iter().filter_map(|(name, length)| Segment::parse(folder, &name, length));
    let mut segments: Vec<Segment> = parsed.collect();
    segments.sort_by_key(|segment| segment.first);

    let mut report = Report::default();
    let (mut last, mut next) = (0, 1);
    let (mut ids, mut records) = (Vec::new(), 0);
    if let Some(segment) = segments.last_mut() {
        let scanned = scan(disk, segment, &mut report)?;
        last = scanned.last.max(segment.first.saturating_sub(1));
        next = last.max(segment.first) + 1;
        if let Some(torn) = scanned.torn {
            // Its numbers are never given again: somebody may have read them before the damage.
            next += segment.length - torn;
            set_aside(disk, segment, torn).map_err(failed)?;
            segment.length = torn;
        }
        ids.push(scanned.ids);
        records = scanned.records;
    }
    for segment in segments.iter().rev().skip(1) {
        // As far as so many records reach, whether they have names or not: an opening is not to read gigabytes.
        if records >= ids_max {
            break;
        }
        // Damage here is told to those who read it.
        let scanned = scan(disk, segment, &mut Report::default())?;
        ids.push(scanned.ids);
        records += scanned.records;
    }
    let mut window = Window::new(ids_max);
    ids.into_iter().rev().flatten().for_each(|(number, id)| window.add(id, number));
    Ok(Opened { lock, segments, last, next, window, report })
}

/// What one segment holds.
#[derive(Default)]
struct Scanned {
    /// The number of its last record, or what its head says of the last one before it.
    last: u64,
    records: usize,
    /// Those of records with an id that may come again.
    ids: Vec<(u64, Id)>,
    /// Where an unfinished end begins.
    torn: Option<u64>,
}

fn scan(disk: &dyn Disk, segment: &Segment, report: &mut Report) -> Result<Scanned> {
    let failed = |error| Error::io(format!("{} cannot be read", shown(&segment.path)), error);
    let mut scan = Scan::new(disk, segment).map_err(failed)?;
    let mut scanned = Scanned::default();
    loop {
        match scan.next().map_err(failed)? {
            Found::End => return Ok(scanned),
            Found::Frame(header) => match header.kind {
                Kind::Head => match frame::read_head(scan.content()) {
                    Head::After(after) => scanned.last = scanned.last.max(after),
                    Head::Unknown => {
                        let what = format!("{}: written by a newer version", shown(&segment.path));
                        return Err(Error::refused(what));
                    }
                },
                Kind::Record => {
                    scanned.last = scanned.last.max(header.sequence);
                    report.entries += 1;
                    scanned.records += 1;
                    let record = frame::read_record(scan.content());
                    let named = record.filter(|record| !record.id.is_alone());
                    scanned.ids.extend(named.map(|record| (header.sequence, record.id)));
                }
                Kind::Foot => scanned.last = scanned.last.max(header.sequence),
            },
            Found::Damaged(kind, place) => {
                if let DamageKind::Record(number) = kind {
                    scanned.last = scanned.last.max(number);
                }
                scanned.torn = (kind == DamageKind::Tail).then_some(place.start);
                report.damages.push(Damage {
                    kind,
                    segment: shown(&segment.path),
                    offset: place.start,
                    length: place.end - place.start,
                });
            }
        }
    }
}

/// Moves the end of a segment into a file of its own. A crash in between leaves both, and the next opening does it again.
fn set_aside(disk: &dyn Disk, segment: &Segment, from: u64) -> io::Result<()> {
    let mut file = disk.open(&segment.path)?;
    let mut torn = vec![0; usize::try_from(segment.length - from).unwrap_or(0)];
    let read = read_full(file.as_ref(), &mut torn, from)?;
    torn.truncate(read);
    // No room for it is no reason to keep the log closed: what was never acknowledged may go.
    match disk::write_whole(disk, &segment.torn(from), &torn) {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => return Err(error),
        _ => {}
    }
    file.truncate(from)?;
    file.sync()
}
