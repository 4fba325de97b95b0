//! What the files of the workspace say about themselves and each other: which rules they hold, to which they refer.
//!
//! Texts of rule files are kept (SigmaHQ's 3,780 are 11 MB), because places in them are shown as lines and columns.
//! Other YAML files are forgotten as soon as it is clear that they hold no rule.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sigyn_diagnostics::{SourceId, Span};
use sigyn_ir::LogSource;
use sigyn_syntax::{
    Attributes, Compat, Document, DocumentKind, FilterRules, Spanned, Value, documents, normal_uuid,
    read_correlation, read_filter, read_logsource,
};

use crate::text::Text;

/// How many files that have a name, title or id in common with one are looked at: the first are enough to say so.
const SAME_MAX: usize = 8;
/// How many files may matter for one.
const NEIGHBOURS_MAX: usize = 512;

/// A rule file.
#[derive(Debug)]
pub(crate) struct File {
    /// The path below the workspace folder, as checks see it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: Text,
    /// What it defines.
    pub(crate) rules: Vec<RuleEntry>,
    /// To what it refers.
    pub(crate) references: Vec<Reference>,
    /// Whether it has a filter for every rule.
    has_filter_for_any: bool,
}

/// A rule, correlation or filter of a file.
#[derive(Clone, Debug)]
pub(crate) struct RuleEntry {
    /// What it is.
    pub(crate) kind: DocumentKind,
    /// The title with its place.
    pub(crate) title: Option<(String, Range<usize>)>,
    /// UUID in lower case with its place.
    pub(crate) id: Option<(String, Range<usize>)>,
    /// The name with its place.
    pub(crate) name: Option<(String, Range<usize>)>,
    /// The level, if it has one.
    pub(crate) level: Option<String>,
    /// The status, if it has one.
    pub(crate) status: Option<String>,
    /// The description, if it has one.
    pub(crate) description: Option<String>,
    /// The log source of a rule.
    pub(crate) source: LogSource,
    /// The fields that a rule asks for.
    pub(crate) fields: Vec<String>,
    /// The whole document.
    pub(crate) range: Range<usize>,
}

impl RuleEntry {
    /// Where the rule is shown: its title, else its id, else its document.
    pub(crate) fn place(&self) -> Range<usize> {
        let named = [&self.title, &self.name, &self.id].into_iter().flatten().next();
        named.map_or(self.range.clone(), |(_, place)| place.clone())
    }
}

/// A place that refers to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The rule.
    pub(crate) key: Key,
    /// What refers to it.
    pub(crate) kind: ReferenceKind,
    /// Where.
    pub(crate) place: Range<usize>,
}

/// What refers to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// A correlation: it does not work without.
    Correlation,
    /// A filter.
    Filter,
    /// `related`.
    Related,
}

/// What rules and files are found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A UUID in lower case.
    Id(String),
    /// A name.
    Name(String),
    /// A title; only to find those that are equal.
    Title(String),
    /// A file name; likewise.
    File(String),
}

impl Key {
    /// The rule that a reference means: by id if it reads as one, else by name.
    pub(crate) fn of_reference(text: &str) -> Self {
        normal_uuid(text).map_or_else(|| Key::Name(text.to_owned()), Key::Id)
    }
}

/// All rule files, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Index {
    files: BTreeMap<Arc<Path>, File>,
    defined: HashMap<Key, BTreeSet<Arc<Path>>>,
    referred: HashMap<Key, BTreeSet<Arc<Path>>>,
    filters_for_any: BTreeSet<Arc<Path>>,
}

impl File {
    /// Reads a file; its findings are not looked at here.
    pub(crate) fn read(name: String, text: Text) -> Self {
        let shared = text.shared();
        Self::of(name, text, &documents(sigyn_yaml::parse(SourceId::default(), &shared), Compat::Spec))
    }

    /// The same, from the documents of the text.
    pub(crate) fn of(name: String, text: Text, documents: &[Document<'_>]) -> Self {
        let mut file =
            Self { name, text, rules: Vec::new(), references: Vec::new(), has_filter_for_any: false };
        for document in documents.iter().filter(|document| document.kind != DocumentKind::Broken) {
            file.take(document);
        }
        file
    }

    fn take(&mut self, document: &Document<'_>) {
        let (value, mut ignored) = (&document.value, Vec::new());
        let attributes = Attributes::read(value, Compat::Spec, &mut ignored);
        let related = value.get("related").and_then(Value::as_list).unwrap_or_default();
        let related = related.iter().filter_map(|entry| entry.get("id"));
        let related: Vec<(String, Span)> =
            related.filter_map(|id| Some((id.source_text()?.to_string(), id.span))).collect();
        self.refer(ReferenceKind::Related, related);
        match document.kind {
            DocumentKind::Correlation => {
                if let Some(correlation) = read_correlation(value, Compat::Spec, &mut ignored) {
                    let aliases = correlation.aliases.into_iter().flat_map(|alias| alias.fields);
                    let rules = correlation.rules.unwrap_or_default().into_iter();
                    let all = rules.chain(aliases.map(|(rule, _)| rule));
                    let all = all.map(|rule| (rule.value.into_owned(), rule.span)).collect();
                    self.refer(ReferenceKind::Correlation, all);
                }
            }
            DocumentKind::Filter => match read_filter(value, Compat::Spec, &mut ignored).map(|it| it.rules) {
                Some(FilterRules::Any) => self.has_filter_for_any = true,
                Some(FilterRules::Listed(rules)) => {
                    let rules = rules.into_iter().map(|rule| (rule.value.into_owned(), rule.span));
                    self.refer(ReferenceKind::Filter, rules.collect());
                }
                None => {}
            },
            DocumentKind::Rule | DocumentKind::Broken => {}
        }
        self.rules.push(entry(document, attributes));
    }

    fn refer(&mut self, kind: ReferenceKind, rules: Vec<(String, Span)>) {
        self.references.extend(rules.into_iter().map(|(text, span)| Reference {
            key: Key::of_reference(&text),
            kind,
            place: span.range(),
        }));
    }

    /// The rules without which its correlations do not work.
    fn needs(&self) -> impl Iterator<Item = &Key> {
        let needed = self.references.iter().filter(|reference| reference.kind == ReferenceKind::Correlation);
        needed.map(|reference| &reference.key)
    }

    /// By what others may find the file, or be found to be the same.
    fn keys(&self) -> Vec<Key> {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        let mut keys = vec![Key::File(file.to_owned())];
        for rule in &self.rules {
            keys.extend(rule.id.iter().map(|(id, _)| Key::Id(id.clone())));
            keys.extend(rule.name.iter().map(|(name, _)| Key::Name(name.clone())));
            keys.extend(rule.title.iter().map(|(title, _)| Key::Title(title.clone())));
        }
        keys
    }
}

fn entry(document: &Document<'_>, attributes: Attributes<'_>) -> RuleEntry {
    let owned = |text: Spanned<std::borrow::Cow<'_, str>>| (text.value.into_owned(), text.span.range());
    let mut fields = Vec::new();
    let mut source = LogSource::default();
    if document.kind == DocumentKind::Rule {
        let read = read_logsource(&document.value, &mut Vec::new());
        let part =
            |part: Option<Spanned<std::borrow::Cow<'_, str>>>| part.map(|part| part.value.into_owned());
        source.category = part(read.category);
        source.product = part(read.product);
        source.service = part(read.service);
        for (name, definition) in document.value.get("detection").and_then(Value::as_map).unwrap_or_default()
        {
            if name.source_text().is_some_and(|name| name != "condition" && name != "timeframe") {
                add_fields(definition, &mut fields);
            }
        }
    }
    RuleEntry {
        kind: document.kind,
        title: attributes.title.map(owned),
        id: attributes.id.map(|id| (id.value, id.span.range())),
        name: attributes.name.map(owned),
        level: attributes.level.map(|level| level.value),
        status: attributes.status.map(|status| status.value),
        description: attributes.description.map(|text| text.value.into_owned()),
        source,
        fields,
        range: document.span.range(),
    }
}

fn add_fields(definition: &Value<'_>, fields: &mut Vec<String>) {
    for (key, _) in definition.as_map().unwrap_or_default() {
        let field = key.source_text().and_then(|key| key.split('|').next()).unwrap_or("");
        if !field.is_empty() && !fields.iter().any(|known| known == field) {
            fields.push(field.to_owned());
        }
    }
    for item in definition.as_list().unwrap_or_default() {
        add_fields(item, fields);
    }
}

impl Index {
    /// Puts a file in, or in the place of an older form of it.
    pub(crate) fn put(&mut self, path: Arc<Path>, file: File) {
        self.remove(&path);
        for key in file.keys() {
            self.defined.entry(key).or_default().insert(path.clone());
        }
        for reference in &file.references {
            self.referred.entry(reference.key.clone()).or_default().insert(path.clone());
        }
        if file.has_filter_for_any {
            self.filters_for_any.insert(path.clone());
        }
        self.files.insert(path, file);
    }

    /// Takes a file out.
    pub(crate) fn remove(&mut self, path: &Path) {
        let Some(file) = self.files.remove(path) else { return };
        for key in file.keys() {
            forget(&mut self.defined, &key, path);
        }
        for reference in &file.references {
            forget(&mut self.referred, &reference.key, path);
        }
        self.filters_for_any.remove(path);
    }

    /// A file.
    pub(crate) fn file(&self, path: &Path) -> Option<&File> {
        self.files.get(path)
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// All files.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Arc<Path>, &File)> {
        self.files.iter()
    }

    /// The files below a folder.
    pub(crate) fn below(&self, folder: &Path) -> Vec<Arc<Path>> {
        self.files.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    /// The rules with a key, with their files.
    pub(crate) fn rules<'a>(
        &'a self,
        key: &'a Key,
    ) -> impl Iterator<Item = (&'a Arc<Path>, &'a File, &'a RuleEntry)> {
        let files = self.defined.get(key).into_iter().flatten();
        files.filter_map(|path| Some((path, self.files.get(path)?))).flat_map(move |(path, file)| {
            file.rules.iter().filter(move |rule| is(rule, key)).map(move |rule| (path, file, rule))
        })
    }

    /// The places that refer to a key, with their files.
    pub(crate) fn references<'a>(
        &'a self,
        key: &'a Key,
    ) -> impl Iterator<Item = (&'a Arc<Path>, &'a Reference)> {
        let files = self.referred.get(key).into_iter().flatten();
        files.filter_map(|path| Some((path, self.files.get(path)?))).flat_map(move |(path, file)| {
            file.references
                .iter()
                .filter(move |reference| reference.key == *key)
                .map(move |found| (path, found))
        })
    }

    /// The files that have a say in what is found in one: those with the same id, name, title or file name, those that it
    /// refers to, those that these refer to, and filters. The file itself is among them.
    pub(crate) fn neighbours(&self, path: &Path) -> BTreeSet<Arc<Path>> {
        let mut found: BTreeSet<Arc<Path>> = self.filters_for_any.clone();
        let Some((own, file)) = self.files.get_key_value(path) else { return found };
        found.insert(own.clone());
        for key in file.keys() {
            let same: Vec<&Arc<Path>> = self.defined.get(&key).into_iter().flatten().take(SAME_MAX).collect();
            // Whether two rules may have one name depends on whether something refers to it.
            let is_shared = same.len() > 1;
            found.extend(same.into_iter().cloned());
            let referring = self.referred.get(&key).into_iter().flatten();
            let filters = referring.filter(|path| is_shared || self.has_filter(path)).take(SAME_MAX);
            found.extend(filters.cloned());
        }
        self.follow(file.references.iter().map(|reference| &reference.key).collect(), &mut found);
        found
    }

    /// The files that a file's correlations read, directly or through others; the file itself is among them.
    pub(crate) fn needed(&self, path: &Path) -> BTreeSet<Arc<Path>> {
        let mut found = BTreeSet::new();
        if let Some((own, file)) = self.files.get_key_value(path) {
            found.insert(own.clone());
            self.follow(file.needs().collect(), &mut found);
        }
        found
    }

    /// Adds the files that define what is waited for, and what their correlations read.
    fn follow<'a>(&'a self, mut waiting: Vec<&'a Key>, found: &mut BTreeSet<Arc<Path>>) {
        while let Some(key) = waiting.pop() {
            for path in self.defined.get(key).into_iter().flatten().take(SAME_MAX) {
                if found.len() < NEIGHBOURS_MAX
                    && found.insert(path.clone())
                    && let Some(file) = self.files.get(path)
                {
                    waiting.extend(file.needs());
                }
            }
        }
    }

    fn has_filter(&self, path: &Path) -> bool {
        let references = self.files.get(path).map_or(&[][..], |file| &file.references);
        references.iter().any(|reference| reference.kind == ReferenceKind::Filter)
    }

    /// The fields that rules of a log source ask for, most frequent first.
    pub(crate) fn fields(&self, source: &LogSource) -> Vec<&str> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let rules = self.files.values().flat_map(|file| &file.rules);
        for rule in rules.filter(|rule| rule.kind == DocumentKind::Rule && rule.source == *source) {
            rule.fields.iter().for_each(|field| *counts.entry(field).or_default() += 1);
        }
        let mut fields: Vec<(&str, usize)> = counts.into_iter().collect();
        fields.sort_by_key(|(field, count)| (std::cmp::Reverse(*count), *field));
        fields.into_iter().map(|(field, _)| field).collect()
    }
}

fn is(rule: &RuleEntry, key: &Key) -> bool {
    let same = |own: &Option<(String, Range<usize>)>, text: &String| {
        own.as_ref().is_some_and(|(own, _)| own == text)
    };
    match key {
        Key::Id(id) => same(&rule.id, id),
        Key::Name(name) => same(&rule.name, name),
        Key::Title(title) => same(&rule.title, title),
        Key::File(_) => true,
    }
}

fn forget(map: &mut HashMap<Key, BTreeSet<Arc<Path>>>, key: &Key, path: &Path) {
    if let Some(paths) = map.get_mut(key) {
        paths.remove(path);
        if paths.is_empty() {
            map.remove(key);
        }
    }
}

/// Whether a text reads as Sigma: other YAML files of a workspace are none of our business.
pub(crate) fn is_sigma(text: &str) -> bool {
    const KEYS: [&str; 3] = ["logsource:", "detection:", "correlation:"];
    let has = |keys: &[&str]| text.lines().any(|line| keys.iter().any(|key| line.starts_with(key)));
    has(&KEYS) || (has(&["filter:"]) && has(&["title:"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Encoding;

    fn index(files: &[(&str, &str)]) -> Index {
        let mut index = Index::default();
        for (path, text) in files {
            let file = File::read((*path).to_owned(), Text::new(*text, Encoding::Utf16));
            index.put(Path::new(path).into(), file);
        }
        index
    }

    const RULE: &str = "title: A\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\nname: a\nlogsource:\n  product: x\ndetection:\n  s:\n    f: v\n  condition: s\n";
    const CORRELATION: &str = "title: C\ncorrelation:\n  type: event_count\n  rules:\n    - a\n  timespan: 5m\n  group-by: [u]\n  condition:\n    gte: 3\n";

    #[test]
    fn files_that_matter_for_each_other_are_found() {
        let other = RULE.replace("5f1a", "6f1a").replace("name: a\n", "name: b\n");
        let index = index(&[
            ("r/a.yml", RULE),
            ("r/b.yml", &other.replace("title: A", "title: B")),
            ("r/c.yml", CORRELATION),
            (
                "s/a.yml",
                &RULE.replace("5f1a", "7f1a").replace("title: A", "title: D").replace("name: a\n", ""),
            ),
            (
                "s/e.yml",
                "title: E\nlogsource:\n  product: x\ndetection:\n  s: [k]\n  condition: s\nrelated:\n  - id: 6F1ABF38-3b1a-4b7a-8c42-5d5b0f2d0a11\n    type: similar\n",
            ),
        ]);
        let check = |path: &str, expect: &[&str]| {
            let found: Vec<String> =
                index.neighbours(Path::new(path)).iter().map(|path| path.display().to_string()).collect();
            assert_eq!(found, expect, "{path}");
        };
        // The same file name; nothing else.
        check("r/a.yml", &["r/a.yml", "s/a.yml"]);
        check("r/b.yml", &["r/b.yml"]);
        check("r/c.yml", &["r/a.yml", "r/c.yml"]);
        check("s/e.yml", &["r/b.yml", "s/e.yml"]);
        check("none", &[]);
    }

    #[test]
    fn files_are_forgotten_with_all_they_said() {
        let mut index = index(&[("a.yml", RULE), ("c.yml", CORRELATION)]);
        let key = Key::of_reference("a");
        assert_eq!((index.rules(&key).count(), index.references(&key).count()), (1, 1));
        index.remove(Path::new("a.yml"));
        index.remove(Path::new("c.yml"));
        assert_eq!((index.rules(&key).count(), index.references(&key).count()), (0, 0));
        assert!(index.defined.is_empty() && index.referred.is_empty());
    }
}
