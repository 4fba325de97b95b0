//! EVTX made in a test, and which parts of a sound file each of its records needs.

use std::collections::HashMap;
use std::ops::Range;

/// Bytes of the file header.
pub(crate) const HEADER_BYTES: usize = 4_096;
/// Bytes of a chunk.
pub(crate) const CHUNK_BYTES: usize = 65_536;

/// A file of chunks with records of one template each.
pub(crate) fn file(chunks: usize, records: usize) -> Vec<u8> {
    let mut file = vec![0; HEADER_BYTES];
    file[..8].copy_from_slice(b"ElfFile\0");
    file[32..36].copy_from_slice(&128_u32.to_le_bytes());
    file[36..42].copy_from_slice(&[1, 0, 3, 0, 0, 16]);
    file[42..44].copy_from_slice(&u16::try_from(chunks).unwrap().to_le_bytes());
    for chunk in 0..chunks {
        file.extend(Chunk::of(records, 1 + chunk * records));
    }
    file
}

/// A chunk that is being written.
struct Chunk {
    bytes: Vec<u8>,
    names: HashMap<&'static str, u32>,
    template: Option<u32>,
}

impl Chunk {
    fn of(records: usize, first: usize) -> Vec<u8> {
        let mut chunk = Self { bytes: vec![0; 512], names: HashMap::new(), template: None };
        let mut last = 512;
        for identifier in first..first + records {
            last = chunk.bytes.len();
            chunk.record(identifier as u64);
        }
        let free = chunk.bytes.len();
        assert!(free <= CHUNK_BYTES, "{free}");
        let (first, last_identifier) = (first as u64, (first + records - 1) as u64);
        let mut bytes = chunk.bytes;
        bytes.resize(CHUNK_BYTES, 0);
        bytes[..8].copy_from_slice(b"ElfChnk\0");
        for (at, value) in [(8, first), (16, last_identifier), (24, first), (32, last_identifier)] {
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        for (at, value) in [(40, 128), (44, last), (48, free)] {
            bytes[at..at + 4].copy_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
        }
        for (at, offset) in chunk.names.values().enumerate() {
            bytes[128 + 4 * at..132 + 4 * at].copy_from_slice(&offset.to_le_bytes());
        }
        bytes[384..388].copy_from_slice(&chunk.template.unwrap().to_le_bytes());
        let sum = |parts: &[&[u8]]| {
            let mut sum = flate2::Crc::new();
            parts.iter().for_each(|part| sum.update(part));
            sum.sum().to_le_bytes()
        };
        let records = sum(&[&bytes[512..free]]);
        bytes[52..56].copy_from_slice(&records);
        let header = sum(&[&bytes[..120], &bytes[128..512]]);
        bytes[124..128].copy_from_slice(&header);
        bytes
    }

    fn here(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap()
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    fn text(&mut self, text: &str) {
        text.encode_utf16().for_each(|unit| self.put(&unit.to_le_bytes()));
    }

    /// A name's offset, and where it is new the name.
    fn name(&mut self, name: &'static str) {
        if let Some(offset) = self.names.get(name) {
            let offset = *offset;
            return self.put(&offset.to_le_bytes());
        }
        let offset = self.here() + 4;
        self.names.insert(name, offset);
        self.put(&offset.to_le_bytes());
        self.put(&[0; 4]);
        let hash = name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(65_599).wrapping_add(byte.into()));
        self.put(&hash.to_le_bytes()[..2]);
        self.put(&u16::try_from(name.len()).unwrap().to_le_bytes());
        self.text(name);
        self.put(&[0; 2]);
    }

    /// The head of an element with an attribute or none.
    fn open(&mut self, name: &'static str, attribute: Option<(&'static str, &str)>) {
        self.put(&[if attribute.is_some() { 0x41 } else { 0x01 }, 0xff, 0xff, 0, 0, 0, 0]);
        self.name(name);
        if let Some((name, value)) = attribute {
            self.put(&[0; 4]);
            self.put(&[0x06]);
            self.name(name);
            self.put(&[0x05, 0x01]);
            self.put(&u16::try_from(value.len()).unwrap().to_le_bytes());
            self.text(value);
        }
        self.put(&[0x02]);
    }

    fn slot(&mut self, id: u8, kind: u8) {
        self.put(&[0x0e, id, 0, kind, 0x04]);
    }

    fn definition(&mut self) {
        let start = self.bytes.len();
        self.put(&[0; 4]);
        self.put(&[7; 20]);
        self.put(&[0x0f, 1, 1, 0]);
        self.open("Event", Some(("xmlns", "http://schemas.microsoft.com/win/2004/08/events/event")));
        self.open("System", None);
        for (name, id, kind) in [("EventID", 0, 0x06), ("EventRecordID", 1, 0x0a), ("Computer", 2, 0x01)] {
            self.open(name, None);
            self.slot(id, kind);
        }
        self.put(&[0x04]);
        self.open("EventData", None);
        for (name, id) in [("CommandLine", 3), ("User", 4)] {
            self.open("Data", Some(("Name", name)));
            self.slot(id, 0x01);
        }
        self.put(&[0x04, 0x04, 0x00]);
        let length = u32::try_from(self.bytes.len() - start - 24).unwrap();
        self.bytes[start + 20..start + 24].copy_from_slice(&length.to_le_bytes());
    }

    fn record(&mut self, identifier: u64) {
        let start = self.bytes.len();
        self.put(b"**\0\0\0\0\0\0");
        self.put(&identifier.to_le_bytes());
        self.put(&(132_000_000_000_000_000 + identifier).to_le_bytes());
        self.put(&[0x0f, 1, 1, 0, 0x0c, 1, 7, 7, 7, 7]);
        match self.template {
            Some(offset) => self.put(&offset.to_le_bytes()),
            None => {
                let offset = self.here() + 4;
                self.template = Some(offset);
                self.put(&offset.to_le_bytes());
                self.definition();
            }
        }
        let texts = ["host".to_owned(), format!("cmd.exe /c echo {identifier}"), "Ümit".to_owned()];
        self.put(&5_u32.to_le_bytes());
        self.put(&[2, 0, 0x06, 0, 8, 0, 0x0a, 0]);
        for text in &texts {
            let length = 2 * text.encode_utf16().count();
            self.put(&[u8::try_from(length).unwrap(), 0, 0x01, 0]);
        }
        self.put(&4688_u16.to_le_bytes());
        self.put(&identifier.to_le_bytes());
        texts.iter().for_each(|text| self.text(text));
        self.put(&[0]);
        let end = self.bytes.len().next_multiple_of(8) + 4;
        self.bytes.resize(end.next_multiple_of(8) - 4, 0);
        let length = u32::try_from(self.bytes.len() + 4 - start).unwrap();
        self.put(&length.to_le_bytes());
        self.bytes[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    }
}

/// Finds what records need, by the tables in the chunks' headers.
pub(crate) struct References<'f> {
    chunk: &'f [u8],
    names: HashMap<usize, Range<usize>>,
    /// With the places of the names that each refers to.
    templates: HashMap<usize, Vec<Range<usize>>>,
}

impl<'f> References<'f> {
    /// For each record of a sound file the ranges of the file that it needs; none if the file is not simple.
    pub(crate) fn of(file: &'f [u8]) -> Option<Vec<Vec<Range<usize>>>> {
        let mut all = Vec::new();
        for start in (HEADER_BYTES..file.len()).step_by(CHUNK_BYTES) {
            let chunk = file.get(start..start + CHUNK_BYTES)?;
            if !chunk.starts_with(b"ElfChnk\0") {
                continue;
            }
            let references = References::in_chunk(chunk)?;
            let free = number(chunk, 48)?;
            let mut at = 512;
            while at < free {
                let end = at + number(chunk, at + 4)?;
                if !chunk[at..].starts_with(b"**\0\0") || end > free {
                    return None;
                }
                let needs = references.needs(at..end);
                all.push(needs.into_iter().map(|need| start + need.start..start + need.end).collect());
                at = end;
            }
        }
        Some(all)
    }

    fn in_chunk(chunk: &'f [u8]) -> Option<Self> {
        let mut references = Self { chunk, names: HashMap::new(), templates: HashMap::new() };
        for slot in 0..64 {
            let mut at = number(chunk, 128 + 4 * slot)?;
            while at != 0 && !references.names.contains_key(&at) {
                let length = usize::from(u16::from_le_bytes(chunk.get(at + 6..at + 8)?.try_into().ok()?));
                references.names.insert(at, at + 4..at + 10 + 2 * length);
                at = number(chunk, at)?;
            }
        }
        for slot in 0..32 {
            let mut at = number(chunk, 384 + 4 * slot)?;
            while at != 0 && !references.templates.contains_key(&at) {
                let end = at + 24 + number(chunk, at + 20)?;
                let mut needs: Vec<_> = std::iter::once(at + 4..end).collect();
                for place in at + 24..end.saturating_sub(3) {
                    needs.extend(references.names.get(&number(chunk, place)?).cloned());
                }
                references.templates.insert(at, needs);
                at = number(chunk, at)?;
            }
        }
        Some(references)
    }

    /// A record, and every template that it may be an instance of.
    fn needs(&self, record: Range<usize>) -> Vec<Range<usize>> {
        let mut needs = vec![record.clone()];
        for at in record.start + 24..record.end - 10 {
            if self.chunk[at] == 0x0c
                && let Some(template) = number(self.chunk, at + 6).and_then(|at| self.templates.get(&at))
            {
                needs.extend(template.iter().cloned());
            }
        }
        needs
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let raw = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(raw)).ok()
}
