//! Segments: the files of a log, their names, and the one that is being written.

use std::io;
use std::path::{Path, PathBuf};

use crate::checksum::{self, Running};
use crate::wal::frame::{self, Foot};
use crate::{Disk, DiskFile};

const SUFFIX: &str = ".wal";
/// What was set aside of a segment's end.
const TORN: &str = ".torn";

/// A segment as the log knows it. Its name says which record is its first and how its checksums are salted, so that both
/// are known even if its first frame is damaged.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    pub(super) salt: u64,
    /// How many bytes of it count: behind them, nothing is sure to be on disk.
    pub(super) length: u64,
}

impl Segment {
    /// The segment that begins with a record, in a log whose salt is `salt`.
    pub(super) fn new(folder: &Path, first: u64, salt: u64) -> Self {
        let mut both = salt.to_le_bytes().to_vec();
        both.extend_from_slice(&first.to_le_bytes());
        let salt = checksum::of(&both);
        let path = folder.join(format!("{first:020}-{salt:016x}{SUFFIX}"));
        Self { path, first, salt, length: 0 }
    }

    /// The segment with a file name, if it is one.
    pub(super) fn parse(folder: &Path, name: &str, length: u64) -> Option<Self> {
        let (first, salt) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let is_plain =
            first.len() == 20 && salt.len() == 16 && first.bytes().all(|byte| byte.is_ascii_digit());
        let salt = u64::from_str_radix(salt, 16).ok().filter(|_| is_plain)?;
        Some(Self { path: folder.join(name), first: first.parse().ok()?, salt, length })
    }

    /// Where the torn end of it is kept that began at an offset.
    pub(super) fn torn(&self, offset: u64) -> PathBuf {
        self.path.with_extension(format!("wal.{offset}{TORN}"))
    }

    /// Whether a file name is that of a torn end of this segment.
    pub(super) fn has_torn(&self, name: &str) -> bool {
        let own = self.path.file_name().and_then(|name| name.to_str());
        own.is_some_and(|own| name.strip_prefix(own).is_some_and(|rest| rest.ends_with(TORN)))
    }
}

/// The segment that is being written.
pub(super) struct Tail {
    pub(super) segment: Segment,
    file: Box<dyn DiskFile>,
    running: Running,
    records: u64,
}

impl Tail {
    /// Begins a segment; returns when its name is sure to be there.
    pub(super) fn create(
        disk: &dyn Disk,
        folder: &Path,
        first: u64,
        after: u64,
        salt: u64,
    ) -> io::Result<Self> {
        let segment = Segment::new(folder, first, salt);
        let file = disk.create(&segment.path)?;
        let head = frame::head(first, after, segment.salt);
        let mut tail = Self { segment, file, running: Running::new(), records: 0 };
        if let Err(error) = tail.write(&head, 0).and_then(|()| disk.sync_folder(folder)) {
            tail.abandon(disk);
            return Err(error);
        }
        Ok(tail)
    }

    /// Appends frames and returns when they are on disk. After an error the segment is not to be written any more.
    pub(super) fn write(&mut self, frames: &[u8], records: u64) -> io::Result<()> {
        self.file.append(frames)?;
        self.file.sync()?;
        self.running.add(frames);
        self.segment.length += frames.len() as u64;
        self.records += records;
        Ok(())
    }

    /// Ends the segment. `last` is the number of its last record. Without its foot, if there is no room for it, a segment
    /// is as good; only what damage to it is called is less exact.
    pub(super) fn close(mut self, disk: &dyn Disk, last: u64) -> Option<Segment> {
        let foot = Foot { records: self.records, checksum: self.running.value() };
        match self.write(&foot.frame(last, self.segment.salt), 0) {
            Ok(()) => Some(self.segment),
            Err(_) => self.abandon(disk),
        }
    }

    /// Gives the segment up after a failed write, with as many bytes as are sure to be there; nothing if there is no
    /// record among them, or a full disk would fill with beginnings. That the rest goes away is not needed, nobody has
    /// been told that it was stored: if it does not, senders who send it again are met by the window of ids.
    pub(super) fn abandon(mut self, disk: &dyn Disk) -> Option<Segment> {
        if self.records == 0 {
            let _ = disk.remove(&self.segment.path);
            return None;
        }
        if self.file.truncate(self.segment.length).is_ok() {
            let _ = self.file.sync();
        }
        Some(self.segment)
    }
}
