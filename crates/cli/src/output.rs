//! Where queries go: standard output, a file, or a folder with a file per rule.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A character encoding of the output, by the names that Python gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8Sig,
    Ascii,
    Latin1,
    Utf16,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// Reads a name, in any case, with `-` or `_`.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "utf-8-sig" | "utf8-sig" => Ok(Self::Utf8Sig),
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Latin1),
            "utf-16" | "utf16" => Ok(Self::Utf16),
            "utf-16-le" | "utf-16le" => Ok(Self::Utf16Le),
            "utf-16-be" | "utf-16be" => Ok(Self::Utf16Be),
            _ => Err("use utf-8, utf-8-sig, ascii, latin-1, utf-16, utf-16-le or utf-16-be".to_owned()),
        }
    }

    /// The bytes of a text; the first character that the encoding lacks is the error.
    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes);
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Utf8Sig => Ok([b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            Self::Ascii => narrow(text, 0x7F),
            Self::Latin1 => narrow(text, 0xFF),
            Self::Utf16 => Ok([0xFF, 0xFE].into_iter().chain(wide(u16::to_le_bytes)).collect()),
            Self::Utf16Le => Ok(wide(u16::to_le_bytes).collect()),
            Self::Utf16Be => Ok(wide(u16::to_be_bytes).collect()),
        }
    }
}

fn narrow(text: &str, last: u32) -> Result<Vec<u8>, char> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|&b| u32::from(b) <= last).ok_or(c)).collect()
}

/// Writes to a file, or to standard output if the path is `-`. A reader that closed the pipe has what it
/// wanted: that is no error.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path != Path::new("-") {
        return std::fs::write(path, bytes);
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Writes to a file in a folder, which is made with the folders below it.
pub(crate) fn write_below(folder: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = folder.join(file);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, bytes)
}

/// The name of a rule's output file: a template with `{path}` (folder below the base), `{stem}` (file name without
/// extension) and `{index}` (number of the query, empty if the rule has one). The result never leaves the folder.
pub(crate) fn file_name(
    template: &str,
    rule: &Path,
    base: &Path,
    index: Option<usize>,
) -> Result<PathBuf, String> {
    let below = rule.strip_prefix(base).unwrap_or(rule);
    let folder = below.parent().map_or(String::new(), |folder| folder.to_string_lossy().into_owned());
    let stem = rule.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            out.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let end = tail.find('}').filter(|_| tail.starts_with('{')).ok_or("a brace is not closed")?;
        match &tail[1..end] {
            "path" => out.push_str(&folder),
            "stem" => out.push_str(&stem),
            "index" => out.push_str(&index.map_or(String::new(), |index| index.to_string())),
            name => return Err(format!("unknown variable `{name}`; there are path, stem and index")),
        }
        rest = &tail[end + 1..];
    }
    out.push_str(rest);
    let name: PathBuf =
        out.split('/').filter(|part| !matches!(*part, "" | "." | "..")).map(str::to_owned).collect();
    if name.as_os_str().is_empty() { Err("the file name is empty".to_owned()) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_give_their_bytes() {
        let check = |name: &str, text: &str, expect: Result<&[u8], char>| {
            let got = Encoding::parse(name).unwrap().encode(text);
            assert_eq!(got.as_deref().map_err(|c| *c), expect, "{name} {text}");
        };
        check("UTF_8", "é", Ok(b"\xC3\xA9"));
        check("utf-8-sig", "a", Ok(b"\xEF\xBB\xBFa"));
        check("latin-1", "é", Ok(b"\xE9"));
        check("latin-1", "a€", Err('€'));
        check("ascii", "é", Err('é'));
        check("utf-16", "a", Ok(b"\xFF\xFEa\0"));
        check("utf-16-be", "a", Ok(b"\0a"));
        assert!(Encoding::parse("ebcdic").is_err());
    }

    #[test]
    fn file_names_follow_the_template_and_stay_below() {
        let check = |template: &str, rule: &str, index: Option<usize>, expect: Result<&str, ()>| {
            let got = file_name(template, Path::new(rule), Path::new("rules"), index);
            assert_eq!(got.map_err(|_| ()), expect.map(PathBuf::from), "{template} {rule}");
        };
        check("{stem}.txt", "rules/win/a.yml", None, Ok("a.txt"));
        check("{path}/{stem}-{index}.txt", "rules/win/a.yml", Some(2), Ok("win/a-2.txt"));
        check("{path}/{stem}.txt", "rules/a.yml", None, Ok("a.txt"));
        check("/{path}/../{stem}", "../../x/a.yml", None, Ok("x/a"));
        check("{{{stem}}}", "rules/a.yml", None, Ok("{a}"));
        check("{name}", "rules/a.yml", None, Err(()));
        check("{stem", "rules/a.yml", None, Err(()));
        check("{index}", "rules/a.yml", None, Err(()));
    }
}
