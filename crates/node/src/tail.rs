//! Log files, followed as they grow and through rotations.
//!
//! Which file it is, is told by device and inode and a hash of its first bytes, so that a file that was renamed is read to its
//! end and the new one of that name from its start. How far it was read stands in the catalog. Lines are named by file and
//! offset: what is read twice after a crash is stored once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigyn_correlate::Id as Hash;
use sigyn_store::catalog::Source;

use crate::{Given, Node, now};

/// How often a file is looked at that has nothing new.
const NAP: Duration = Duration::from_millis(200);
/// Bytes read at a time; also the longest line, beyond which it is put aside.
const PIECE: usize = 1 << 20;
/// The first bytes of a file by which it is known again.
const HEAD: usize = 256;

/// Where a file stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    device: u64,
    inode: u64,
    /// How many first bytes are hashed, and the hash.
    head: usize,
    hash: [u8; 16],
    /// Up to where it has been read.
    offset: u64,
}

/// A file that is being read.
struct Open {
    file: File,
    place: Place,
    /// A line whose end is not there yet.
    rest: Vec<u8>,
    /// The rest of a line that was too long is passed over.
    is_skipping: bool,
}

/// Follows a file until it is told to stop.
pub(crate) fn follow(node: &Arc<Node>, path: &Path, stop: &AtomicBool) {
    let source = format!("file:{}", path.display());
    let mut kept: Option<Place> = node
        .catalog()
        .read(|view| view.source(&source))
        .ok()
        .flatten()
        .and_then(|source| serde_json::from_slice(&source.position?).ok());
    let mut open: Option<Open> = None;
    let mut told: Option<String> = None;
    while !stop.load(Ordering::Acquire) {
        let step = step(node, path, &source, &mut open, &mut kept);
        let error = step.as_ref().err().map(ToString::to_string);
        if error != told {
            note(node, &source, None, error.clone());
            told = error;
        }
        if !matches!(step, Ok(true)) {
            std::thread::sleep(NAP);
        }
    }
}

/// Reads on; says whether there was anything.
fn step(
    node: &Arc<Node>,
    path: &Path,
    source: &str,
    open: &mut Option<Open>,
    kept: &mut Option<Place>,
) -> io::Result<bool> {
    if open.is_none() {
        let Some(rotated) = kept.take() else {
            *open = Some(Open::at(File::open(path)?, None)?);
            return Ok(true);
        };
        // It may have been renamed while nobody looked: then what is left of it comes first.
        let found = find(path, &rotated)?;
        *open = Some(match found {
            Some(file) => Open::at(file, Some(rotated))?,
            None => Open::at(File::open(path)?, None)?,
        });
        return Ok(true);
    }
    let Some(current) = open.as_mut() else { return Ok(false) };
    if current.read(node, source)? {
        return Ok(true);
    }
    // At its end: is it still the file of that name?
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        // Between a rename and the new file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_other = metadata.dev() != current.place.device || metadata.ino() != current.place.inode;
    let is_cut = !is_other && metadata.len() < current.place.offset + current.rest.len() as u64;
    if is_other || is_cut {
        // What was written to the old one since is read first; then there is nothing more to come.
        if current.read(node, source)? {
            return Ok(true);
        }
        current.flush(node, source)?;
        *open = Some(Open::at(File::open(path)?, None)?);
        return Ok(true);
    }
    Ok(false)
}

/// The file of a place: at its path, or beside it under another name.
fn find(path: &Path, place: &Place) -> io::Result<Option<File>> {
    let is_it = |file: &mut File| -> io::Result<bool> {
        let metadata = file.metadata()?;
        if metadata.ino() != place.inode || metadata.dev() != place.device || metadata.len() < place.offset {
            return Ok(false);
        }
        Ok(head(file, place.head)?.1 == place.hash)
    };
    let mut own = File::open(path)?;
    if is_it(&mut own)? {
        return Ok(Some(own));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
    for entry in std::fs::read_dir(folder)?.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(&name) {
            continue;
        }
        let Ok(mut file) = File::open(entry.path()) else { continue };
        if is_it(&mut file).unwrap_or(false) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// The length and the hash of a file's first bytes, so many at most.
fn head(file: &mut File, length: usize) -> io::Result<(usize, [u8; 16])> {
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(length as u64).read_to_end(&mut bytes)?;
    Ok((bytes.len(), Hash::of(&[&bytes]).0))
}

impl Open {
    fn at(mut file: File, place: Option<Place>) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let place = match place {
            Some(place) => place,
            None => {
                let (head, hash) = head(&mut file, HEAD)?;
                Place { device: metadata.dev(), inode: metadata.ino(), head, hash, offset: 0 }
            }
        };
        file.seek(SeekFrom::Start(place.offset))?;
        Ok(Self { file, place, rest: Vec::new(), is_skipping: false })
    }

    /// Reads a piece and hands its whole lines over; says whether there was anything.
    fn read(&mut self, node: &Arc<Node>, source: &str) -> io::Result<bool> {
        let start = self.rest.len();
        self.file.seek(SeekFrom::Start(self.place.offset + start as u64))?;
        let count = Read::by_ref(&mut self.file).take(PIECE as u64).read_to_end(&mut self.rest)?;
        if count == 0 {
            return Ok(false);
        }
        if self.place.head < HEAD {
            let (length, hash) = head(&mut self.file, HEAD)?;
            (self.place.head, self.place.hash) = (length, hash);
        }
        let end = memchr_last(&self.rest).map_or(0, |at| at + 1);
        if end > 0 {
            let rest = self.rest.split_off(end);
            let lines = std::mem::replace(&mut self.rest, rest);
            self.hand_over(node, source, &lines)?;
        } else if self.rest.len() >= PIECE {
            let line = std::mem::take(&mut self.rest);
            node.put_aside(source, "it is too long", &line).map_err(io::Error::other)?;
            self.place.offset += line.len() as u64;
            self.is_skipping = true;
        }
        Ok(true)
    }

    /// Takes what stands at the end without a line end: no more will come.
    fn flush(&mut self, node: &Arc<Node>, source: &str) -> io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { Ok(()) } else { self.hand_over(node, source, &rest) }
    }

    /// Stores lines, then the place behind them. A crash in between reads them again, with the same names.
    fn hand_over(&mut self, node: &Arc<Node>, source: &str, lines: &[u8]) -> io::Result<()> {
        let mut at = self.place.offset;
        let mut named: Vec<(String, &[u8])> = Vec::new();
        let file = Hash(self.place.hash);
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let text = line.trim_ascii_end();
            if std::mem::take(&mut self.is_skipping) || text.is_empty() {
                at += line.len() as u64;
                continue;
            }
            // While a file is shorter than its head, its hash grows; inode and offset hold.
            named.push((format!("{}:{}:{at}", self.place.device, self.place.inode), text));
            at += line.len() as u64;
        }
        let name =
            |name: &str| if self.place.head < HEAD { name.to_owned() } else { format!("{name}:{file}") };
        let names: Vec<String> = named.iter().map(|(place, _)| name(place)).collect();
        let given: Vec<Given<'_>> =
            names.iter().zip(&named).map(|(id, (_, bytes))| Given { source, id: Some(id), bytes }).collect();
        if !given.is_empty() {
            node.take(&given).map_err(io::Error::other)?;
        }
        self.place.offset = at;
        let position = serde_json::to_vec(&self.place).map_err(io::Error::other)?;
        note(node, source, Some(position), None);
        Ok(())
    }
}

fn memchr_last(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n')
}

/// Writes down where a file stands, or what is wrong with it. If that fails, lines are read again and known again.
fn note(node: &Arc<Node>, source: &str, position: Option<Vec<u8>>, error: Option<String>) {
    let now = now();
    let heard = Source {
        name: source.to_owned(),
        kind: "file".to_owned(),
        position,
        events: 0,
        bytes: 0,
        dropped: 0,
        first_heard: now,
        last_heard: now,
        last_event: None,
        error,
    };
    let _ = node.catalog().write(|tx| tx.hear_source(&heard));
}
