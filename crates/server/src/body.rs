//! Bodies of requests that bring events: unpacked, with a bound on what comes out.

use std::io::Read;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, header};

use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};

/// Bytes of a request as sent, and unpacked.
const SENT_MAX: usize = 64 << 20;
const UNPACKED_MAX: u64 = 256 << 20;
/// Bytes of an event: what the event log takes, and a little less.
pub(crate) const EVENT_BYTES_MAX: usize = (1 << 20) - 1_024;

/// Reads a body. Few are read at the same time; who comes while all places are taken is told to come again.
pub(crate) async fn read(app: &App, headers: &HeaderMap, content: Body) -> Answer<Vec<u8>> {
    let place = app.ingest_place()?;
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let bytes = to_bytes(content, SENT_MAX)
        .await
        .map_err(|_| Problem::too_large(format!("a body of more than {} MiB, or cut off", SENT_MAX >> 20)))?;
    let unpacked = match encoding.as_deref() {
        None | Some(b"identity" | b"") => bytes.to_vec(),
        Some(encoding) => {
            let encoding = String::from_utf8_lossy(encoding).into_owned();
            blocking(move || unpack(&encoding, &bytes)).await?
        }
    };
    drop(place);
    Ok(unpacked)
}

fn unpack(encoding: &str, bytes: &[u8]) -> Answer<Vec<u8>> {
    match encoding {
        "gzip" | "x-gzip" => all(flate2::read::MultiGzDecoder::new(bytes)),
        "deflate" => all(flate2::read::ZlibDecoder::new(bytes)),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
            all(decoder.map_err(|_| Problem::invalid("the body is not zstd"))?)
        }
        _ => {
            Err(Problem::invalid(format!("a body packed as `{encoding}`; gzip, zstd and deflate are known")))
        }
    }
}

fn all(reader: impl Read) -> Answer<Vec<u8>> {
    let mut out = Vec::new();
    reader
        .take(UNPACKED_MAX + 1)
        .read_to_end(&mut out)
        .map_err(|error| Problem::invalid(format!("the body cannot be unpacked: {error}")))?;
    if out.len() as u64 > UNPACKED_MAX {
        return Err(Problem::too_large(format!("a body of more than {} MiB, unpacked", UNPACKED_MAX >> 20)));
    }
    Ok(out)
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
            let got = unpack(encoding, bytes);
            assert_eq!(got.as_deref().map_err(|problem| problem.status().as_u16()), expect, "{encoding}");
        };
        check("gzip", &gzip(0), Ok(b"end"));
        check("gzip", &gzip(257 << 20), Err(413));
        check("gzip", b"no gzip", Err(400));
        check("br", b"", Err(400));
        check("zstd", b"no zstd", Err(400));
    }
}
