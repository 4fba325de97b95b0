//! What ATT&CK calls its techniques and where it puts them.

use std::borrow::Cow;

use sigyn_attack::Attack;

use crate::TechniqueId;

/// Names and tactics of techniques.
#[derive(Clone, Debug)]
pub struct Catalogue {
    names: Cow<'static, Attack>,
}

impl Catalogue {
    /// What comes with Sigyn.
    pub fn bundled() -> Self {
        Self { names: Cow::Borrowed(Attack::bundled()) }
    }

    /// What a STIX bundle says, instead.
    pub fn of(names: Attack) -> Self {
        Self { names: Cow::Owned(names) }
    }

    /// The name of a technique; none if this version of ATT&CK does not have it.
    pub fn name(&self, id: &TechniqueId) -> Option<&str> {
        self.names.technique(id.as_str()).map(|technique| technique.name.as_str())
    }

    /// The short names of a technique's tactics. Some ids of later versions have no name here, but known tactics.
    pub fn tactics(&self, id: &TechniqueId) -> &[String] {
        let lower = id.as_str().to_ascii_lowercase();
        self.names.tactics_of(&lower).or_else(|| Attack::bundled().tactics_of(&lower)).unwrap_or_default()
    }

    /// What took the place of a technique that ATT&CK has revoked.
    pub fn successor(&self, id: &TechniqueId) -> Option<TechniqueId> {
        self.names.successor(id.as_str()).and_then(TechniqueId::parse)
    }

    /// All techniques and sub-techniques, in order.
    pub fn all(&self) -> Vec<TechniqueId> {
        let mut all: Vec<_> =
            self.names.techniques().filter_map(|technique| TechniqueId::parse(&technique.id)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use sigyn_attack::TACTICS;

    use super::*;

    #[test]
    fn techniques_have_names_tactics_and_successors() {
        let catalogue = Catalogue::bundled();
        let check = |id: &str, name: Option<&str>, tactics: &[&str], successor: Option<&str>| {
            let id = TechniqueId::parse(id).unwrap();
            assert_eq!(catalogue.name(&id), name, "{id}");
            assert_eq!(catalogue.tactics(&id), tactics, "{id}");
            let found = catalogue.successor(&id);
            assert_eq!(found.as_ref().map(TechniqueId::as_str), successor, "{id}");
        };
        check("T1059.001", Some("PowerShell"), &["execution"], None);
        check("T1086", None, &[], Some("T1059.001"));
        check("T9999", None, &[], None);
        assert!(catalogue.all().iter().all(|id| {
            !catalogue.tactics(id).is_empty()
                && catalogue.tactics(id).iter().all(|tactic| TACTICS.contains(&tactic.as_str()))
        }));
    }
}
