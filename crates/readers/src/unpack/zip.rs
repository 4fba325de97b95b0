//! Zip archives, read from the front in one pass: no seeking, so that standard input may be one.
//!
//! Members follow each other behind local headers. A packed member ends where its deflate stream ends, whatever
//! the headers say; a stored one needs its length in the header.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, MutexGuard};

use super::Bytes;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const NAME_BYTES_MAX: usize = 4096;

/// An archive, member by member. A member must be read before the next one is asked for; what is left of it is
/// skipped.
pub(crate) struct Zip {
    bytes: Arc<Mutex<Bytes>>,
    member: Option<Member>,
}

impl std::fmt::Debug for Zip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zip").finish_non_exhaustive()
    }
}

/// How the body of the open member is stored, shared with whoever reads it.
type Member = Arc<Mutex<Body>>;

enum Body {
    Deflate(Box<flate2::Decompress>, Descriptor),
    Stored(u64),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Descriptor {
    Absent,
    Follows,
}

impl Zip {
    /// Takes an archive at its first byte.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), member: None }
    }

    /// The next member that is a file: its name and its bytes.
    ///
    /// # Errors
    /// What reading gives; a damaged, encrypted or strangely packed member. Nothing can be read behind it.
    pub(crate) fn next_member(&mut self) -> io::Result<Option<(String, impl BufRead + Send + 'static)>> {
        loop {
            if let Some(member) = self.member.take() {
                let mut rest = MemberBytes { bytes: Arc::clone(&self.bytes), member };
                io::copy(&mut rest, &mut io::sink())?;
            }
            let Some(header) = self.header()? else { return Ok(None) };
            let member = Arc::new(Mutex::new(header.body));
            self.member = Some(Arc::clone(&member));
            if header.name.ends_with('/') {
                continue;
            }
            let bytes = MemberBytes { bytes: Arc::clone(&self.bytes), member };
            return Ok(Some((header.name, io::BufReader::with_capacity(128 * 1024, bytes))));
        }
    }

    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut bytes = lock(&self.bytes);
        let mut fixed = [0; 30];
        let mut read = 0;
        while read < fixed.len() {
            match bytes.read(&mut fixed[read..])? {
                0 => break,
                count => read += count,
            }
        }
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        // The central directory, or the end.
        if read < fixed.len() || long(0) != LOCAL_HEADER {
            return Ok(None);
        }
        let (flags, method, size) = (short(6), short(8), long(18));
        let (name_len, extra_len) = (usize::from(short(26)), usize::from(short(28)));
        if name_len > NAME_BYTES_MAX {
            return Err(damaged("the name of a member is too long"));
        }
        let mut name = vec![0; name_len];
        bytes.read_exact(&mut name)?;
        let mut extra = vec![0; extra_len];
        bytes.read_exact(&mut extra)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        if flags & 1 != 0 {
            return Err(damaged(&format!("`{name}` is encrypted")));
        }
        let descriptor = if flags & 8 == 0 { Descriptor::Absent } else { Descriptor::Follows };
        let body = match method {
            8 => Body::Deflate(Box::new(flate2::Decompress::new(false)), descriptor),
            0 if descriptor == Descriptor::Absent => Body::Stored(stored_size(size, &extra)),
            0 => return Err(damaged(&format!("`{name}` is stored without its length"))),
            other => {
                return Err(damaged(&format!("`{name}` is packed with method {other}, which is not read")));
            }
        };
        Ok(Some(Header { name, body }))
    }
}

struct Header {
    name: String,
    body: Body,
}

/// The length of a stored member; the 64-bit one stands in an extra field.
fn stored_size(size: u32, extra: &[u8]) -> u64 {
    if size != u32::MAX {
        return u64::from(size);
    }
    let mut rest = extra;
    while let [a, b, c, d, body @ ..] = rest {
        let (id, len) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
        if id == 1
            && let Some(packed) = body.get(8..16).and_then(|bytes| bytes.try_into().ok())
        {
            return u64::from_le_bytes(packed);
        }
        rest = body.get(len..).unwrap_or_default();
    }
    u64::from(size)
}

struct MemberBytes {
    bytes: Arc<Mutex<Bytes>>,
    member: Member,
}

impl Read for MemberBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut body = lock(&self.member);
        let mut bytes = lock(&self.bytes);
        loop {
            match &mut *body {
                Body::End => return Ok(0),
                Body::Stored(left) => {
                    let wanted = usize::try_from(*left).map_or(buffer.len(), |left| left.min(buffer.len()));
                    let read = bytes.read(&mut buffer[..wanted])?;
                    *left -= read as u64;
                    if read == 0 && *left > 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    return Ok(read);
                }
                Body::Deflate(state, descriptor) => {
                    let input = bytes.fill_buf()?;
                    let is_end = input.is_empty();
                    let (in_before, out_before) = (state.total_in(), state.total_out());
                    let flush =
                        if is_end { flate2::FlushDecompress::Finish } else { flate2::FlushDecompress::None };
                    let status = state.decompress(input, buffer, flush);
                    let status = status.map_err(|error| damaged(&error.to_string()))?;
                    // Both differences are at most the lengths of the two buffers.
                    let consumed = usize::try_from(state.total_in() - in_before).unwrap_or(0);
                    let produced = usize::try_from(state.total_out() - out_before).unwrap_or(0);
                    bytes.consume(consumed);
                    if status == flate2::Status::StreamEnd {
                        let descriptor = *descriptor;
                        *body = Body::End;
                        if descriptor == Descriptor::Follows {
                            skip_descriptor(&mut **bytes)?;
                        }
                        return Ok(produced);
                    }
                    if produced > 0 {
                        return Ok(produced);
                    }
                    if is_end || consumed == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }
}

/// Skips checksum and lengths behind a member: 12 or 20 bytes, with or without a mark in front.
fn skip_descriptor(bytes: &mut dyn BufRead) -> io::Result<()> {
    let mut word = [0; 4];
    // What follows is a header of the next member or of the directory: read on to the byte before it.
    bytes.read_exact(&mut word)?;
    let mut words = if u32::from_le_bytes(word) == DESCRIPTOR { 3 } else { 2 };
    while words > 0 {
        bytes.read_exact(&mut word)?;
        words -= 1;
    }
    let is_short = bytes.fill_buf()?.starts_with(b"PK");
    if !is_short {
        bytes.read_exact(&mut [0; 8])?;
    }
    Ok(())
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// A lock that another thread left in a panic guards plain data: it is still good to read.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
