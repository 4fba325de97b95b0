//! MITRE ATT&CK: which tactics, techniques, groups and software there are, and what took the place of what was revoked.
//!
//! [`Attack::bundled`] is what comes with Sigyn; [`Attack::from_stix`] reads what MITRE publishes, for those who need
//! another version. Ids are written as MITRE writes them (`T1059.001`), tags write them in lower case: each function
//! says what it takes.
//!
//! The bundled file is written by `cargo xtask attack` and says its version. Ids of version 19 that SigmaHQ's rules use
//! stand in a file of their own, because MITRE's publication was not at hand: only what those rules say is known of
//! them, their tactic.

mod stix;
mod text;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use stix::StixError;

/// The tactics of ATT&CK in the order in which an intrusion goes through them: those up to version 18, and the two that
/// later versions have instead of `defense-evasion`.
pub const TACTICS: &[&str] = &[
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

/// What one version of ATT&CK knows. Revoked and deprecated objects are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attack {
    version: Option<String>,
    /// Ids with short names.
    tactics: Vec<(String, String)>,
    /// By their ids in lower case, as tags have them, so that looking a tag up allocates nothing.
    techniques: Sorted<Technique>,
    /// The same for groups, software, data sources and mitigations.
    others: Sorted<String>,
    /// Techniques that were revoked and those that took their place, both as ATT&CK writes them.
    renamed: BTreeMap<String, String>,
    later: Later,
}

/// What rules name and this version does not have yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Later {
    tactics: Vec<String>,
    /// Tactics by their short names, with those that were made of them.
    parts: BTreeMap<String, Vec<String>>,
    /// Ids in lower case with the short names of their tactics.
    techniques: BTreeMap<String, Vec<String>>,
}

/// A technique or sub-technique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its id, e.g. `T1059.001`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The short names of its tactics, in the order of the source.
    pub tactics: Vec<String>,
}

/// Things by their ids, in order; looking one up ignores the case of what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sorted<T>(Vec<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

trait HasId {
    fn id(&self) -> &str;
}

impl HasId for Technique {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for String {
    fn id(&self) -> &str {
        self
    }
}

impl<T: HasId> Sorted<T> {
    /// Of several with one id the last is kept.
    fn of(mut all: Vec<T>) -> Self {
        all.reverse();
        all.sort_by(|left, right| left.id().cmp(right.id()));
        all.dedup_by(|later, kept| later.id() == kept.id());
        Self(all)
    }

    fn get(&self, id: &str) -> Option<&T> {
        self.0.binary_search_by(|held| held.id().cmp(id)).ok().map(|at| &self.0[at])
    }

    /// The one whose id in lower case is `name`.
    fn get_lower(&self, name: &str) -> Option<&T> {
        self.0.binary_search_by(|held| compare_lower(held.id(), name)).ok().map(|at| &self.0[at])
    }
}

/// Compares an id, once put in lower case, with a name. Ids are capital letters, digits and dots, so that their order is
/// the same in either case.
fn compare_lower(id: &str, name: &str) -> Ordering {
    id.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(name.bytes())
}

static BUNDLED: LazyLock<Attack> = LazyLock::new(|| {
    let mut attack = text::read(include_str!("../data/enterprise.txt"));
    attack.later = text::read_later(include_str!("../data/later.txt"));
    attack
});

impl Attack {
    /// What comes with Sigyn.
    pub fn bundled() -> &'static Attack {
        &BUNDLED
    }

    /// Reads a STIX bundle as MITRE publishes it (`enterprise-attack.json`, of STIX 2.0 or 2.1).
    ///
    /// # Errors
    /// If it is no such bundle or holds no techniques.
    pub fn from_stix(bundle: &str) -> Result<Self, StixError> {
        stix::read(bundle)
    }

    /// The form in which data is bundled, without remarks.
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// The version, e.g. `18.1`, if the source says it.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Sets the version, for sources that do not say it.
    pub fn set_version(&mut self, version: String) {
        self.version = Some(version);
    }

    /// Whether a tag `attack.NAME` names something that exists. Names are in lower case, as in tags.
    pub fn knows(&self, name: &str) -> bool {
        self.has_tactic(name) || self.tactics_of(name).is_some() || self.others.get_lower(name).is_some()
    }

    fn has_tactic(&self, name: &str) -> bool {
        self.tactics.iter().any(|(_, known)| known == name)
            || self.later.tactics.iter().any(|known| known == name)
    }

    /// Whether a technique exists, by its id in lower case; the short names of its tactics.
    pub fn tactics_of(&self, technique: &str) -> Option<&[String]> {
        let here = self.techniques.get_lower(technique).map(|found| &found.tactics);
        here.or_else(|| self.later.techniques.get(technique)).map(Vec::as_slice)
    }

    /// The short names of the tactics that a later version has in the place of one, as far as what is bundled knows: rules
    /// that name one of them say as much as those that name the old one.
    pub fn parts_of(&self, tactic: &str) -> &[String] {
        self.later.parts.get(tactic).map_or(&[], Vec::as_slice)
    }

    /// The id of a tactic by its short name, e.g. `initial-access`.
    pub fn tactic(&self, short_name: &str) -> Option<&str> {
        self.tactics.iter().find(|(_, name)| name == short_name).map(|(id, _)| id.as_str())
    }

    /// A technique by its id, e.g. `T1059.001`.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        self.techniques.get(id)
    }

    /// All techniques and sub-techniques, by their ids.
    pub fn techniques(&self) -> impl Iterator<Item = &Technique> {
        self.techniques.0.iter()
    }

    /// The id of what took the place of a revoked technique, by its id in either case: by what this version says, or else
    /// by what comes with Sigyn. Nothing if this version still has the technique.
    pub fn successor(&self, id: &str) -> Option<&str> {
        let id = id.to_ascii_uppercase();
        if self.technique(&id).is_some() {
            return None;
        }
        self.renamed.get(&id).or_else(|| Self::bundled().renamed.get(&id)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bundled_is_whole() {
        let attack = Attack::bundled();
        assert_eq!(attack.version(), Some("18.1"));
        assert_eq!((attack.tactics.len(), attack.techniques.0.len(), attack.renamed.len()), (14, 691, 132));
        assert_eq!(attack.tactic("command-and-control"), Some("TA0011"));
        let technique = attack.technique("T1053.005").expect("known");
        assert_eq!(technique.name, "Scheduled Task");
        assert_eq!(technique.tactics, ["execution", "persistence", "privilege-escalation"]);
        for technique in attack.techniques() {
            assert!(!technique.name.is_empty() && !technique.tactics.is_empty(), "{technique:?}");
            assert!(technique.tactics.iter().all(|tactic| attack.tactic(tactic).is_some()), "{technique:?}");
        }
        let order: Vec<&str> = attack.tactics.iter().map(|(_, name)| name.as_str()).collect();
        assert!(order.iter().all(|name| TACTICS.contains(name)), "{order:?}");
    }

    #[test]
    fn names_are_those_of_tags() {
        let check = |name: &str, expect: bool| assert_eq!(Attack::bundled().knows(name), expect, "{name}");
        check("execution", true);
        check("t1059.001", true);
        check("g0001", true);
        check("s0002", true);
        check("T1059", false);
        check("t1059.0", false);
        check("t9999", false);
        check("t1086", false);
        check("", false);
        check("#", false);
        // Of version 19.
        check("stealth", true);
        check("t1685.001", true);
    }

    #[test]
    fn later_ids_have_tactics_and_no_names() {
        let attack = Attack::bundled();
        assert_eq!(attack.tactics_of("t1685"), Some(&["defense-impairment".to_owned()][..]));
        assert_eq!((attack.technique("T1685"), attack.tactic("stealth")), (None, None));
        assert_eq!(attack.tactics_of("t1078").map(<[String]>::len), Some(4));
        assert_eq!(attack.parts_of("defense-evasion"), ["stealth", "defense-impairment"]);
        assert!(attack.parts_of("execution").is_empty());
        for id in attack.later.techniques.keys() {
            assert!(
                attack.techniques.get_lower(id).is_none(),
                "{id} is in this version: remove it from later.txt"
            );
        }
    }

    #[test]
    fn revoked_techniques_are_gone_and_their_successors_are_there() {
        let attack = Attack::bundled();
        for (old, new) in &attack.renamed {
            assert!(attack.technique(old).is_none() && attack.technique(new).is_some(), "{old} {new}");
        }
        let check = |id: &str, expect: Option<&str>| assert_eq!(attack.successor(id), expect, "{id}");
        check("t1086", Some("T1059.001"));
        check("T1086", Some("T1059.001"));
        // Revoked by a technique that was revoked itself.
        check("t1073", Some("T1574.001"));
        check("t1059", None);
        check("t9999", None);
    }

    #[test]
    fn the_bundled_form_keeps_everything() {
        let mut attack = Attack::bundled().clone();
        attack.later = Later::default();
        assert_eq!(text::read(&attack.to_text()), attack);
    }
}
