//! Which field became which.

use std::collections::HashMap;

/// Fields of detection items with what they were mapped to. `None` stands for keywords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMappings {
    targets: HashMap<Option<String>, Vec<String>>,
    origins: HashMap<String, Vec<Option<String>>>,
}

impl FieldMappings {
    /// Notes that a field became others. If it was itself the target of a mapping, the first field is from now
    /// on noted with the last targets.
    pub fn add(&mut self, source: Option<&str>, targets: &[String]) {
        let source = source.map(str::to_owned);
        if let Some(name) = &source
            && let Some(origins) = self.origins.remove(name)
        {
            for origin in origins {
                let of_origin = self.targets.entry(origin.clone()).or_default();
                of_origin.retain(|target| target != name);
                extend(of_origin, targets.iter().cloned());
                for target in targets {
                    extend(self.origins.entry(target.clone()).or_default(), [origin.clone()]);
                }
            }
        }
        for target in targets {
            extend(self.origins.entry(target.clone()).or_default(), [source.clone()]);
        }
        extend(self.targets.entry(source).or_default(), targets.iter().cloned());
    }

    /// What a field became, if it was mapped.
    pub fn targets(&self, field: Option<&str>) -> Option<&[String]> {
        self.targets.get(&field.map(str::to_owned)).map(Vec::as_slice)
    }

    /// Whether a field was mapped, or is what another was mapped to.
    pub fn knows(&self, field: &str) -> bool {
        self.origins.contains_key(field) || self.targets.contains_key(&Some(field.to_owned()))
    }

    /// Takes over what another table knows.
    pub fn merge(&mut self, other: &FieldMappings) {
        let mut pairs: Vec<_> = other.targets.iter().collect();
        pairs.sort();
        for (source, targets) in pairs {
            self.add(source.as_deref(), targets);
        }
    }

    /// All pairs, sorted by field.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &[String])> {
        let mut pairs: Vec<_> = self.targets.iter().collect();
        pairs.sort();
        pairs.into_iter().map(|(source, targets)| (source.as_deref(), targets.as_slice()))
    }
}

fn extend<T: PartialEq>(set: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for item in more {
        if !set.contains(&item) {
            set.push(item);
        }
    }
}
