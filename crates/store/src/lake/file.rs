//! Files with checksums: nothing is handed out that has not been checked.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::disk::{read_full, shown};
use crate::{Disk, DiskFile, Error, Result, checksum};

/// How many bytes a checksum covers: what a reader of one column reads too much is little, and the checksums of a file of
/// 100 MB take 3 KiB.
pub(super) const BLOCK: usize = 256 << 10;

/// Writes a file and its checksums.
pub(super) struct Writer {
    file: Box<dyn DiskFile>,
    block: Vec<u8>,
    pub(super) checksums: Vec<u64>,
    pub(super) length: u64,
}

impl Writer {
    pub(super) fn create(disk: &dyn Disk, path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: disk.create(path)?,
            block: Vec::with_capacity(BLOCK),
            checksums: Vec::new(),
            length: 0,
        })
    }

    /// Returns when all is on disk.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush_block()?;
        self.file.sync()
    }

    fn flush_block(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.checksums.push(checksum::of(&self.block));
            self.file.append(&self.block)?;
            self.length += self.block.len() as u64;
            self.block.clear();
        }
        Ok(())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        if self.block.len() == BLOCK {
            self.flush_block()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file, block by block, each against its checksum. Clones are the same file.
#[derive(Clone)]
pub(super) struct Checked {
    shared: Arc<Shared>,
}

struct Shared {
    file: Box<dyn DiskFile>,
    name: String,
    length: u64,
    checksums: Vec<u64>,
    /// The block read last: whoever reads on in small pieces does not check it again.
    last: Mutex<(usize, Bytes)>,
}

/// A block that is not what was written.
#[derive(Debug)]
struct Damaged {
    name: String,
    offset: u64,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is damaged in the block at byte {}", self.name, self.offset)
    }
}

impl std::error::Error for Damaged {}

impl Checked {
    pub(super) fn open(disk: &dyn Disk, path: &Path, length: u64, checksums: Vec<u64>) -> Result<Self> {
        let name = shown(path);
        let failed = |error| Error::io(format!("{} of the lake cannot be opened", shown(path)), error);
        let file = disk.open_to_read(path).map_err(failed)?;
        let found = file.length().map_err(failed)?;
        if found != length || length.div_ceil(BLOCK as u64) != checksums.len() as u64 {
            return Err(Error::damaged(format!("{name} has {found} bytes, not {length}")));
        }
        let last = Mutex::new((usize::MAX, Bytes::new()));
        Ok(Self { shared: Arc::new(Shared { file, name, length, checksums, last }) })
    }

    /// Checks the whole file.
    pub(super) fn verify(&self) -> Result<()> {
        (0..self.shared.checksums.len()).try_for_each(|block| self.block(block).map(drop).map_err(failed))
    }

    fn block(&self, number: usize) -> std::result::Result<Bytes, ParquetError> {
        let shared = &*self.shared;
        let last = shared.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last.0 == number {
            return Ok(last.1);
        }
        let offset = (number * BLOCK) as u64;
        let length = usize::try_from(shared.length.saturating_sub(offset)).unwrap_or(BLOCK).min(BLOCK);
        let mut block = BytesMut::zeroed(length);
        let read = read_full(shared.file.as_ref(), &mut block, offset)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        if read != length || shared.checksums.get(number) != Some(&checksum::of(&block)) {
            let damaged = Damaged { name: shared.name.clone(), offset };
            return Err(ParquetError::External(Box::new(damaged)));
        }
        let block = block.freeze();
        *shared.last.lock().unwrap_or_else(PoisonError::into_inner) = (number, block.clone());
        Ok(block)
    }
}

impl Length for Checked {
    fn len(&self) -> u64 {
        self.shared.length
    }
}

impl ChunkReader for Checked {
    type T = From;

    fn get_read(&self, start: u64) -> std::result::Result<From, ParquetError> {
        Ok(From { file: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.shared.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}")));
        }
        let (mut number, mut skip) = split(start);
        let block = self.block(number)?;
        if skip + length <= block.len() {
            return Ok(block.slice(skip..skip + length));
        }
        let mut bytes = BytesMut::with_capacity(length);
        while bytes.len() < length {
            let block = self.block(number)?;
            let wanted = (length - bytes.len()).min(block.len() - skip);
            bytes.extend_from_slice(&block[skip..skip + wanted]);
            (number, skip) = (number + 1, 0);
        }
        Ok(bytes.freeze())
    }
}

/// The block of an offset, and the place in it.
fn split(offset: u64) -> (usize, usize) {
    let block = BLOCK as u64;
    (usize::try_from(offset / block).unwrap_or(usize::MAX), usize::try_from(offset % block).unwrap_or(0))
}

/// A file from a place on.
pub(super) struct From {
    file: Checked,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.file.len() || buffer.is_empty() {
            return Ok(0);
        }
        let (number, skip) = split(self.at);
        let block = self.file.block(number).map_err(io::Error::other)?;
        let rest = block.get(skip..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

/// An error of the format as one of ours. Damage is told apart wherever in the chain it stands.
pub(super) fn failed(error: ParquetError) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(damaged) = inner.downcast_ref::<Damaged>() {
            return Error::damaged(damaged.to_string());
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            // What an `io::Error` wraps is its own cause, and not its source.
            if let Some(damaged) = io.get_ref().and_then(find_damage) {
                return Error::damaged(damaged);
            }
        }
        cause = inner.source();
    }
    let text = error.to_string();
    // Some places of the reader keep only the text of an error.
    if text.contains("is damaged in the block at byte") { Error::damaged(text) } else { Error::failed(text) }
}

fn find_damage(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(damaged) = inner.downcast_ref::<Damaged>() {
            return Some(damaged.to_string());
        }
        cause = inner.source();
    }
    None
}
