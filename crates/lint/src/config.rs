//! Which checks run, on which rules, and how they are configured.
//!
//! The file is sigma-cli's validation configuration (`validators`, `exclusions`, `config`) with one key of ours,
//! `checks`, which sets the level of a check. A name is that of a validator (`escaped_wildcard`), of a check
//! (`escaped-wildcard`) or its code (`S8401`); `all` stands for every check.

use std::collections::{HashMap, HashSet};

use sigyn_diagnostics::{Diagnostic, Severity, SourceId, Span, codes};
use sigyn_syntax::{Compat, Reading, Value, normal_uuid};
use sigyn_yaml::{Kind, Node};

use crate::check::Default;
use crate::{ALL, Check};

/// The options of one check, by name.
pub(crate) type Options = Vec<(String, OptionValue)>;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// A number.
    Int(i64),
    /// Texts.
    Texts(Vec<String>),
}

/// What becomes of a check's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It does not run.
    Off,
    /// Its findings have this severity.
    At(Severity),
}

/// Which checks run and how. Checks are known by the numbers of their codes.
#[derive(Clone, Debug)]
pub struct Config {
    active: HashSet<u16>,
    exclusions: HashMap<Option<String>, HashSet<u16>>,
    options: HashMap<u16, Options>,
    levels: HashMap<u16, Severity>,
}

impl Config {
    /// Every check, as it is.
    pub fn all() -> Self {
        Self {
            active: ALL.iter().map(|check| check.code.number).collect(),
            exclusions: HashMap::new(),
            options: HashMap::new(),
            levels: HashMap::new(),
        }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it; then it is not used.
    pub fn from_yaml(source: SourceId, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut config = Self { active: HashSet::new(), ..Self::all() };
        let mut names_checks = false;
        for document in sigyn_yaml::parse(source, text).documents {
            // SigmaHQ's own file has a rule among its exclusions twice; both count.
            let exclusions = document.root.as_ref().and_then(|root| root.get("exclusions")).cloned();
            let place = exclusions.as_ref().map(|pair| pair.value.span);
            let is_known = |finding: &Diagnostic| {
                let inner = finding.span.zip(place);
                finding.code.number == codes::yaml::DUPLICATE_KEY.number
                    && inner.is_some_and(|(span, place)| place.start <= span.start && span.end <= place.end)
            };
            found.extend(document.diagnostics.into_iter().filter(|finding| !is_known(finding)));
            let Some(root) = document.root else { continue };
            let value = Value::resolve(root, Compat::Spec, &mut found);
            let mut reader = Reader { config: &mut config, found: &mut found };
            if let Some(list) = value.get_some("validators") {
                names_checks = true;
                reader.validators(list);
            }
            if let Some(pair) = exclusions {
                reader.exclusions(pair.value);
            }
            if let Some(map) = value.get_some("config") {
                reader.options(map);
            }
            if let Some(map) = value.get_some("checks") {
                if !names_checks {
                    reader.config.active = Self::all().active;
                    names_checks = true;
                }
                reader.levels(map);
            }
        }
        if found.iter().any(Diagnostic::is_error) { Err(found) } else { Ok(config) }
    }

    /// Takes checks out by name; false if there is no such name.
    pub fn exclude(&mut self, name: &str) -> bool {
        let named = named(name);
        named.iter().for_each(|check| {
            self.active.remove(&check.code.number);
        });
        !named.is_empty()
    }

    /// Keeps only these checks; the names that nothing has come back.
    pub fn select(&mut self, names: &[String]) -> Vec<String> {
        let (mut wanted, mut unknown) = (HashSet::new(), Vec::new());
        for name in names {
            let named = named(name);
            if named.is_empty() {
                unknown.push(name.clone());
            }
            wanted.extend(named.iter().map(|check| check.code.number));
        }
        self.active.retain(|number| wanted.contains(number));
        unknown
    }

    /// The checks that run, in the order of their codes.
    pub fn checks(&self) -> impl Iterator<Item = &'static Check> {
        ALL.iter().copied().filter(|check| self.active.contains(&check.code.number))
    }

    /// Whether a check is not to look at a rule.
    pub fn is_excluded(&self, check: &Check, id: Option<&str>) -> bool {
        // Most runs have no exclusions at all.
        !self.exclusions.is_empty()
            && self
                .exclusions
                .get(&id.map(str::to_owned))
                .is_some_and(|numbers| numbers.contains(&check.code.number))
    }

    pub(crate) fn options(&self, check: &Check) -> Option<&Options> {
        self.options.get(&check.code.number)
    }

    pub(crate) fn severity(&self, check: &Check) -> Severity {
        self.levels.get(&check.code.number).copied().unwrap_or(check.severity)
    }
}

/// The checks that a name stands for.
fn named(name: &str) -> Vec<&'static Check> {
    ALL.iter()
        .copied()
        .filter(|check| {
            check.group() == name
                || check.code.name == name
                || check.code.to_string().eq_ignore_ascii_case(name)
        })
        .collect()
}

struct Reader<'a> {
    config: &'a mut Config,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, message: impl Into<String>, span: Span) {
        self.found.push(Diagnostic::error(&codes::input::BAD_CHECK_CONFIG, message).at(span));
    }

    fn named(&mut self, value: &Value<'_>) -> Vec<&'static Check> {
        let name = value.source_text().map(ToString::to_string).unwrap_or_default();
        let checks = named(&name);
        if checks.is_empty() {
            self.error(format!("there is no check `{name}`"), value.span);
        }
        checks
    }

    fn validators(&mut self, list: &Value<'_>) {
        let Some(items) = list.as_list() else {
            return self.error("`validators` is no list", list.span);
        };
        for item in items {
            let name = item.source_text().map_or("", |text| text.as_ref());
            if name == "all" {
                self.config.active = Config::all().active;
            } else if let Some(name) = name.strip_prefix('-') {
                if !self.config.exclude(name) {
                    self.error(format!("there is no check `{name}`"), item.span);
                }
            } else {
                let checks = self.named(item);
                self.config.active.extend(checks.iter().map(|check| check.code.number));
            }
        }
    }

    fn exclusions(&mut self, map: Node<'_>) {
        let Kind::Mapping(pairs) = map.kind else {
            return self.error("`exclusions` is no map", map.span);
        };
        for pair in pairs {
            let key = Value::resolve(pair.key, Compat::Spec, self.found);
            let value = Value::resolve(pair.value, Compat::Spec, self.found);
            let id = match key.source_text() {
                _ if key.is_null() => None,
                Some(text) if normal_uuid(text).is_some() => normal_uuid(text),
                _ => {
                    self.error("the key of an exclusion is the id of a rule", key.span);
                    continue;
                }
            };
            let items = value.as_list().unwrap_or(std::slice::from_ref(&value));
            for item in items {
                let checks = self.named(item);
                let excluded = self.config.exclusions.entry(id.clone()).or_default();
                excluded.extend(checks.iter().map(|check| check.code.number));
            }
        }
    }

    fn options(&mut self, map: &Value<'_>) {
        let Some(pairs) = map.as_map() else { return self.error("`config` is no map", map.span) };
        for (key, value) in pairs {
            let checks = self.named(key);
            let Some(options) = value.as_map() else {
                self.error("the configuration of a check is a map", value.span);
                continue;
            };
            for (name, value) in options {
                let text = name.source_text().map(ToString::to_string).unwrap_or_default();
                for check in &checks {
                    match read_option(check, &text, value) {
                        Ok(read) => {
                            let options = self.config.options.entry(check.code.number).or_default();
                            options.push((text.clone(), read));
                        }
                        Err(message) => self.error(message, name.span.to(value.span)),
                    }
                }
            }
        }
    }

    fn levels(&mut self, map: &Value<'_>) {
        let Some(pairs) = map.as_map() else { return self.error("`checks` is no map", map.span) };
        for (key, value) in pairs {
            let checks = self.named(key);
            let level = match value.source_text().map_or("", |text| text.as_ref()) {
                "off" => Level::Off,
                "note" => Level::At(Severity::Note),
                "warning" => Level::At(Severity::Warning),
                "error" => Level::At(Severity::Error),
                _ => {
                    self.error("the level of a check is off, note, warning or error", value.span);
                    continue;
                }
            };
            for check in checks {
                match level {
                    Level::Off => {
                        self.config.active.remove(&check.code.number);
                    }
                    Level::At(severity) => {
                        self.config.active.insert(check.code.number);
                        self.config.levels.insert(check.code.number, severity);
                    }
                }
            }
        }
    }
}

fn read_option(check: &Check, name: &str, value: &Value<'_>) -> Result<OptionValue, String> {
    let Some(spec) = check.options.iter().find(|option| option.name == name) else {
        let known: Vec<&str> = check.options.iter().map(|option| option.name).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("`{}` has no option `{name}`; it has {known}", check.group()));
    };
    match spec.default {
        Default::Int(_) => match value.as_scalar().map(|scalar| scalar.reading) {
            Some(Reading::Int(number)) => i64::try_from(number).map(OptionValue::Int).ok(),
            _ => None,
        }
        .ok_or_else(|| format!("`{name}` is a number")),
        Default::Texts(_) => {
            let items = value.as_list().ok_or_else(|| format!("`{name}` is a list of texts"))?;
            let texts = items.iter().filter_map(|item| item.source_text().map(ToString::to_string));
            Ok(OptionValue::Texts(texts.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Vec<String>> {
        let messages = |found: Vec<Diagnostic>| found.into_iter().map(|found| found.message).collect();
        Config::from_yaml(SourceId::default(), text).map_err(messages)
    }

    fn names(config: &Config) -> Vec<&'static str> {
        config.checks().map(|check| check.code.name).collect()
    }

    #[test]
    fn checks_are_chosen_by_any_of_their_names() {
        let check = |text: &str, expect: &[&str]| assert_eq!(names(&read(text).unwrap()), expect, "{text}");
        check(
            "validators: [tlptag, title-too-long, S8404]",
            &["control-character", "title-too-long", "unknown-tlp-tag"],
        );
        check(
            "validators: [wildcards_instead_of_modifiers, -S8405]",
            &["wildcard-instead-of-endswith", "wildcard-instead-of-startswith"],
        );
        check("validators: []", &[]);
        let all = read("validators: [all, -tlptag]\nchecks: {title-too-long: off}").unwrap();
        assert_eq!(all.checks().count(), ALL.len() - 2);
        let levels = read("checks: {title-too-long: error}").unwrap();
        assert_eq!(levels.checks().count(), ALL.len());
        assert_eq!(levels.severity(crate::by_name("title-too-long").unwrap()), Severity::Error);
    }

    #[test]
    fn rules_are_excluded_by_id() {
        let id = "5F1ABF38-3b1a-4b7a-8c42-5d5b0f2d0a11";
        let config = read(&format!(
            "validators: [all]\nexclusions:\n    {id}: tlptag\n    {id}: [escaped_wildcard]\n    null: missing-id\n"
        ))
        .unwrap();
        let is_excluded = |check: &str, id| config.is_excluded(crate::by_name(check).unwrap(), id);
        let id = id.to_lowercase();
        assert!(is_excluded("unknown-tlp-tag", Some(&id)) && is_excluded("escaped-wildcard", Some(&id)));
        assert!(is_excluded("missing-id", None) && !is_excluded("missing-id", Some(&id)));
    }

    #[test]
    fn mistakes_are_reported() {
        let check = |text: &str, expect: &str| {
            assert_eq!(read(text).err().map(|found| found.join("; ")).as_deref(), Some(expect), "{text}");
        };
        check("validators: [nothing]", "there is no check `nothing`");
        check("validators: [-nothing]", "there is no check `nothing`");
        check("exclusions: {x: tlptag}", "the key of an exclusion is the id of a rule");
        check("config: {tlptag: {a: 1}}", "`tlptag` has no option `a`; it has none");
        check("config: {sigmahq_title_length: {max_length: x}}", "`max_length` is a number");
        check("checks: {tlptag: loud}", "the level of a check is off, note, warning or error");
        assert!(read("config: {sigmahq_title_length: {max_length: 5}}").is_ok());
    }
}
