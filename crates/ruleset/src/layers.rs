//! Layers of rules: those of others, which updates replace, below one's own, which nothing replaces.

use std::collections::HashSet;

use crate::snapshot::{RuleText, Snapshot};

/// The rules of one layer, e.g. `tuned` or the name of an upstream.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name: the folder that its files stand in.
    pub name: String,
    /// Its files.
    pub files: Vec<RuleText>,
}

/// What layers come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Active {
    /// Files, their paths begun with the name of their layer.
    pub files: Vec<RuleText>,
    /// Files of which one's own rules took the place of a rule.
    pub overridden: Vec<String>,
    /// Files that hold such a rule but are one piece (`action: global` and its like): left as they are, so that the
    /// rule is there twice.
    pub doubled: Vec<String>,
}

/// Puts one's own layers over those of others: a rule with an id that an own rule has goes. Layers are otherwise
/// side by side, without a look at paths and titles.
pub fn activate(upstream: &[Source], own: &[Source]) -> Active {
    let snapshots: Vec<Snapshot> = own.iter().map(|source| Snapshot::read(&source.files)).collect();
    let taken: HashSet<&str> = snapshots
        .iter()
        .flat_map(Snapshot::documents)
        .filter_map(|document| document.id.as_deref())
        .collect();
    let mut active = Active::default();
    for source in upstream {
        for file in &source.files {
            let path = format!("{}/{}", source.name, file.path);
            let snapshot = Snapshot::read(std::slice::from_ref(file));
            let is_taken = |id: &Option<String>| id.as_deref().is_some_and(|id| taken.contains(id));
            if !snapshot.documents.iter().any(|document| is_taken(&document.id)) {
                active.files.push(RuleText { path, text: file.text.clone() });
                continue;
            }
            let rest = snapshot.documents.iter().filter(|document| !is_taken(&document.id));
            let rest: String = rest.map(|document| document.text.as_str()).collect();
            let is_one_piece = file.text.lines().any(|line| line.starts_with("action:"));
            if is_one_piece && !rest.is_empty() {
                active.files.push(RuleText { path: path.clone(), text: file.text.clone() });
                active.doubled.push(path);
                continue;
            }
            if !rest.is_empty() {
                active.files.push(RuleText { path: path.clone(), text: rest });
            }
            active.overridden.push(path);
        }
    }
    for source in own {
        let file = |file: &RuleText| RuleText {
            path: format!("{}/{}", source.name, file.path),
            text: file.text.clone(),
        };
        active.files.extend(source.files.iter().map(file));
    }
    active
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(title: &str, id: char) -> String {
        format!(
            "title: {title}\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a1{id}\nlogsource:\n    product: x\ndetection:\n    a: [b]\n    condition: a\n"
        )
    }

    fn source(name: &str, files: &[(&str, String)]) -> Source {
        let file = |(path, text): &(&str, String)| RuleText { path: (*path).to_owned(), text: text.clone() };
        Source { name: name.to_owned(), files: files.iter().map(file).collect() }
    }

    #[test]
    fn ones_own_rules_take_the_place_of_others() {
        let two = format!("{}---\n{}", rule("A", '1'), rule("B", '2'));
        let global = format!("action: global\nauthor: x\n---\n{two}");
        let upstream = source(
            "up",
            &[("one.yml", rule("A", '1')), ("two.yml", two), ("c.yml", rule("C", '3')), ("g.yml", global)],
        );
        let own = source("tuned", &[("mine.yml", rule("My A", '1').replace("id: 5f1a", "id: 5F1A"))]);
        let active = activate(&[upstream], &[own]);
        let paths: Vec<&str> = active.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["up/two.yml", "up/c.yml", "up/g.yml", "tuned/mine.yml"]);
        assert_eq!(
            (active.overridden, active.doubled),
            (vec!["up/one.yml".to_owned(), "up/two.yml".to_owned()], vec!["up/g.yml".to_owned()])
        );
        let left = Snapshot::read(&active.files[..1]);
        let titles: Vec<&str> = left.documents().iter().map(|document| document.title.as_str()).collect();
        assert_eq!(titles, ["B"]);
    }
}
