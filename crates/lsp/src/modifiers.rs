//! Modifiers: which may stand next, and an example of each.

use sigyn_ir::{Modifier, is_modifier_chain};

/// The modifiers that may stand behind a field with these, in the order in which they are listed.
pub(crate) fn next(before: &[Modifier]) -> Vec<Modifier> {
    let fits = |modifier: &Modifier| {
        let mut chain = before.to_vec();
        chain.push(*modifier);
        !before.contains(modifier) && is_modifier_chain(&chain) && makes_sense(before, *modifier)
    };
    Modifier::ALL.iter().copied().filter(fits).collect()
}

/// Chains that may stand there, but say nothing or something odd, are not offered.
fn makes_sense(before: &[Modifier], modifier: Modifier) -> bool {
    let is_text = |m: &Modifier| matches!(m, Modifier::Contains | Modifier::Startswith | Modifier::Endswith);
    match modifier {
        // Of values that must be equal, only one can be.
        Modifier::All => {
            before.iter().any(|m| matches!(m, Modifier::Contains | Modifier::Re | Modifier::Fieldref))
        }
        // A pattern says by itself what it is held to.
        Modifier::Contains | Modifier::Startswith | Modifier::Endswith => !before.contains(&Modifier::Re),
        Modifier::Neq => before.is_empty() || before.iter().any(is_text),
        _ => true,
    }
}

/// The modifiers of a key, and where the last word of it starts: `Image|endswith|ca` has one, and a word.
pub(crate) fn of_key(key: &str) -> (&str, Vec<Modifier>, usize) {
    let mut parts = key.split('|');
    let field = parts.next().unwrap_or("");
    let last = key.rfind('|').map_or(0, |at| at + 1);
    let words: Vec<&str> = parts.collect();
    let before = words.len().saturating_sub(1);
    (field, words[..before].iter().filter_map(|word| by_name(word)).collect(), last)
}

/// The modifier that a word names.
pub(crate) fn by_name(word: &str) -> Option<Modifier> {
    match word {
        "ignorecase" => Some(Modifier::IgnoreCase),
        "multiline" => Some(Modifier::Multiline),
        "dotall" => Some(Modifier::Dotall),
        "utf16le" => Some(Modifier::Wide),
        _ => Modifier::ALL.iter().copied().find(|modifier| modifier.as_str() == word),
    }
}

/// An item with the modifier, and what it matches.
pub(crate) fn example(modifier: Modifier) -> (&'static str, &'static str) {
    match modifier {
        Modifier::All => (
            "CommandLine|contains|all: [-enc, -nop]",
            "`powershell -nop -enc SQBFAFgA`, but not `powershell -nop`",
        ),
        Modifier::Neq => ("Image|endswith|neq: '\\cmd.exe'", "`C:\\Windows\\explorer.exe`"),
        Modifier::Base64 => ("Payload|base64|contains: whoami", "a payload with `d2hvYW1p` in it"),
        Modifier::Base64Offset => (
            "CommandLine|base64offset|contains: whoami",
            "`d2hvYW1p`, `dob2FtaS` or `3aG9hbW`, as the text is shifted",
        ),
        Modifier::Cased => {
            ("CommandLine|contains|cased: -EncodedCommand", "`-EncodedCommand`, but not `-encodedcommand`")
        }
        Modifier::Cidr => ("DestinationIp|cidr: 10.0.0.0/8", "`10.1.2.3`"),
        Modifier::Contains => ("CommandLine|contains: ' -enc '", "`powershell -enc SQBFAFgA`"),
        Modifier::Startswith => ("TargetObject|startswith: 'HKLM\\System\\'", "`HKLM\\System\\Select`"),
        Modifier::Endswith => ("Image|endswith: '\\cmd.exe'", "`C:\\Windows\\System32\\cmd.exe`"),
        Modifier::Exists => ("ParentImage|exists: false", "events without the field"),
        Modifier::Expand => {
            ("User|expand: '%administrators%'", "what a pipeline puts in the placeholder's place")
        }
        Modifier::Fieldref => {
            ("TargetUserName|fieldref: SubjectUserName", "events in which both fields hold the same")
        }
        Modifier::Gt => ("DestinationPort|gt: 1023", "`1024`"),
        Modifier::Gte => ("DestinationPort|gte: 1024", "`1024`"),
        Modifier::Lt => ("DestinationPort|lt: 1024", "`443`"),
        Modifier::Lte => ("DestinationPort|lte: 1024", "`1024`"),
        Modifier::Re => (
            "CommandLine|re: 'net\\s+user'",
            "`net  user` anywhere in the field; `^` and `$` hold it to the ends",
        ),
        Modifier::IgnoreCase => ("CommandLine|re|i: 'net\\s+user'", "`NET user`"),
        Modifier::Multiline => {
            ("ScriptBlockText|re|m: '^iex'", "a script with a line that begins with `iex`")
        }
        Modifier::Dotall => {
            ("ScriptBlockText|re|s: 'iex.*http'", "`iex` and `http` with line breaks between them")
        }
        Modifier::Utf16 => {
            ("Payload|utf16|base64offset|contains: whoami", "the text in UTF-16 with its mark, in Base64")
        }
        Modifier::Utf16be => {
            ("Payload|utf16be|base64offset|contains: whoami", "the text in UTF-16, big end first, in Base64")
        }
        Modifier::Wide => (
            "CommandLine|wide|base64offset|contains: whoami",
            "what `powershell -enc` takes: UTF-16 in Base64",
        ),
        Modifier::Windash => ("CommandLine|windash|contains: ' -f '", "` -f `, ` /f ` and ` –f `"),
        Modifier::Minute => ("EventTime|minute: 30", "events at half past"),
        Modifier::Hour => ("EventTime|hour|lt: 6", "events before six o'clock"),
        Modifier::Day => ("EventTime|day: 1", "events on the first of a month"),
        Modifier::Week => ("EventTime|week: 1", "events in the first week of a year"),
        Modifier::Month => ("EventTime|month: 12", "events in December"),
        Modifier::Year => ("EventTime|year|gte: 2026", "events since 2026"),
    }
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::{Diagnostic, SourceId};
    use sigyn_ir::{Compat, LoadOptions, read_text};

    use super::*;

    fn errors(item: &str) -> Vec<String> {
        let rule = format!(
            "title: x\nlogsource:\n    product: windows\ndetection:\n    a:\n        {item}\n    condition: a\n"
        );
        let file = read_text(SourceId::default(), &rule, &LoadOptions::new(Compat::Spec));
        file.diagnostics()
            .filter(|found| Diagnostic::is_error(found))
            .map(|found| found.message.clone())
            .collect()
    }

    #[test]
    fn examples_are_sound() {
        for modifier in Modifier::ALL {
            let (item, matches) = example(*modifier);
            assert!(item.contains(&format!("|{modifier}")) && !matches.is_empty(), "{modifier}");
            assert_eq!(errors(item), Vec::<String>::new(), "{modifier}");
        }
    }

    #[test]
    fn chains_are_offered_step_by_step() {
        let check = |key: &str, has: &[&str], has_not: &[&str]| {
            let (_, before, _) = of_key(key);
            let offered: Vec<&str> = next(&before).into_iter().map(Modifier::as_str).collect();
            assert!(has.iter().all(|name| offered.contains(name)), "{key}: {offered:?}");
            assert!(!has_not.iter().any(|name| offered.contains(name)), "{key}: {offered:?}");
        };
        check("a|", &["contains", "re", "base64offset", "exists", "hour"], &["i", "all"]);
        check("a|contains|", &["all", "cased", "windash"], &["contains", "startswith", "re", "exists", "gt"]);
        check("a|re|", &["i", "m", "s", "all"], &["contains", "re", "base64"]);
        check("a|re|i|", &["m", "s"], &["i"]);
        check("a|wide|", &["base64", "base64offset"], &["wide", "utf16", "cidr"]);
        check("a|exists|", &[], &["contains", "all", "neq"]);
        check("a|hour|", &["gt", "gte", "lt", "lte"], &["contains", "re"]);
    }
}
