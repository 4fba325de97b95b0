//! Compression, recognised by content and taken off while reading: gzip, zstd, zip, and UTF-16 text.
//!
//! Nothing is held but a buffer, so that a packed input costs as little memory as a plain one. Packing inside
//! packing is followed to a fixed depth.

mod utf16;
mod zip;

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

pub(crate) use zip::Zip;

/// How many layers of compression are taken off.
pub(crate) const LAYERS_MAX: usize = 4;
/// Bytes looked at to tell what an input is.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;
/// Smaller than a batch, so that batches are read past it.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes that can be read once, from the front.
pub(crate) type Bytes = Box<dyn BufRead + Send>;

/// An input with its first bytes in hand.
pub(crate) struct Peeked {
    /// The first bytes; all of them if the input is shorter than [`HEAD_BYTES`].
    pub(crate) head: Head,
    /// The whole input, the head included.
    pub(crate) bytes: Bytes,
    /// Whether [`Peeked::head`] is the whole input.
    pub(crate) is_whole: bool,
}

/// The first bytes of an input, looked at and read again from one memory: in a folder of small files they are all there is.
#[derive(Clone)]
pub(crate) struct Head(Arc<Vec<u8>>);

impl std::ops::Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Head {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Peeked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peeked").field("head", &self.head.len()).finish_non_exhaustive()
    }
}

/// What an input turned out to be packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not packed.
    Plain,
    /// One or more gzip members.
    Gzip,
    /// One or more zstd frames.
    Zstd,
    /// A zip archive: several inputs.
    Zip,
    /// Text in UTF-16 with a byte order mark.
    Utf16,
}

/// Tells the packing by the first bytes.
pub(crate) fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, 8, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        [b'P', b'K', 3, 4, ..] => Packing::Zip,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Packing::Utf16,
        _ => Packing::Plain,
    }
}

/// Reads the first bytes of an input and puts them back in front.
///
/// # Errors
/// What reading gives.
pub(crate) fn peek(mut input: impl BufRead + Send + 'static) -> io::Result<Peeked> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let is_whole = head.len() < HEAD_BYTES;
    let head = Head(Arc::new(head));
    let front = io::Cursor::new(head.clone());
    let bytes: Bytes = if is_whole { Box::new(front) } else { Box::new(front.chain(input)) };
    Ok(Peeked { head, bytes, is_whole })
}

/// Takes gzip, zstd and UTF-16 off an input until it is plain or an archive.
///
/// # Errors
/// What reading gives; packing deeper than [`LAYERS_MAX`]; a damaged head.
pub(crate) fn unwrap(input: impl BufRead + Send + 'static) -> io::Result<Peeked> {
    let mut peeked = peek(input)?;
    for _ in 0..LAYERS_MAX {
        let bytes = peeked.bytes;
        peeked = match packing(&peeked.head) {
            Packing::Gzip => {
                let unpacked = flate2::bufread::MultiGzDecoder::new(bytes);
                peek(BufReader::with_capacity(BUFFER_BYTES, unpacked))?
            }
            Packing::Zstd => peek(BufReader::with_capacity(BUFFER_BYTES, Zstd::new(bytes)))?,
            Packing::Utf16 => peek(BufReader::with_capacity(BUFFER_BYTES, utf16::Utf16::new(bytes)))?,
            Packing::Plain | Packing::Zip => return Ok(Peeked { bytes, ..peeked }),
        };
    }
    Err(io::Error::other(format!("packed more than {LAYERS_MAX} times")))
}

/// Zstd frames one after another.
struct Zstd {
    state: ZstdState,
}

enum ZstdState {
    /// Between frames.
    Between(Bytes),
    Inside(Box<ruzstd::decoding::StreamingDecoder<Bytes, ruzstd::decoding::FrameDecoder>>),
    End,
}

impl Zstd {
    fn new(bytes: Bytes) -> Self {
        Self { state: ZstdState::Between(bytes) }
    }
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, ZstdState::End) {
                ZstdState::End => return Ok(0),
                ZstdState::Between(mut bytes) => {
                    if bytes.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                    self.state = ZstdState::Inside(Box::new(decoder));
                }
                ZstdState::Inside(mut decoder) => {
                    let read = decoder.read(buffer)?;
                    if read == 0 && !buffer.is_empty() {
                        self.state = ZstdState::Between(decoder.into_inner());
                        continue;
                    }
                    self.state = ZstdState::Inside(decoder);
                    return Ok(read);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn layers_are_taken_off() {
        let check = |packed: Vec<u8>, expect: &str| {
            let mut text = String::new();
            unwrap(io::Cursor::new(packed)).unwrap().bytes.read_to_string(&mut text).unwrap();
            assert_eq!(text, expect);
        };
        check(b"plain".to_vec(), "plain");
        check(gzip(b"once"), "once");
        check([gzip(b"two "), gzip(b"members")].concat(), "two members");
        check(gzip(&gzip(b"twice")), "twice");
        let zstd = |text: &str| {
            ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
        };
        check([zstd("two "), zstd("frames")].concat(), "two frames");
        check(b"\xff\xfea\0\xe4\0\x3d\xd8\x00\xde".to_vec(), "a\u{e4}\u{1f600}");
    }

    #[test]
    fn packing_without_end_is_refused() {
        let mut packed = b"x".to_vec();
        for _ in 0..=LAYERS_MAX {
            packed = gzip(&packed);
        }
        assert!(unwrap(io::Cursor::new(packed)).is_err());
    }
}
