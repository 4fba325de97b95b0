//! Copies of an event that share as few values as events of a large network do, or fewer: no cache of values helps.

use serde_json::{Map, Value};

/// Fields that tell what an event is; they repeat in every log.
const KEPT: &[&str] = &[
    "Provider_Name",
    "Provider_Guid",
    "Channel",
    "EventID",
    "Version",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "LogonType",
    "IntegrityLevel",
    "OriginalFileName",
    "Company",
    "Product",
    "Description",
    "FileVersion",
    "GrantedAccess",
    "EventType",
    "Protocol",
    "product",
    "service",
    "category",
];
/// Texts below this length repeat everywhere: flags, protocols, yes and no.
const SHORT: usize = 12;

/// Gives an event the values of a copy of its own.
pub(super) fn event(event: &mut Map<String, Value>, copy: u32) {
    for (name, value) in event.iter_mut() {
        if KEPT.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Number(number) if is_number_of_its_own(name) => {
                if let Some(old) = number.as_u64() {
                    *value = (old + u64::from(copy) * 4).into();
                }
            }
            Value::String(text) => *value = Value::String(self::text(name, text, copy)),
            _ => {}
        }
    }
}

fn is_number_of_its_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["processid", "threadid", "recordid", "port"].iter().any(|end| name.ends_with(end))
}

fn text(name: &str, text: &str, copy: u32) -> String {
    let is_name =
        ["User", "UserName", "AccountName", "Computer", "Hostname"].iter().any(|end| name.ends_with(end));
    if is_guid(text) {
        let (brace, rest) = text.split_at(usize::from(text.starts_with('{')));
        return format!("{brace}{:08X}{}", copy.wrapping_mul(0x9E37_79B1), &rest[8..]);
    }
    if name.ends_with("Time") {
        return moment(text, copy);
    }
    if is_name && !text.is_empty() {
        return match text.strip_suffix('$') {
            Some(machine) => format!("{machine}{copy}$"),
            None => format!("{text}{copy}"),
        };
    }
    if text.contains(":\\") {
        return text.replace(":\\", &format!(":\\k{copy}\\"));
    }
    if let Some(hash) = text.find('=').filter(|_| name.starts_with("Hash")) {
        return format!("{}={:08X}{}", &text[..hash], copy, text.get(hash + 9..).unwrap_or(""));
    }
    if text.len() < SHORT { text.to_owned() } else { format!("{text} k{copy}") }
}

/// A time with other thousandths.
fn moment(text: &str, copy: u32) -> String {
    match text.split_once('.') {
        Some((seconds, rest)) => format!("{seconds}.{copy:03}{}", rest.get(3..).unwrap_or("")),
        None => text.to_owned(),
    }
}

fn is_guid(text: &str) -> bool {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_no_value_that_could_be_remembered() {
        for (name, old, expect) in [
            ("Image", r"C:\Windows\cmd.exe", r"C:\k7\Windows\cmd.exe"),
            ("User", r"CORP\bob", r"CORP\bob7"),
            ("TargetUserName", "PC-1$", "PC-17$"),
            ("SystemTime", "2019-04-27T15:57:25.868863Z", "2019-04-27T15:57:25.007863Z"),
            ("ProcessGuid", "365ABB72-7ACC-5CC4-0000-0010B2470300", "538453D7-7ACC-5CC4-0000-0010B2470300"),
            ("Hashes", "MD5=0123456789ABCDEF", "MD5=0000000789ABCDEF"),
            ("CommandLine", "whoami /all /fo list", "whoami /all /fo list k7"),
            ("Initiated", "true", "true"),
        ] {
            assert_eq!(text(name, old, 7), expect);
        }
        let mut record = serde_json::json!({"EventID": 1, "ProcessId": 10, "Channel": "a long channel name"});
        event(record.as_object_mut().unwrap(), 2);
        assert_eq!(
            record,
            serde_json::json!({"EventID": 1, "ProcessId": 18, "Channel": "a long channel name"})
        );
    }
}
