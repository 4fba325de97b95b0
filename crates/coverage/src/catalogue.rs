//! What ATT&CK calls its techniques and where it puts them.

use std::borrow::Cow;

use sigyn_backends::Attack;

use crate::TechniqueId;

/// The tactics of ATT&CK in the order in which an intrusion goes through them: those of version 17, and the two that later
/// versions have instead of `defense-evasion`.
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
        match self.names.technique(id.as_str()) {
            Some(technique) => &technique.tactics,
            None => {
                let lower = id.as_str().to_ascii_lowercase();
                sigyn_lint::Attack::bundled().tactics_of(&lower).unwrap_or_default()
            }
        }
    }

    /// What took the place of a technique that ATT&CK has revoked.
    pub fn successor(&self, id: &TechniqueId) -> Option<TechniqueId> {
        if self.name(id).is_some() {
            return None;
        }
        sigyn_lint::Attack::renamed(&id.as_str().to_ascii_lowercase()).and_then(TechniqueId::parse)
    }

    /// All techniques and sub-techniques, in order.
    pub fn all(&self) -> Vec<TechniqueId> {
        let mut all: Vec<_> = self.names.techniques().filter_map(|(id, _)| TechniqueId::parse(id)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
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
