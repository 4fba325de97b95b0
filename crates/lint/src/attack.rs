//! MITRE ATT&CK: which tactics, techniques, groups and software there are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use sigyn_ir::Data;

/// What ATT&CK knows. Everything is in lower case, as in tags.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    /// Short names of tactics.
    tactics: HashSet<String>,
    /// Techniques with the short names of their tactics, in the order of the source.
    techniques: HashMap<String, Arc<[String]>>,
    /// Groups, software, data sources, mitigations.
    others: HashSet<String>,
}

static BUNDLED: LazyLock<Attack> = LazyLock::new(|| Attack::parse(include_str!("../data/attack.txt")));

static RENAMED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let lines = include_str!("../data/attack_renamed.txt").lines().filter(|line| !line.starts_with('#'));
    let lower = |(old, new): (&str, &str)| (old.to_ascii_lowercase(), new.to_ascii_lowercase());
    lines.filter_map(|line| line.split_once(' ').map(lower)).collect()
});

impl Attack {
    /// What comes with Sigyn.
    pub fn bundled() -> &'static Attack {
        &BUNDLED
    }

    /// Reads the bundled form: see its first lines.
    fn parse(text: &str) -> Self {
        let mut attack = Attack::default();
        let mut phases: Option<Arc<[String]>> = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ').map(str::to_ascii_lowercase);
            match line.as_bytes().first() {
                Some(b'=') => attack.tactics.extend(words.skip(1)),
                Some(b'+') => phases = Some(words.skip(1).collect()),
                Some(b'-') => phases = None,
                _ => match &phases {
                    Some(phases) => attack.techniques.extend(words.map(|id| (id, phases.clone()))),
                    None => attack.others.extend(&mut words),
                },
            }
        }
        attack
    }

    /// Reads a STIX bundle as MITRE publishes it; revoked and deprecated objects are left out.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn from_stix(bundle: &Data) -> Result<Self, String> {
        let objects = bundle
            .get("objects")
            .and_then(Data::as_list)
            .ok_or_else(|| "the file is no STIX bundle: it has no list `objects`".to_owned())?;
        let mut attack = Attack::default();
        let is_set = |object: &Data, key| object.get(key).and_then(Data::as_bool) == Some(true);
        for object in objects {
            if is_set(object, "revoked") || is_set(object, "x_mitre_deprecated") {
                continue;
            }
            let text = |key| object.get(key).and_then(Data::as_str);
            let Some(id) = external_id(object).map(str::to_ascii_lowercase) else { continue };
            match text("type") {
                Some("x-mitre-tactic") => {
                    attack.tactics.insert(text("x_mitre_shortname").unwrap_or_default().to_ascii_lowercase());
                }
                Some("attack-pattern") => {
                    attack.techniques.insert(id, phases(object).into());
                }
                Some("intrusion-set" | "malware" | "tool" | "x-mitre-data-source" | "course-of-action") => {
                    attack.others.insert(id);
                }
                _ => {}
            }
        }
        if attack.techniques.is_empty() {
            return Err("the file holds no ATT&CK techniques".to_owned());
        }
        Ok(attack)
    }

    /// What took the place of a technique that was revoked: by a table that comes with Sigyn, whatever version of
    /// ATT&CK is used.
    pub fn renamed(name: &str) -> Option<&'static str> {
        RENAMED.get(name).map(String::as_str)
    }

    /// Whether a tag `attack.NAME` names something that exists.
    pub fn knows(&self, name: &str) -> bool {
        self.tactics.contains(name) || self.techniques.contains_key(name) || self.others.contains(name)
    }

    /// Whether a technique exists; its tactics.
    pub fn tactics_of(&self, technique: &str) -> Option<&[String]> {
        self.techniques.get(technique).map(AsRef::as_ref)
    }
}

fn external_id(object: &Data) -> Option<&str> {
    object.get("external_references")?.as_list()?.iter().find_map(|reference| {
        let is_attack = reference.get("source_name").and_then(Data::as_str) == Some("mitre-attack");
        reference.get("external_id").and_then(Data::as_str).filter(|_| is_attack)
    })
}

fn phases(object: &Data) -> Vec<String> {
    let phases = object.get("kill_chain_phases").and_then(Data::as_list).unwrap_or_default();
    phases
        .iter()
        .filter(|phase| phase.get("kill_chain_name").and_then(Data::as_str) == Some("mitre-attack"))
        .filter_map(|phase| phase.get("phase_name").and_then(Data::as_str))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Attack;

    #[test]
    fn renamed_techniques_are_gone_and_their_successors_are_there() {
        assert_eq!(Attack::renamed("t1086"), Some("t1059.001"));
        let attack = Attack::bundled();
        for (old, new) in super::RENAMED.iter() {
            assert!(!attack.knows(old) && attack.knows(new), "{old} {new}");
        }
    }

    #[test]
    fn what_is_bundled_is_there() {
        let attack = Attack::bundled();
        for name in ["execution", "t1059.001", "g0001", "s0002"] {
            assert!(attack.knows(name), "{name}");
        }
        assert!(!attack.knows("t9999") && !attack.knows("T1059") && !attack.knows("#"));
        assert_eq!(attack.tactics_of("t1078").map(<[String]>::len), Some(4));
    }
}
