//! Reading: from any position to the end, and on as more comes.

use crate::disk::shown;
use crate::wal::frame::{self, Foot, Head, Header, Kind};
use crate::wal::scan::{Found, Scan};
use crate::wal::segment::Segment;
use crate::wal::{Damage, DamageKind, Log, Position, Record};
use crate::{Error, Result, checksum};

/// An event with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'r> {
    /// Its place.
    pub position: Position,
    /// The event.
    pub record: Record<'r>,
}

/// What stands next in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'r> {
    /// An event.
    Entry(Entry<'r>),
    /// Something that is not as it was written. Reading goes on behind it.
    Damage(Damage),
}

/// Reads the log from front to back. It sees only what is on disk.
pub struct Reader {
    log: Log,
    /// Events before it are passed over.
    next: u64,
    current: Option<Current>,
    /// The last record seen, to notice that some are missing.
    last: Option<u64>,
}

/// The segment that is being read.
struct Current {
    segment: Segment,
    scan: Scan,
    running: checksum::Running,
    /// How many records, damaged ones included.
    records: u64,
    is_damaged: bool,
}

/// A step through the log, for the borrow checker's sake without the event's text.
enum Step {
    Entry(Header),
    Damage(Damage),
    Again,
    End,
}

impl Reader {
    pub(super) fn new(log: Log, from: Position) -> Self {
        Self { log, next: from.0, current: None, last: None }
    }

    /// The position of the next event to come: reading from here goes on where this reader stands.
    pub fn position(&self) -> Position {
        Position(self.next).max(Position::FIRST)
    }

    /// The next event or damage. None at the end of what is on disk: asked again later, there may be more.
    ///
    /// # Errors
    /// What the disk says; asking again tries again.
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from it")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>> {
        loop {
            match self.step()? {
                Step::Again => {}
                Step::End => return Ok(None),
                Step::Damage(damage) => return Ok(Some(Item::Damage(damage))),
                Step::Entry(header) => {
                    self.next = header.sequence.saturating_add(1);
                    let content = self.current.as_ref().map_or(&[][..], |current| current.scan.content());
                    let Some(record) = frame::read_record(content) else {
                        return Err(Error::damaged(
                            "a record that was written by no version of the event log",
                        ));
                    };
                    return Ok(Some(Item::Entry(Entry { position: Position(header.sequence), record })));
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        if self.current.is_none() {
            let Some(segment) = self.find_segment() else { return Ok(Step::End) };
            if self.next == 0 {
                // To read from the start is to read what there is.
                self.last = self.last.or(Some(segment.first.saturating_sub(1)));
            }
            self.current = Some(self.open_segment(segment)?);
        }
        let Some(current) = &mut self.current else { return Ok(Step::End) };
        let failed = |error| Error::io(format!("{} cannot be read", shown(&current.segment.path)), error);
        match current.scan.next().map_err(failed)? {
            Found::End => Ok(self.end_of_segment()),
            Found::Damaged(kind, place) => {
                current.is_damaged = true;
                if let DamageKind::Record(number) = kind {
                    self.last = self.last.max(Some(number));
                    // One that was to be passed over is nobody's loss.
                    if number < self.next {
                        return Ok(Step::Again);
                    }
                    self.next = number.saturating_add(1);
                }
                Ok(Step::Damage(Damage {
                    kind,
                    segment: shown(&current.segment.path),
                    offset: place.start,
                    length: place.end - place.start,
                }))
            }
            Found::Frame(header) => Ok(self.frame(header)),
        }
    }

    fn frame(&mut self, header: Header) -> Step {
        let Some(current) = &mut self.current else { return Step::Again };
        let offset = current.scan.at - header.whole();
        let damage = |kind| {
            Step::Damage(Damage {
                kind,
                segment: shown(&current.segment.path),
                offset,
                length: header.whole(),
            })
        };
        if header.kind != Kind::Foot {
            current.running.add(current.scan.frame());
        }
        match header.kind {
            Kind::Head => {
                let Head::After(after) = frame::read_head(current.scan.content()) else {
                    return damage(DamageKind::Segment);
                };
                let from = self.last.map_or(self.next, |last| self.next.max(last + 1));
                self.last = self.last.max(Some(after));
                if from <= after {
                    self.next = after + 1;
                    return damage(DamageKind::Missing(from, after));
                }
                Step::Again
            }
            Kind::Record => {
                current.records += 1;
                self.last = self.last.max(Some(header.sequence));
                if header.sequence < self.next { Step::Again } else { Step::Entry(header) }
            }
            Kind::Foot => {
                self.last = self.last.max(Some(header.sequence));
                let whole = Foot { records: current.records, checksum: current.running.value() };
                // If some frame is damaged, that has been said already.
                let is_whole = current.is_damaged || Foot::read(current.scan.content()) == Some(whole);
                if is_whole { Step::Again } else { damage(DamageKind::Segment) }
            }
        }
    }

    /// The segment that holds the next event, or the first behind it.
    fn find_segment(&self) -> Option<Segment> {
        let state = self.log.shared.state();
        let at = state.segments.partition_point(|segment| segment.first <= self.next);
        state.segments.get(at.saturating_sub(1)).cloned()
    }

    fn open_segment(&self, segment: Segment) -> Result<Current> {
        let failed = |error| Error::io(format!("{} cannot be read", shown(&segment.path)), error);
        let scan = Scan::new(self.log.shared.disk.as_ref(), &segment).map_err(failed)?;
        Ok(Current { segment, scan, running: checksum::Running::new(), records: 0, is_damaged: false })
    }

    /// Goes on in the same segment, if it has grown, or in the one behind it.
    fn end_of_segment(&mut self) -> Step {
        let Some(current) = &mut self.current else { return Step::End };
        let state = self.log.shared.state();
        let at = state.segments.partition_point(|segment| segment.first <= current.segment.first);
        let own = state.segments.get(at.saturating_sub(1)).filter(|own| own.first == current.segment.first);
        if let Some(own) = own
            && own.length > current.scan.end
        {
            current.scan.end = own.length;
            return Step::Again;
        }
        let Some(behind) = state.segments.get(at).cloned() else { return Step::End };
        drop(state);
        match self.open_segment(behind) {
            Ok(behind) => {
                self.current = Some(behind);
                Step::Again
            }
            // It was released just now; the list is looked at again.
            Err(error) if error.is_missing() => {
                self.current = None;
                Step::Again
            }
            Err(_) => Step::End,
        }
    }
}
