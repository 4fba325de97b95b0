//! The form in which data is bundled: a fact a line, its kind first.
//!
//! ```text
//! # a remark
//! version 18.1
//! tactic TA0002 execution
//! technique T1059.001 execution PowerShell
//! other G0001 S0002
//! renamed T1086 T1059.001
//! ```

use std::fmt::Write;

use crate::{Attack, Later, Sorted, Technique};

/// Ids of groups and software in a line.
const OTHERS_PER_LINE: usize = 16;

pub(super) fn read(text: &str) -> Attack {
    let mut attack = Attack::default();
    let (mut techniques, mut others) = (Vec::new(), Vec::new());
    for (kind, rest) in lines(text) {
        let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
        match kind {
            "version" => attack.version = Some(rest.to_owned()),
            "tactic" => attack.tactics.push((first.to_owned(), second.to_owned())),
            "technique" => {
                let (tactics, name) = second.split_once(' ').unwrap_or((second, ""));
                let tactics = tactics.split(',').map(str::to_owned).collect();
                techniques.push(Technique { id: first.to_owned(), name: name.to_owned(), tactics });
            }
            "other" => others.extend(rest.split(' ').map(str::to_owned)),
            "renamed" => drop(attack.renamed.insert(first.to_owned(), second.to_owned())),
            _ => {}
        }
    }
    attack.techniques = Sorted::of(techniques);
    attack.others = Sorted::of(others);
    attack
}

/// Reads what a version does not have yet: `tactic NAME`, `technique ID TACTICS`, `split TACTIC TACTICS`.
pub(super) fn read_later(text: &str) -> Later {
    let mut later = Later::default();
    for (kind, rest) in lines(text) {
        match (kind, rest.split_once(' ')) {
            ("tactic", _) => later.tactics.push(rest.to_owned()),
            ("split", Some((tactic, parts))) => {
                later.parts.insert(tactic.to_owned(), parts.split(',').map(str::to_owned).collect());
            }
            ("technique", Some((id, tactics))) => {
                let tactics = tactics.split(',').map(str::to_owned).collect();
                later.techniques.insert(id.to_ascii_lowercase(), tactics);
            }
            _ => {}
        }
    }
    later
}

fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

pub(super) fn write(attack: &Attack) -> String {
    let mut out = String::new();
    if let Some(version) = &attack.version {
        let _ = writeln!(out, "version {version}");
    }
    for (id, short_name) in &attack.tactics {
        let _ = writeln!(out, "tactic {id} {short_name}");
    }
    for Technique { id, name, tactics } in attack.techniques() {
        let _ = writeln!(out, "technique {id} {} {name}", tactics.join(","));
    }
    for ids in attack.others.0.chunks(OTHERS_PER_LINE) {
        let _ = writeln!(out, "other {}", ids.join(" "));
    }
    for (old, new) in &attack.renamed {
        let _ = writeln!(out, "renamed {old} {new}");
    }
    out
}
