//! Names of MITRE ATT&CK tactics and techniques, for formats that carry a threat model.

use std::collections::HashMap;
use std::sync::LazyLock;

use sigyn_ir::Data;

/// What ATT&CK calls its tactics and techniques.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    /// Ids with short names, in the order of the source.
    tactics: Vec<(String, String)>,
    techniques: HashMap<String, Technique>,
}

/// A technique or sub-technique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its name.
    pub name: String,
    /// The short names of its tactics.
    pub tactics: Vec<String>,
}

static BUNDLED: LazyLock<Attack> = LazyLock::new(|| Attack::parse(include_str!("attack/enterprise.txt")));

impl Attack {
    /// The names that come with Sigyn.
    pub fn bundled() -> &'static Attack {
        &BUNDLED
    }

    /// Reads the bundled form: `ID SHORT-NAME` for a tactic, `ID TACTICS NAME` for a technique.
    fn parse(text: &str) -> Self {
        let mut attack = Attack::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some(id), Some(short_name), None) => {
                    attack.tactics.push((id.to_owned(), short_name.to_owned()));
                }
                (Some(id), Some(tactics), Some(name)) => {
                    let tactics = tactics.split(',').map(str::to_owned).collect();
                    attack.techniques.insert(id.to_owned(), Technique { name: name.to_owned(), tactics });
                }
                _ => {}
            }
        }
        attack
    }

    /// Reads a STIX bundle as MITRE publishes it; revoked and deprecated objects are left out. The error says
    /// what is missing.
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
            match (text("type"), external_id(object)) {
                (Some("x-mitre-tactic"), Some(id)) => {
                    let short_name = text("x_mitre_shortname").unwrap_or_default();
                    attack.tactics.push((id.to_owned(), short_name.to_owned()));
                }
                (Some("attack-pattern"), Some(id)) => {
                    let name = text("name").unwrap_or_default().to_owned();
                    attack.techniques.insert(id.to_owned(), Technique { name, tactics: phases(object) });
                }
                _ => {}
            }
        }
        if attack.techniques.is_empty() {
            return Err("the file holds no ATT&CK techniques".to_owned());
        }
        Ok(attack)
    }

    /// The id of a tactic by its short name, e.g. `initial-access`.
    pub fn tactic(&self, short_name: &str) -> Option<&str> {
        self.tactics.iter().find(|(_, name)| name == short_name).map(|(id, _)| id.as_str())
    }

    /// All techniques with their ids, in no order.
    pub fn techniques(&self) -> impl Iterator<Item = (&str, &Technique)> {
        self.techniques.iter().map(|(id, technique)| (id.as_str(), technique))
    }

    /// A technique by its id, e.g. `T1059.001`.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        self.techniques.get(id)
    }
}

/// The id under which MITRE publishes an object.
fn external_id(object: &Data) -> Option<&str> {
    let references = object.get("external_references").and_then(Data::as_list)?;
    references
        .iter()
        .filter(|reference| reference.get("source_name").and_then(Data::as_str) == Some("mitre-attack"))
        .find_map(|reference| reference.get("external_id").and_then(Data::as_str))
}

/// The tactics of a technique.
fn phases(object: &Data) -> Vec<String> {
    let phases = object.get("kill_chain_phases").and_then(Data::as_list).unwrap_or_default();
    phases
        .iter()
        .filter(|phase| phase.get("kill_chain_name").and_then(Data::as_str) == Some("mitre-attack"))
        .filter_map(|phase| phase.get("phase_name").and_then(Data::as_str).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_names_are_whole() {
        let attack = Attack::bundled();
        assert_eq!(attack.tactics.len(), 14);
        assert!(attack.techniques.len() > 600);
        assert_eq!(attack.tactic("command-and-control"), Some("TA0011"));
        let technique = attack.technique("T1053.005").expect("known");
        assert_eq!(technique.name, "Scheduled Task");
        assert_eq!(technique.tactics, ["execution", "persistence", "privilege-escalation"]);
        for (id, technique) in &attack.techniques {
            assert!(!technique.name.is_empty(), "{id}");
            assert!(technique.tactics.iter().all(|tactic| attack.tactic(tactic).is_some()), "{id}");
        }
    }

    #[test]
    fn a_stix_bundle_is_read_without_what_is_revoked() {
        let reference = |id: &str| {
            Data::List(vec![Data::map([
                ("source_name", "mitre-attack".into()),
                ("external_id", Data::from(id)),
            ])])
        };
        let object = |kind: &str, id: &str, more: Vec<(&str, Data)>| {
            let mut pairs = vec![("type", Data::from(kind)), ("external_references", reference(id))];
            pairs.extend(more);
            Data::map(pairs)
        };
        let phase =
            Data::map([("kill_chain_name", "mitre-attack".into()), ("phase_name", "execution".into())]);
        let bundle = Data::map([(
            "objects",
            Data::List(vec![
                object("x-mitre-tactic", "TA0002", vec![("x_mitre_shortname", "execution".into())]),
                object(
                    "attack-pattern",
                    "T1",
                    vec![("name", "One".into()), ("kill_chain_phases", Data::List(vec![phase]))],
                ),
                object("attack-pattern", "T2", vec![("name", "Two".into()), ("revoked", true.into())]),
            ]),
        )]);
        let attack = Attack::from_stix(&bundle).expect("valid");
        assert_eq!(attack.tactic("execution"), Some("TA0002"));
        assert_eq!(
            attack.technique("T1").map(|found| found.tactics.as_slice()),
            Some(&["execution".to_owned()][..])
        );
        assert_eq!(attack.technique("T2"), None);
        assert!(Attack::from_stix(&Data::Null).is_err());
        assert!(Attack::from_stix(&Data::map([("objects", Data::List(vec![]))])).is_err());
    }
}
