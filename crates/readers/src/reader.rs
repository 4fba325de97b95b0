//! An input as a sequence of batches: unpacked, told apart, cut.

use std::fmt;
use std::io::{self, BufRead};
use std::sync::Arc;

use crate::decoding::LineFormat;
use crate::filled::Filled;
use crate::framing::{BATCH_BYTES, Frame};
use crate::sniff::{Decoding, Shape, Tried, sniff};
use crate::unpack::{Bytes, Packing, Peeked, Zip, packing, unwrap};

/// Larger pieces of memory are not kept.
const SPARE_BYTES_MAX: usize = 4 * BATCH_BYTES;

/// A part of an input with one shape: the input itself, or a member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name: the input's, and behind `!` the member's.
    pub path: String,
    /// How it is read.
    pub shape: Shape,
}

impl Member {
    /// Whether a line is of this shape, as far as it is told line by line: one sender may send lines of several.
    pub fn fits(&self, line: &str) -> bool {
        match &self.shape.decoding {
            Decoding::Line(LineFormat { is_line, directive: None, .. }) => is_line(line),
            _ => true,
        }
    }
}

/// A run of whole records of one member, to be decoded by [`Decoder`](crate::Decoder) on any thread.
#[derive(Debug)]
pub struct Batch {
    /// What it is a part of.
    pub member: Arc<Member>,
    /// Offset of the first byte in the unpacked member.
    pub offset: u64,
    /// The records' bytes.
    pub bytes: Filled,
    /// Offsets of records in front that were too long to be read.
    pub oversized: Vec<u64>,
    /// The log's own header in force at the first byte, line by line; empty if there is none.
    pub header: String,
}

/// What an input yields.
#[derive(Debug)]
pub enum Step {
    /// Records.
    Batch(Batch),
    /// A part that is not read, or not to its end.
    Unread(Unread),
}

/// A part of an input that is not read, or not to its end.
#[derive(Debug)]
pub struct Unread {
    /// Its name.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why something is not read.
#[derive(Debug)]
pub enum Why {
    /// It has no known shape. Holds every shape with the reason why it is not that.
    NoShape(Vec<Tried>),
    /// Reading stopped: the rest of the part is lost.
    Failed {
        /// Bytes of the unpacked part that were read before.
        offset: u64,
        /// What happened.
        error: io::Error,
    },
}

impl Unread {
    /// Something that cannot be read on behind some bytes.
    #[must_use]
    pub fn failed(path: impl Into<String>, offset: u64, error: io::Error) -> Self {
        Self { path: path.into(), why: Why::Failed { offset, error } }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoShape(tried) => {
                for (at, tried) in tried.iter().enumerate() {
                    let between = if at == 0 { "" } else { "; " };
                    write!(f, "{between}{}: {}", tried.shape, tried.why)?;
                }
                Ok(())
            }
            Self::Failed { error, .. } => error.fmt(f),
        }
    }
}

/// Reads one input from front to back. Holds no more than a batch and a buffer.
pub struct Reader {
    path: String,
    state: State,
    spare: Filled,
}

enum State {
    Start(Bytes),
    Frames(Open),
    Archive(Zip),
    Member(Zip, Open),
    End,
}

struct Open {
    member: Arc<Member>,
    framing: Box<dyn Frame>,
    bytes: Bytes,
    /// Offset behind the last batch.
    offset: u64,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Reader {
    /// Takes an input at its first byte.
    pub fn new(path: impl Into<String>, input: impl BufRead + Send + 'static) -> Self {
        Self { path: path.into(), state: State::Start(Box::new(input)), spare: Filled::default() }
    }

    /// Hands in the bytes of a batch that is done: another batch then needs no memory of its own. Price of not doing
    /// so: the system has to find and clear memory for each batch.
    pub fn give_back(&mut self, bytes: Filled) {
        if bytes.room() <= SPARE_BYTES_MAX {
            self.spare = bytes;
        }
    }

    fn open(&self, path: String, peeked: Peeked) -> Result<Option<Open>, Unread> {
        if peeked.head.is_empty() {
            return Ok(None);
        }
        match sniff(&peeked.head, peeked.is_whole) {
            Ok(shape) => {
                let framing = shape.framing();
                let member = Arc::new(Member { path, shape });
                Ok(Some(Open { member, framing, bytes: peeked.bytes, offset: 0 }))
            }
            Err(tried) => Err(Unread { path, why: Why::NoShape(tried) }),
        }
    }

    /// The next member of an archive that is there to be read.
    fn enter(&mut self, mut zip: Zip) -> Option<Step> {
        loop {
            let failed = |error| Some(Step::Unread(Unread::failed(&*self.path, 0, error)));
            let (name, bytes) = match zip.next_member() {
                Ok(Some(member)) => member,
                Ok(None) => return None,
                Err(error) => return failed(error),
            };
            // What macOS adds to archives.
            if name.starts_with("__MACOSX/") {
                continue;
            }
            let path = format!("{}!{name}", self.path);
            let unread = match unwrap(bytes) {
                Ok(peeked) if packing(&peeked.head) == Packing::Zip => Unread {
                    path,
                    why: Why::NoShape(vec![Tried {
                        shape: "zip",
                        why: "an archive in an archive is not opened".to_owned(),
                    }]),
                },
                Ok(peeked) => match self.open(path, peeked) {
                    Ok(Some(open)) => {
                        self.state = State::Member(zip, open);
                        return self.next();
                    }
                    Ok(None) => continue,
                    Err(unread) => unread,
                },
                Err(error) => Unread::failed(path, 0, error),
            };
            self.state = State::Archive(zip);
            return Some(Step::Unread(unread));
        }
    }
}

impl Open {
    fn next(&mut self, spare: &mut Filled) -> Option<Step> {
        if self.framing.carry().spare.room() == 0 {
            self.framing.carry().spare = std::mem::take(spare);
        }
        match self.framing.next_block(&mut *self.bytes) {
            Ok(Some(block)) => {
                self.offset = block.offset + block.bytes.len() as u64;
                Some(Step::Batch(Batch {
                    member: Arc::clone(&self.member),
                    offset: block.offset,
                    bytes: block.bytes,
                    oversized: block.oversized,
                    header: block.header,
                }))
            }
            Ok(None) => None,
            Err(error) => Some(Step::Unread(Unread::failed(&*self.member.path, self.offset, error))),
        }
    }
}

impl Iterator for Reader {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        match std::mem::replace(&mut self.state, State::End) {
            State::End => None,
            State::Start(bytes) => match unwrap(bytes) {
                Ok(peeked) if packing(&peeked.head) == Packing::Zip => self.enter(Zip::new(peeked.bytes)),
                Ok(peeked) => match self.open(self.path.clone(), peeked) {
                    Ok(Some(open)) => {
                        self.state = State::Frames(open);
                        self.next()
                    }
                    Ok(None) => None,
                    Err(unread) => Some(Step::Unread(unread)),
                },
                Err(error) => Some(Step::Unread(Unread::failed(&*self.path, 0, error))),
            },
            State::Frames(mut open) => {
                let step = open.next(&mut self.spare);
                if matches!(step, Some(Step::Batch(_))) {
                    self.state = State::Frames(open);
                }
                step
            }
            State::Archive(zip) => self.enter(zip),
            State::Member(zip, mut open) => match open.next(&mut self.spare) {
                Some(step @ Step::Batch(_)) => {
                    self.state = State::Member(zip, open);
                    Some(step)
                }
                // Behind a damaged member nothing of the archive can be found.
                Some(step) => Some(step),
                None => self.enter(zip),
            },
        }
    }
}
