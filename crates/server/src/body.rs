//! Bodies of requests that bring events: unpacked, with a bound on what comes out and on what all of them take together.

use std::io::Read;
use std::ops::Deref;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;

use crate::app::{App, Room, blocking};
use crate::problem::{Answer, Problem};

/// Bytes of a request as sent, and unpacked. All of it is one write of the event log, which takes no more at a time.
const SENT_MAX: usize = 48 << 20;
const UNPACKED_MAX: usize = 48 << 20;
/// Bytes of an event: what the event log takes, and a little less.
pub(crate) const EVENT_BYTES_MAX: usize = (1 << 20) - 1_024;
/// How long nothing may come of a body that is not whole, and how long all of it may take.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const SENDING_MAX: Duration = Duration::from_secs(120);
/// How much is unpacked at once.
const PIECE: usize = 256 << 10;

/// A body, with the room that it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Bytes,
    _room: Room,
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body. All bodies together have so much room; who comes while it is taken is told to come again.
pub(crate) async fn read(app: &App, headers: &HeaderMap, content: Body) -> Answer<Content> {
    let mut room = app.room()?;
    let sent = tokio::time::timeout(SENDING_MAX, collect(&mut room, headers, content));
    let bytes = sent.await.map_err(|_| Problem::slow())??;
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some(b"identity" | b"") => Ok(Content { bytes, _room: room }),
        Some(encoding) => {
            let encoding = String::from_utf8_lossy(encoding).into_owned();
            blocking(move || {
                let bytes = unpack(&encoding, &bytes, &mut |count| room.take(count))?.into();
                Ok(Content { bytes, _room: room })
            })
            .await
        }
    }
}

/// Puts the pieces of a body together; one that comes in one piece is not copied.
async fn collect(room: &mut Room, headers: &HeaderMap, content: Body) -> Answer<Bytes> {
    let too_large = || Problem::too_large(format!("a body of more than {} MiB", SENT_MAX >> 20));
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > SENT_MAX) {
        return Err(too_large());
    }
    let mut stream = content.into_data_stream();
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    loop {
        let next = tokio::time::timeout(SILENCE_MAX, stream.next()).await.map_err(|_| Problem::slow())?;
        let Some(piece) = next else { break };
        let piece = piece.map_err(|_| Problem::invalid("the body is cut off"))?;
        room.take(piece.len())?;
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.reserve(length.unwrap_or(0).max(first.len() + piece.len()));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
        if all.len() > SENT_MAX {
            return Err(too_large());
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

type Take<'t> = &'t mut dyn FnMut(usize) -> Answer<()>;

fn unpack(encoding: &str, bytes: &[u8], take: Take<'_>) -> Answer<Vec<u8>> {
    match encoding {
        "gzip" | "x-gzip" => all(flate2::read::MultiGzDecoder::new(bytes), take),
        "deflate" => all(flate2::read::ZlibDecoder::new(bytes), take),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
            all(decoder.map_err(|_| Problem::invalid("the body is not zstd"))?, take)
        }
        _ => {
            Err(Problem::invalid(format!("a body packed as `{encoding}`; gzip, zstd and deflate are known")))
        }
    }
}

/// Reads to the end, in pieces, each of which must find room before it is kept.
fn all(mut reader: impl Read, take: Take<'_>) -> Answer<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let read = reader
            .by_ref()
            .take(PIECE as u64)
            .read_to_end(&mut out)
            .map_err(|error| Problem::invalid(format!("the body cannot be unpacked: {error}")))?;
        if read == 0 {
            return Ok(out);
        }
        if out.len() > UNPACKED_MAX {
            return Err(Problem::too_large(format!(
                "a body of more than {} MiB, unpacked",
                UNPACKED_MAX >> 20
            )));
        }
        take(read)?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn bodies_are_unpacked_within_a_bound() {
        let gzip = |length: usize| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            for _ in 0..length >> 20 {
                encoder.write_all(&[b'a'; 1 << 20]).unwrap();
            }
            encoder.write_all(b"end").unwrap();
            encoder.finish().unwrap()
        };
        let check = |encoding: &str, bytes: &[u8], expect: Result<&[u8], u16>| {
            let got = unpack(encoding, bytes, &mut |_| Ok(()));
            assert_eq!(got.as_deref().map_err(|problem| problem.status().as_u16()), expect, "{encoding}");
        };
        check("gzip", &gzip(0), Ok(b"end"));
        check("gzip", &gzip(UNPACKED_MAX + (1 << 20)), Err(413));
        let mut left = 3_usize << 20;
        let mut take = |count: usize| match left.checked_sub(count) {
            Some(rest) => {
                left = rest;
                Ok(())
            }
            None => Err(Problem::too_many("full", 1)),
        };
        // One that finds no room is stopped there.
        let stopped = unpack("gzip", &gzip(40 << 20), &mut take).map_err(|problem| problem.status().as_u16());
        assert_eq!((stopped, left < PIECE), (Err(429), true));
        check("gzip", b"no gzip", Err(400));
        check("br", b"", Err(400));
        check("zstd", b"no zstd", Err(400));
    }
}
