//! File addresses and paths.
//!
//! Editors write the same file in different ways (`file:///c%3A/x`, `file:///C:/x`), so files are known by their path.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is not written as it is. RFC 3986 calls the rest unreserved; the slash divides.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// The path of an address; `None` if it is no file's. Drive letters are taken in lower case.
pub fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let slash = rest.find('/')?;
    let (host, path) = rest.split_at(slash);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let bytes = path.as_bytes();
    if !(host.is_empty() || host == "localhost") {
        return Some(PathBuf::from(format!("//{host}{path}")));
    }
    let is_drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    let path = match is_drive {
        true => format!("{}{}", path[1..2].to_ascii_lowercase(), &path[2..]),
        false => path.into_owned(),
    };
    Some(PathBuf::from(path))
}

/// The address of a path.
pub fn from_path(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    if let Some(host) = text.strip_prefix("//") {
        return format!("file://{}", utf8_percent_encode(host, ESCAPED));
    }
    let root = if text.starts_with('/') { "" } else { "/" };
    format!("file://{root}{}", utf8_percent_encode(&text, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths() {
        let check = |uri: &str, path: Option<&str>, back: &str| {
            let found = to_path(uri);
            assert_eq!(found.as_deref(), path.map(Path::new), "{uri}");
            assert_eq!(found.map(|path| from_path(&path)).unwrap_or_default(), back, "{uri}");
        };
        check("file:///rules/a%20b.yml", Some("/rules/a b.yml"), "file:///rules/a%20b.yml");
        check("file:///rules/%C3%A4.yml?x#y", Some("/rules/ä.yml"), "file:///rules/%C3%A4.yml");
        check("file:///C%3A/rules/a.yml", Some("c:/rules/a.yml"), "file:///c%3A/rules/a.yml");
        check("file://server/share/a.yml", Some("//server/share/a.yml"), "file://server/share/a.yml");
        check("file://localhost/a.yml", Some("/a.yml"), "file:///a.yml");
        check("untitled:Untitled-1", None, "");
        check("file://", None, "");
        check("file:///%FF", None, "");
    }
}
