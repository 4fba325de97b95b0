//! The threat model of a detection rule: ATT&CK tactics and techniques from a rule's tags.
//!
//! The reference pairs the first tactic with the first technique, the second with the second and so on, whether
//! or not the technique belongs to the tactic, and loses what has no partner. By default each technique stands
//! below those of its tactics that the rule names, and a tactic without techniques stays.

use sigyn_attack::Attack;
use sigyn_ir::{Data, Tag};

const SITE: &str = "https://attack.mitre.org";

/// What a rule's tags say about the threat.
pub(super) struct Threat<'t> {
    /// Entries as detection rules hold them.
    pub(super) entries: Vec<Data>,
    /// Tags that the entries do not express.
    pub(super) other_tags: Vec<&'t Tag>,
}

/// Whether a tag names a technique.
fn is_technique(name: &str) -> bool {
    let bytes = name.as_bytes();
    matches!(bytes.first(), Some(b't' | b'T'))
        && bytes.len() > 4
        && bytes[1..5].iter().all(u8::is_ascii_digit)
}

fn is_attack(tag: &Tag) -> bool {
    tag.namespace == "attack"
}

/// The reference's threat model for a rule's query number `index`. Its first query takes all ATT&CK tags away
/// from the rule, so that later queries have none; fewer than two tags are left where they are.
pub(super) fn reference<'t>(attack: &Attack, tags: &'t [Tag], index: usize) -> Threat<'t> {
    let (of_attack, other_tags): (Vec<_>, Vec<_>) = tags.iter().partition(|tag| is_attack(tag));
    if of_attack.len() < 2 {
        return Threat { entries: Vec::new(), other_tags: tags.iter().collect() };
    }
    if index > 0 {
        return Threat { entries: Vec::new(), other_tags };
    }
    let (techniques, tactics): (Vec<_>, Vec<_>) =
        of_attack.iter().map(|tag| tag.name.as_str()).partition(|name| is_technique(name));
    let entries = tactics
        .iter()
        .zip(&techniques)
        .filter_map(|(tactic, technique)| pair(attack, &tactic.to_lowercase(), &technique.to_uppercase()))
        .collect();
    Threat { entries, other_tags }
}

/// A tactic with one technique; nothing if ATT&CK does not know one of them.
fn pair(attack: &Attack, tactic: &str, technique: &str) -> Option<Data> {
    let parent: String = match technique.contains('.') {
        true => technique.chars().take(5).collect(),
        false => technique.to_owned(),
    };
    let sub_techniques = match technique == parent {
        true => Vec::new(),
        false => vec![sub_technique(attack, technique)?],
    };
    let id = attack.tactic(&tactic.replace('_', "-"))?;
    let technique = self::technique(attack, &parent, sub_techniques)?;
    Some(entry(id, &python_title(tactic).replace('_', " "), vec![technique]))
}

/// Python's `str.title`: a capital letter begins each run of letters.
fn python_title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let starts = !before.is_alphabetic();
            before = c;
            if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
        })
        .collect()
}

/// A tactic that a rule names, with those of its techniques that the rule names too.
struct Tactic<'a> {
    short_name: String,
    id: &'a str,
    /// Ids of techniques with those of their sub-techniques.
    techniques: Vec<(String, Vec<String>)>,
}

impl Tactic<'_> {
    fn add(&mut self, technique: &str) {
        let parent = technique.split('.').next().unwrap_or(technique);
        let at = self.techniques.iter().position(|(id, _)| id == parent).unwrap_or_else(|| {
            self.techniques.push((parent.to_owned(), Vec::new()));
            self.techniques.len() - 1
        });
        let sub_techniques = &mut self.techniques[at].1;
        if technique != parent && !sub_techniques.iter().any(|id| id == technique) {
            sub_techniques.push(technique.to_owned());
        }
    }
}

/// The threat model that the tags mean.
pub(super) fn model<'t>(attack: &Attack, tags: &'t [Tag]) -> Threat<'t> {
    let mut tactics: Vec<Tactic<'_>> = Vec::new();
    let mut other_tags: Vec<&Tag> = Vec::new();
    let named: Vec<&Tag> = tags.iter().filter(|tag| is_attack(tag)).collect();
    for tag in &named {
        let short_name = tag.name.to_lowercase().replace('_', "-");
        if let Some(id) = attack.tactic(&short_name)
            && !tactics.iter().any(|tactic| tactic.id == id)
        {
            tactics.push(Tactic { short_name, id, techniques: Vec::new() });
        }
    }
    for tag in tags {
        let name = tag.name.to_uppercase();
        let own = if is_attack(tag) { attack.technique(&name) } else { None };
        let parent_is_known = name.split('.').next().is_some_and(|id| attack.technique(id).is_some());
        match own {
            Some(technique) if parent_is_known && place(attack, &mut tactics, &name, &technique.tactics) => {}
            _ if is_attack(tag) && attack.tactic(&tag.name.to_lowercase().replace('_', "-")).is_some() => {}
            _ => other_tags.push(tag),
        }
    }
    let entries = tactics
        .iter()
        .map(|tactic| {
            let techniques = tactic.techniques.iter().filter_map(|(id, sub_techniques)| {
                let subs = sub_techniques.iter().filter_map(|id| sub_technique(attack, id)).collect();
                technique(attack, id, subs)
            });
            entry(tactic.id, &official_name(&tactic.short_name), techniques.collect())
        })
        .collect();
    Threat { entries, other_tags }
}

/// Puts a technique below its tactics that the rule names, else below its first one; false if ATT&CK knows none.
fn place<'a>(attack: &'a Attack, tactics: &mut Vec<Tactic<'a>>, technique: &str, of: &[String]) -> bool {
    let mut is_placed = false;
    for tactic in tactics.iter_mut().filter(|tactic| of.contains(&tactic.short_name)) {
        tactic.add(technique);
        is_placed = true;
    }
    if is_placed {
        return true;
    }
    let Some((short_name, id)) = of.iter().find_map(|name| attack.tactic(name).map(|id| (name, id))) else {
        return false;
    };
    let mut tactic = Tactic { short_name: short_name.clone(), id, techniques: Vec::new() };
    tactic.add(technique);
    tactics.push(tactic);
    true
}

/// The name of a tactic as MITRE writes it.
fn official_name(short_name: &str) -> String {
    let words: Vec<_> = short_name
        .split('-')
        .map(|word| if word == "and" { word.to_owned() } else { python_title(word) })
        .collect();
    words.join(" ")
}

fn entry(id: &str, name: &str, techniques: Vec<Data>) -> Data {
    let tactic = Data::map([
        ("id", Data::from(id)),
        ("reference", format!("{SITE}/tactics/{id}").into()),
        ("name", name.into()),
    ]);
    Data::map([
        ("tactic", tactic),
        ("framework", "MITRE ATT&CK".into()),
        ("technique", Data::List(techniques)),
    ])
}

fn technique(attack: &Attack, id: &str, sub_techniques: Vec<Data>) -> Option<Data> {
    let technique = attack.technique(id)?;
    Some(Data::map([
        ("id", Data::from(id)),
        ("reference", format!("{SITE}/techniques/{id}").into()),
        ("name", technique.name.as_str().into()),
        ("subtechnique", Data::List(sub_techniques)),
    ]))
}

fn sub_technique(attack: &Attack, id: &str) -> Option<Data> {
    let technique = attack.technique(id)?;
    Some(Data::map([
        ("id", Data::from(id)),
        ("reference", format!("{SITE}/techniques/{}", id.replace('.', "/")).into()),
        ("name", technique.name.as_str().into()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<Tag> {
        let split = |tag: &str| {
            let (namespace, name) = tag.split_once('.').expect("a dot");
            Tag { namespace: namespace.to_owned(), name: name.to_owned() }
        };
        text.split(' ').map(split).collect()
    }

    /// `TACTIC name: TECHNIQUE(SUB …) …; … | other tags`
    fn brief(threat: &Threat<'_>) -> String {
        let text = |data: &Data, key| data.get(key).and_then(Data::as_str).unwrap_or("?").to_owned();
        let list = |data: &Data, key| data.get(key).and_then(Data::as_list).unwrap_or_default().to_vec();
        let entries: Vec<_> = threat
            .entries
            .iter()
            .map(|entry| {
                let tactic = entry.get("tactic").cloned().unwrap_or_default();
                let techniques: Vec<_> = list(entry, "technique")
                    .iter()
                    .map(|technique| {
                        let subs: Vec<_> =
                            list(technique, "subtechnique").iter().map(|sub| text(sub, "id")).collect();
                        format!("{}({})", text(technique, "id"), subs.join(" "))
                    })
                    .collect();
                format!("{} {}: {}", text(&tactic, "id"), text(&tactic, "name"), techniques.join(" "))
            })
            .collect();
        let tags: Vec<_> = threat.other_tags.iter().map(ToString::to_string).collect();
        format!("{} | {}", entries.join("; "), tags.join(" "))
    }

    #[test]
    fn techniques_stand_below_their_own_tactics() {
        for (written, by_default, in_reference) in [
            (
                "attack.execution attack.persistence attack.t1053.005 cve.2024-1",
                "TA0002 Execution: T1053(T1053.005); TA0003 Persistence: T1053(T1053.005) | cve.2024-1",
                "TA0002 Execution: T1053(T1053.005) | cve.2024-1",
            ),
            (
                // The reference pairs by position, so that the group's id pushes the technique away.
                "attack.g0007 attack.command-and-control attack.t1071.001 attack.t1071.004",
                "TA0011 Command and Control: T1071(T1071.001 T1071.004) | attack.g0007",
                "TA0011 Command-And-Control: T1071(T1071.004) | ",
            ),
            ("attack.t1003.001", "TA0006 Credential Access: T1003(T1003.001) | ", " | attack.t1003.001"),
            ("attack.credential_access attack.t9999", "TA0006 Credential Access:  | attack.t9999", " | "),
            (
                // Discovery is no tactic of T1003.
                "attack.discovery attack.t1003",
                "TA0007 Discovery: ; TA0006 Credential Access: T1003() | ",
                "TA0007 Discovery: T1003() | ",
            ),
        ] {
            let tags = tags(written);
            assert_eq!(brief(&model(Attack::bundled(), &tags)), by_default, "{written}");
            assert_eq!(brief(&reference(Attack::bundled(), &tags, 0)), in_reference, "{written}");
        }
    }

    #[test]
    fn in_the_reference_only_the_first_query_has_a_threat_model() {
        let tags = tags("attack.execution attack.t1059 tlp.red");
        assert_eq!(brief(&reference(Attack::bundled(), &tags, 1)), " | tlp.red");
    }
}
