//! STIX bundles, as MITRE publishes ATT&CK.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::{Attack, Sorted, Technique};

/// Revocations that are followed from one to the next; the longest chain published so far has two.
const REVOCATIONS_MAX: usize = 16;

/// Why a text is no ATT&CK.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StixError(#[from] Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("the file is no STIX bundle: {0}")]
    NoBundle(serde_json::Error),
    #[error("the file holds no ATT&CK techniques")]
    NoTechniques,
}

#[derive(Deserialize)]
struct Bundle {
    objects: Vec<Object>,
}

/// The members of all kinds of objects that are of use here.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    id: String,
    name: Option<String>,
    revoked: Option<bool>,
    x_mitre_deprecated: Option<bool>,
    x_mitre_shortname: Option<String>,
    x_mitre_version: Option<String>,
    #[serde(default)]
    external_references: Vec<Reference>,
    #[serde(default)]
    kill_chain_phases: Vec<Phase>,
    relationship_type: Option<String>,
    source_ref: Option<String>,
    target_ref: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    source_name: Option<String>,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct Phase {
    kill_chain_name: Option<String>,
    phase_name: Option<String>,
}

/// The name of ATT&CK Enterprise in references and phases.
const ENTERPRISE: &str = "mitre-attack";

impl Object {
    fn is_in_use(&self) -> bool {
        self.revoked != Some(true) && self.x_mitre_deprecated != Some(true)
    }

    /// The id under which MITRE publishes it.
    fn external_id(&self) -> Option<&str> {
        let own = |reference: &&Reference| reference.source_name.as_deref() == Some(ENTERPRISE);
        self.external_references.iter().filter(own).find_map(|reference| reference.external_id.as_deref())
    }

    /// The short names of a technique's tactics.
    fn tactics(&self) -> Vec<String> {
        let own = |phase: &&Phase| phase.kill_chain_name.as_deref() == Some(ENTERPRISE);
        self.kill_chain_phases.iter().filter(own).filter_map(|phase| phase.phase_name.clone()).collect()
    }
}

pub(super) fn read(bundle: &str) -> Result<Attack, StixError> {
    let Bundle { objects } = serde_json::from_str(bundle).map_err(Kind::NoBundle)?;
    let mut attack = Attack::default();
    let (mut techniques, mut others) = (Vec::new(), Vec::new());
    for object in objects.iter().filter(|object| object.is_in_use()) {
        if object.kind == "x-mitre-collection" {
            attack.version.clone_from(&object.x_mitre_version);
        }
        let Some(id) = object.external_id().map(str::to_owned) else { continue };
        match object.kind.as_str() {
            "x-mitre-tactic" => {
                attack.tactics.push((id, object.x_mitre_shortname.clone().unwrap_or_default()));
            }
            "attack-pattern" => {
                let name = object.name.clone().unwrap_or_default();
                techniques.push(Technique { id, name, tactics: object.tactics() });
            }
            "intrusion-set" | "malware" | "tool" | "x-mitre-data-source" | "course-of-action" => {
                others.push(id)
            }
            _ => {}
        }
    }
    if techniques.is_empty() {
        return Err(Kind::NoTechniques.into());
    }
    attack.tactics.sort();
    attack.techniques = Sorted::of(techniques);
    attack.others = Sorted::of(others);
    attack.renamed = renamed(&attack, &objects);
    Ok(attack)
}

/// Revoked techniques with those in use that took their place, directly or after several steps.
fn renamed(attack: &Attack, objects: &[Object]) -> BTreeMap<String, String> {
    let is_technique = |object: &&Object| object.kind == "attack-pattern";
    let ids: HashMap<&str, &str> = objects
        .iter()
        .filter(is_technique)
        .filter_map(|object| Some((object.id.as_str(), object.external_id()?)))
        .collect();
    let by: HashMap<&str, &str> = objects
        .iter()
        .filter(|object| object.relationship_type.as_deref() == Some("revoked-by") && object.is_in_use())
        .filter_map(|object| {
            let end = |reference: &Option<String>| ids.get(reference.as_deref()?).copied();
            Some((end(&object.source_ref)?, end(&object.target_ref)?))
        })
        .collect();
    let successor = |old: &&str| {
        let mut steps = std::iter::successors(by.get(old), |id| by.get(*id)).take(REVOCATIONS_MAX);
        steps.find(|id| attack.technique(id).is_some()).map(|new| ((*old).to_owned(), (*new).to_owned()))
    };
    by.keys().filter(|old| attack.technique(old).is_none()).filter_map(successor).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Attack;

    fn object(kind: &str, id: &str, more: Value) -> Value {
        let mut object = json!({
            "type": kind,
            "id": format!("{kind}--{id}"),
            "external_references": [
                {"source_name": "elsewhere", "external_id": "X1"},
                {"source_name": "mitre-attack", "external_id": id},
            ],
        });
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        object
    }

    fn revoked(old: &str, new: &str) -> Value {
        json!({
            "type": "relationship",
            "id": "relationship--1",
            "relationship_type": "revoked-by",
            "source_ref": format!("attack-pattern--{old}"),
            "target_ref": format!("attack-pattern--{new}"),
        })
    }

    fn bundle(objects: Vec<Value>) -> String {
        json!({"type": "bundle", "objects": objects}).to_string()
    }

    #[test]
    fn a_bundle_is_read_without_what_is_revoked() {
        let phases = json!([
            {"kill_chain_name": "mitre-attack", "phase_name": "execution"},
            {"kill_chain_name": "elsewhere", "phase_name": "other"},
        ]);
        let text = bundle(vec![
            json!({"type": "x-mitre-collection", "x_mitre_version": "18.1"}),
            object("x-mitre-tactic", "TA0002", json!({"x_mitre_shortname": "execution"})),
            object("attack-pattern", "T1", json!({"name": "One", "kill_chain_phases": phases})),
            object("attack-pattern", "T2", json!({"name": "Two", "revoked": true})),
            object("attack-pattern", "T3", json!({"name": "Three", "x_mitre_deprecated": true})),
            object("attack-pattern", "T4", json!({"name": "Four", "revoked": true})),
            object("attack-pattern", "T5", json!({"name": "Five", "revoked": true})),
            object("tool", "S1", json!({"x_mitre_deprecated": null})),
            object("campaign", "C1", json!({})),
            revoked("T2", "T4"),
            revoked("T4", "T1"),
            revoked("T5", "T3"),
            json!({"type": "identity"}),
        ]);
        let attack = Attack::from_stix(&text).expect("valid");
        assert_eq!((attack.version(), attack.tactic("execution")), (Some("18.1"), Some("TA0002")));
        assert_eq!(attack.techniques().map(|technique| technique.name.as_str()).collect::<Vec<_>>(), ["One"]);
        assert_eq!(attack.tactics_of("t1"), Some(&["execution".to_owned()][..]));
        let known = ["t1", "t2", "t3", "s1", "c1", "x1", "stealth"].map(|name| attack.knows(name));
        assert_eq!(known, [true, false, false, true, false, false, false]);
        // T5 was revoked by what was given up later; T1086 is known from what comes with Sigyn.
        let successors = ["t2", "t4", "t5", "t1", "t1086"].map(|id| attack.successor(id));
        assert_eq!(successors, [Some("T1"), Some("T1"), None, None, Some("T1059.001")]);
    }

    #[test]
    fn of_several_with_one_id_the_last_counts_and_circles_end() {
        let text = bundle(vec![
            object("attack-pattern", "T1", json!({"name": "Old"})),
            object("attack-pattern", "T1", json!({"name": "New"})),
            object("attack-pattern", "T2", json!({"revoked": true})),
            object("attack-pattern", "T3", json!({"revoked": true})),
            revoked("T2", "T3"),
            revoked("T3", "T2"),
        ]);
        let attack = Attack::from_stix(&text).expect("valid");
        assert_eq!(attack.technique("T1").map(|technique| technique.name.as_str()), Some("New"));
        assert_eq!(attack.successor("T2"), None);
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let check = |text: &str, expect: &str| {
            let error = Attack::from_stix(text).expect_err(text).to_string();
            assert!(error.starts_with(expect), "{error}");
        };
        check("", "the file is no STIX bundle: ");
        check("null", "the file is no STIX bundle: ");
        check("{\"objects\": 1}", "the file is no STIX bundle: ");
        check("{\"objects\": []}", "the file holds no ATT&CK techniques");
    }
}
