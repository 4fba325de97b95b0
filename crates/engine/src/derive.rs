//! Further values of fields: what an event says in other words than the rules of its log source.
//!
//! `MandatoryLabel: S-1-16-12288` of the Security log is what Sysmon calls `IntegrityLevel: High`, and
//! `\Device\HarddiskVolume3\Windows\x.exe` is a rule's `C:\Windows\x.exe`. Which classes do that is data (`values`
//! in the table of log sources). A further value stands beside those that the event has, never in their place;
//! a field that the event lacks gets none.
//!
//! Price: nothing for classes without such values. For the others a few comparisons per field that rules look
//! into, and no allocation: texts are made in the scratch's arena.

use std::collections::BTreeMap;

use sigyn_event::{Event, FieldPath, NodeId, Value, write_scalar};

use crate::class::{Class, ClassId};
use crate::engine::Engine;
use crate::fold::{fold, fold_into};
use crate::logsource::{Derived, Form};
use crate::scratch::{Raw, Scratch, Text};

/// Folders of the drive that Windows starts from: a path of the kernel that begins with one of them is on `C:`.
/// Paths on other volumes stay as they are, because nothing in the event says their letter.
const SYSTEM_FOLDERS: &[&str] =
    &["windows", "program files", "program files (x86)", "programdata", "users", "perflogs"];
/// Roots of the registry as the kernel and others name them, and as Sysmon does.
const HIVES: &[(&str, &str)] = &[
    (r"\REGISTRY\MACHINE", "HKLM"),
    (r"\REGISTRY\USER", "HKU"),
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CURRENT_USER", "HKCU"),
];

/// The further values of one field.
pub(crate) type OfField = (String, Vec<Maker>);

/// A [`Derived`], with its names cut and its texts folded.
#[derive(Debug)]
pub(crate) struct Maker {
    from: Vec<FieldPath>,
    by: String,
    is: Vec<(FieldPath, Vec<String>)>,
    unless: Vec<FieldPath>,
    /// By the folded text.
    map: BTreeMap<String, String>,
    form: Option<Form>,
}

impl Maker {
    pub(crate) fn new(derived: &Derived) -> Self {
        Self {
            from: derived.from.iter().map(|name| FieldPath::new(name)).collect(),
            by: derived.by.clone().unwrap_or_else(|| "\\".to_owned()),
            is: derived.is.iter().map(|(name, texts)| (FieldPath::new(name), texts.clone())).collect(),
            unless: derived.unless.iter().map(|name| FieldPath::new(name)).collect(),
            map: derived.map.iter().map(|(from, to)| (fold(from), to.clone())).collect(),
            form: derived.form,
        }
    }

    fn applies(&self, event: Event<'_>) -> bool {
        let says = |path: &FieldPath| {
            event.first(path).is_some_and(|value| !matches!(value, Value::Null | Value::Text("" | "-")))
        };
        !self.unless.iter().any(says)
            && self.is.iter().all(|(path, texts)| {
                let mut holds = false;
                event.visit(path, &mut |value| {
                    value.scalars(&mut |value| {
                        // Conditions are on texts: what they compare is ASCII in all logs that the table knows.
                        let text = value.as_text().unwrap_or("");
                        holds |= texts.iter().any(|other| other.eq_ignore_ascii_case(text));
                    });
                });
                holds
            })
    }

    /// What it looks at.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &FieldPath> {
        self.from.iter().chain(self.is.iter().map(|(path, _)| path)).chain(&self.unless)
    }

    /// The places of all values that it looks at.
    pub(crate) fn reads(&self, event: Event<'_>, visit: &mut impl FnMut(NodeId)) {
        for path in self.paths() {
            event.visit_places(path, visit);
        }
    }

    /// Writes the values of the source fields, joined; false if one is missing.
    fn join(&self, event: Event<'_>, out: &mut String) -> bool {
        for (at, path) in self.from.iter().enumerate() {
            if at > 0 {
                out.push_str(&self.by);
            }
            let start = out.len();
            match event.first(path) {
                Some(Value::List(list)) if self.form == Some(Form::CommandLine) => {
                    for (at, argument) in list.iter().enumerate() {
                        if at > 0 {
                            out.push(' ');
                        }
                        write_scalar(out, argument);
                    }
                }
                Some(Value::Null | Value::Map(_) | Value::List(_)) | None => return false,
                Some(value) => write_scalar(out, value),
            }
            if matches!(out.get(start..), None | Some("" | "-")) {
                return false;
            }
        }
        true
    }

    /// What a text becomes, written behind what is in `out`; false if nothing.
    fn convert(&self, text: &str, out: &mut String) -> bool {
        if !self.map.is_empty() {
            let start = out.len();
            fold_into(out, text);
            let found = out.get(start..).and_then(|folded| self.map.get(folded));
            out.truncate(start);
            return found.is_some_and(|found| {
                out.push_str(found);
                true
            });
        }
        match self.form {
            None | Some(Form::CommandLine) => {
                out.push_str(text);
                true
            }
            Some(form) => write_form(form, text, out),
        }
    }
}

fn write_form(form: Form, text: &str, out: &mut String) -> bool {
    use std::fmt::Write;
    // Writing to a string cannot fail.
    match form {
        Form::Decimal => hexadecimal(text).is_some_and(|number| write!(out, "{number}").is_ok()),
        Form::Dword => number(text)
            .and_then(|number| u32::try_from(number).ok())
            .is_some_and(|number| write!(out, "DWORD (0x{number:08x})").is_ok()),
        Form::Qword => number(text).is_some_and(|number| {
            write!(out, "QWORD (0x{:08x}-0x{:08x})", number >> 32, number & 0xffff_ffff).is_ok()
        }),
        Form::DrivePath => drive_path(text).is_some_and(|path| write!(out, "C:{path}").is_ok()),
        Form::RegistryPath => HIVES.iter().any(|(kernel, name)| {
            let rest = strip_prefix(text, kernel).filter(|rest| rest.is_empty() || rest.starts_with('\\'));
            rest.is_some_and(|rest| match control_set(rest) {
                Some(behind) => write!(out, r"{name}\System\CurrentControlSet{behind}").is_ok(),
                None => write!(out, "{name}{rest}").is_ok(),
            })
        }),
        Form::UrlDecoded => url_decoded(text).is_some_and(|text| write!(out, "{text}").is_ok()),
        Form::UrlDecodedTwice => url_decoded(text)
            .and_then(|once| url_decoded(&once))
            .is_some_and(|text| write!(out, "{text}").is_ok()),
        Form::CommandLine => false,
    }
}

/// `%41` and `+` decoded; what is no valid sequence stays as it is. None: there is nothing to decode. The one form that asks
/// for memory of its own, because bytes that come to be need not be UTF-8.
fn url_decoded(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return None;
    }
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        out.push(code.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        at += if code.is_some() { 3 } else { 1 };
    }
    let decoded = String::from_utf8_lossy(&out).into_owned();
    (decoded != text).then_some(decoded)
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?, 16).ok()
}

fn number(text: &str) -> Option<u64> {
    hexadecimal(text).or_else(|| text.parse().ok())
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
    text.get(prefix.len()..)
}

/// What stands behind a numbered control set, all of which Sysmon calls the current one.
fn control_set(path: &str) -> Option<&str> {
    let rest = strip_prefix(path, r"\SYSTEM\ControlSet")?;
    let behind = rest.get(3..).filter(|behind| behind.is_empty() || behind.starts_with('\\'))?;
    rest.get(..3)?.bytes().all(|byte| byte.is_ascii_digit()).then_some(behind)
}

/// The path behind the volume, if its first folder says that the volume is the system's.
fn drive_path(text: &str) -> Option<&str> {
    let rest = strip_prefix(text, r"\Device\HarddiskVolume")?;
    let path = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let folder = path.strip_prefix('\\')?.split('\\').next()?;
    SYSTEM_FOLDERS.iter().any(|system| folder.eq_ignore_ascii_case(system)).then_some(path)
}

/// Adds a field's further values behind its texts, which begin at `start`. The field is there.
pub(crate) fn add(makers: &[Maker], event: Event<'_>, scratch: &mut Scratch, start: u32) {
    let end = scratch.texts.len();
    for maker in makers.iter().filter(|maker| maker.applies(event)) {
        if maker.from.is_empty() {
            for at in start as usize..end {
                let Some(text) = scratch.texts.get(at).copied() else { break };
                let mut made = std::mem::take(&mut scratch.identity);
                made.clear();
                let own = match text.raw {
                    Raw::Node(node) => event.value(node).and_then(Value::as_text).unwrap_or(""),
                    Raw::Arena(from, to) => scratch.arena.get(from as usize..to as usize).unwrap_or(""),
                };
                let is_made = maker.convert(own, &mut made);
                scratch.identity = made;
                if is_made {
                    push(scratch);
                }
            }
            continue;
        }
        // What is joined stands in the arena only until it is converted.
        let mut arena = std::mem::take(&mut scratch.arena);
        let from = arena.len();
        scratch.identity.clear();
        let is_made = maker.join(event, &mut arena)
            && maker.convert(arena.get(from..).unwrap_or(""), &mut scratch.identity);
        arena.truncate(from);
        scratch.arena = arena;
        if is_made {
            push(scratch);
        }
    }
}

/// Keeps what is in the buffer as a text with its folded form.
fn push(scratch: &mut Scratch) {
    let Scratch { arena, identity, texts, .. } = scratch;
    let text = identity.as_str();
    let place = |at: usize| u32::try_from(at).unwrap_or(0);
    let start = arena.len();
    arena.push_str(text);
    let middle = arena.len();
    fold_into(arena, text);
    let end = arena.len();
    texts.push(Text {
        raw: Raw::Arena(place(start), place(middle)),
        folded: Some((place(middle), place(end))),
    });
}

/// The further values of a field whose own values are given. Meant for people and tests: nothing of it is fast.
pub(crate) fn of_texts(class: &Class, field: &str, event: Event<'_>, own: &[String]) -> Vec<String> {
    let makers = class.derived.iter().find(|(derived, _)| derived == field).map(|(_, makers)| makers);
    let mut out = Vec::new();
    for maker in makers.into_iter().flatten().filter(|maker| maker.applies(event)) {
        let mut joined = String::new();
        let sources: Vec<&str> = if maker.from.is_empty() {
            own.iter().map(String::as_str).collect()
        } else if maker.join(event, &mut joined) {
            vec![joined.as_str()]
        } else {
            Vec::new()
        };
        for source in sources {
            let mut made = String::new();
            if maker.convert(source, &mut made) {
                out.push(made);
            }
        }
    }
    out
}

impl Engine {
    /// What a class's events say of a field in the words of rules, beside the values `own` that the event has of it.
    pub fn further_values(
        &self,
        class: ClassId,
        field: &str,
        event: Event<'_>,
        own: &[String],
    ) -> Vec<String> {
        self.classes.get(class.0 as usize).map_or(Vec::new(), |class| of_texts(class, field, event, own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_exact_or_nothing() {
        let check = |form: Form, text: &str, expect: Option<&str>| {
            let maker = Maker::new(&Derived { form: Some(form), ..Derived::default() });
            let mut out = String::new();
            let is_made = maker.convert(text, &mut out);
            assert_eq!(is_made.then_some(out.as_str()), expect, "{form:?} {text}");
        };
        check(Form::Decimal, "0x1A2c", Some("6700"));
        check(Form::Decimal, "6700", None);
        check(Form::Decimal, "0xyz", None);
        check(Form::DrivePath, r"\device\harddiskvolume12\windows\a.exe", Some(r"C:\windows\a.exe"));
        check(Form::DrivePath, r"\Device\HarddiskVolume2\Tools\a.exe", None);
        check(Form::DrivePath, r"C:\Windows\a.exe", None);
        check(Form::DrivePath, r"\Device\Mup\host\windows\a.exe", None);
        check(Form::RegistryPath, r"\REGISTRY\MACHINE\SOFTWARE\x", Some(r"HKLM\SOFTWARE\x"));
        check(Form::RegistryPath, r"\registry\user\S-1-5-18", Some(r"HKU\S-1-5-18"));
        check(Form::RegistryPath, r"\REGISTRY\MACHINERY", None);
        let current = Some(r"HKLM\System\CurrentControlSet\Services\x");
        check(Form::RegistryPath, r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\x", current);
        check(Form::Dword, "1", Some("DWORD (0x00000001)"));
        check(Form::Dword, "0xff", Some("DWORD (0x000000ff)"));
        check(Form::Dword, "4294967296", None);
        check(Form::Qword, "4294967297", Some("QWORD (0x00000001-0x00000001)"));
        check(Form::Dword, "one", None);
        check(Form::UrlDecoded, "id=1%27+or%201", Some("id=1' or 1"));
        check(Form::UrlDecoded, "id=%2527%zz%4", Some("id=%27%zz%4"));
        check(Form::UrlDecoded, "/plain", None);
        check(Form::UrlDecoded, "%zz", None);
        check(Form::UrlDecodedTwice, "id=%2527", Some("id='"));
        check(Form::UrlDecodedTwice, "id=%27", None);
        check(Form::UrlDecoded, "%c3%a4%ff", Some("ä\u{fffd}"));
    }
}
