//! One large EVTX file from the chunks of many.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

const HEADER: usize = 4_096;
const CHUNK: usize = 65_536;

/// Writes the chunks of all files under one header, several times over.
pub(super) fn join(logs: &[PathBuf], copies: usize, out: &mut dyn Write) -> Result<()> {
    let files: Vec<Vec<u8>> = logs.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let chunks: Vec<&[u8]> = files
        .iter()
        .filter_map(|file| file.get(HEADER..))
        .flat_map(|chunks| chunks.chunks_exact(CHUNK))
        .filter(|chunk| chunk.starts_with(b"ElfChnk\0"))
        .collect();
    let first = files.iter().find_map(|file| file.get(..HEADER)).context("there is no EVTX file")?;
    out.write_all(&header(first, chunks.len() * copies)?)?;
    for _ in 0..copies {
        chunks.iter().try_for_each(|chunk| out.write_all(chunk))?;
    }
    Ok(())
}

/// A header for so many chunks.
fn header(model: &[u8], chunks: usize) -> Result<Vec<u8>> {
    let mut header = model.to_vec();
    let last = u64::try_from(chunks)?.saturating_sub(1);
    header[8..16].copy_from_slice(&0_u64.to_le_bytes());
    header[16..24].copy_from_slice(&last.to_le_bytes());
    // Sixteen bits, which larger files overflow; readers go by the file's length then.
    header[42..44].copy_from_slice(&u16::try_from(chunks).unwrap_or(u16::MAX).to_le_bytes());
    header[120..124].copy_from_slice(&0_u32.to_le_bytes());
    let sum = checksum(&header[..120]);
    header[124..128].copy_from_slice(&sum.to_le_bytes());
    Ok(header)
}

/// CRC-32 as in zip files.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(sum & 1)))
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn checksums_are_those_of_the_format() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }
}
