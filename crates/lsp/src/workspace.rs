//! The workspace: folders, open documents, what is known, and what is found in one file.
//!
//! Nothing here knows the protocol. Files, the day and pipelines come from a [`Host`].

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigyn_convert::Converter;
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Sources, codes};
use sigyn_lint::{Config, Facts, Finding, Linter, Looked, Run, Trees};

use crate::index::{File, Index, is_sigma};
use crate::knowledge::Knowledge;
use crate::outline::Outline;
use crate::preview::Wanted;
use crate::text::{Change, Encoding, Text};
use crate::words;

/// Longest text that is checked. The largest published rule file has 295 KB.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// How many rule files of a workspace are indexed.
pub const FILES_MAX: usize = 50_000;

/// What the server asks of the machine.
pub trait Host: Send + Sync {
    /// The facts that checks rely on, the day included.
    fn facts(&self) -> Facts;
    /// Today as `YYYY-MM-DD`, if the clock is sound.
    fn today(&self) -> Option<String>;
    /// The YAML files below a folder, in any order.
    fn rule_files(&self, folder: &Path) -> Vec<PathBuf>;
    /// The text of a file.
    ///
    /// # Errors
    /// Why there is none, for people.
    fn read(&self, path: &Path) -> Result<String, String>;
    /// A target with its pipelines.
    ///
    /// # Errors
    /// What is wrong with what was asked for, for people.
    fn converter(&self, wanted: &Wanted) -> Result<Converter, String>;
}

/// Everything that answers are made from.
pub struct Workspace {
    host: Arc<dyn Host>,
    encoding: Encoding,
    pub(crate) knowledge: Knowledge,
    linter: Linter,
    config: Config,
    pub(crate) index: Index,
    folders: Vec<PathBuf>,
    open: BTreeMap<Arc<Path>, Text>,
    /// What looking at open documents gave, until they are checked: a text is read once for the index and for checks, which
    /// for the largest rules is a third of the work.
    looked: HashMap<Arc<Path>, Looked>,
    /// Files that are not read yet.
    waiting: Vec<PathBuf>,
}

/// What was found in a file.
#[derive(Debug)]
pub struct Checked {
    /// The findings, in the order of the text.
    pub findings: Vec<Finding>,
    /// The file, among those that had a say.
    pub source: SourceId,
    /// The paths of the files by their numbers, for places in other files.
    pub paths: Vec<Arc<Path>>,
}

impl Checked {
    /// The path of a source.
    pub fn path(&self, source: SourceId) -> Option<&Arc<Path>> {
        self.paths.get(source.0 as usize)
    }
}

impl Workspace {
    /// A workspace without folders and documents.
    pub fn new(host: Arc<dyn Host>, encoding: Encoding) -> Self {
        let facts = host.facts();
        Self {
            linter: Linter::new(Config::all(), facts.clone()),
            knowledge: Knowledge::new(facts),
            config: Config::all(),
            host,
            encoding,
            index: Index::default(),
            folders: Vec::new(),
            open: BTreeMap::new(),
            looked: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// How positions are counted.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The machine.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// Adds a folder; its files are read step by step ([`Workspace::step`]).
    pub fn add_folder(&mut self, folder: PathBuf) {
        let mut files = self.host.rule_files(&folder);
        files.sort_unstable_by(|a, b| b.cmp(a));
        self.waiting.extend(files);
        if !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
    }

    /// Takes a folder out, with its files that are not open.
    pub fn remove_folder(&mut self, folder: &Path) {
        self.folders.retain(|known| known != folder);
        self.waiting.retain(|path| !path.starts_with(folder));
        for path in self.index.below(folder) {
            let is_held =
                self.open.contains_key(&path) || self.folders.iter().any(|other| path.starts_with(other));
            if !is_held {
                self.index.remove(&path);
            }
        }
    }

    /// Reads some files that wait; true while others do.
    pub fn step(&mut self, files: usize) -> bool {
        for _ in 0..files {
            let Some(path) = self.waiting.pop() else { break };
            self.reload(&path);
        }
        !self.waiting.is_empty()
    }

    /// How many files wait to be read.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A file or folder was written, made or removed by someone else. Files of a new folder wait to be read.
    pub fn changed_on_disk(&mut self, path: &Path) {
        let mut inside = self.host.rule_files(path);
        inside.retain(|file| file != path);
        for known in self.index.below(path) {
            let is_there = inside.iter().any(|file| **file == *known);
            if *known != *path && !is_there && !self.open.contains_key(&known) {
                self.index.remove(&known);
            }
        }
        self.waiting.extend(inside);
        self.reload(path);
    }

    /// Reads a file anew, unless it is open.
    pub fn reload(&mut self, path: &Path) {
        if self.open.contains_key(path) {
            return;
        }
        match self.host.read(path) {
            Ok(text) => self.take(path.into(), Text::new(text, self.encoding)),
            Err(_) => self.index.remove(path),
        }
    }

    fn take(&mut self, path: Arc<Path>, text: Text) {
        let is_known = self.index.file(&path).is_some();
        let is_wanted = is_sigma(text.as_str()) && text.as_str().len() <= TEXT_BYTES_MAX;
        let has_room = || is_known || self.index.len() < FILES_MAX;
        self.looked.remove(&path);
        if is_wanted && has_room() {
            let name = self.name(&path);
            let file = if self.open.contains_key(&path) {
                let shared = text.shared();
                let trees = Trees::read(SourceId::default(), &shared);
                self.looked.insert(path.clone(), self.linter.look_at(&name, &trees));
                File::of(name, text, trees.spec())
            } else {
                File::read(name, text)
            };
            self.index.put(path, file);
        } else {
            self.index.remove(&path);
        }
    }

    /// The name of a file as checks see it: its path below the workspace folder.
    pub fn name(&self, path: &Path) -> String {
        let below = self.folders.iter().filter_map(|folder| path.strip_prefix(folder).ok());
        let name = below.min_by_key(|below| below.components().count()).unwrap_or(path);
        name.to_string_lossy().replace('\\', "/")
    }

    /// A path that is counted from the first folder.
    pub fn absolute(&self, path: PathBuf) -> PathBuf {
        match self.folders.first() {
            Some(folder) if path.is_relative() => folder.join(path),
            _ => path,
        }
    }

    /// A document was opened.
    pub fn open(&mut self, path: &Path, content: &str) {
        let path: Arc<Path> = path.into();
        let text = Text::new(content, self.encoding);
        self.open.insert(path.clone(), text.clone());
        self.take(path, text);
    }

    /// An open document was changed; false if it is not open.
    pub fn change(&mut self, path: &Path, changes: &[Change]) -> bool {
        let Some((path, text)) = self.open.get_key_value(path) else { return false };
        let path = path.clone();
        let text = changes.iter().fold(text.clone(), |text, change| text.changed(change));
        self.open.insert(path.clone(), text.clone());
        self.take(path, text);
        true
    }

    /// A document was closed: what stands on the disk counts again.
    pub fn close(&mut self, path: &Path) {
        self.looked.remove(path);
        if self.open.remove(path).is_some() {
            self.reload(path);
        }
    }

    /// The text of an open document or of a rule file.
    pub fn text(&self, path: &Path) -> Option<&Text> {
        self.open.get(path).or_else(|| self.index.file(path).map(|file| &file.text))
    }

    /// The paths of open documents.
    pub fn opened(&self) -> Vec<Arc<Path>> {
        self.open.keys().cloned().collect()
    }

    /// Whether a document is small enough to be answered for, and one of ours: it reads as Sigma, or may come to, because
    /// it has no key that Sigma does not have.
    pub fn is_ours(&self, path: &Path) -> bool {
        let Some(text) = self.text(path).filter(|text| text.as_str().len() <= TEXT_BYTES_MAX) else {
            return false;
        };
        self.index.file(path).is_some() || {
            let outline = Outline::at(text.as_str(), 0);
            let mut keys = outline.children(None).filter_map(|at| outline.entry(at).step.key());
            keys.all(|key| words::find(words::TOP, key).is_some())
        }
    }

    /// Sets which checks run, and how.
    pub fn configure(&mut self, config: Config) {
        self.config = config;
        self.renew_linter();
    }

    /// What was found by other checks, or on another day, counts no more.
    fn renew_linter(&mut self) {
        self.linter = Linter::new(self.config.clone(), self.knowledge.facts.clone());
        self.looked.clear();
    }

    /// The day may have changed since the last look.
    pub fn refresh(&mut self) {
        let today = self.host.today();
        if today != self.knowledge.facts.today {
            self.knowledge.facts.today = today;
            self.renew_linter();
        }
    }

    /// What `sigyn check` finds in a file when it checks the whole workspace. While files wait to be read, findings that
    /// are about several files are left out.
    pub fn check(&mut self, path: &Path) -> Checked {
        let mut checked = Checked { findings: Vec::new(), source: SourceId::default(), paths: Vec::new() };
        let Some(text) = self.open.get(path).or_else(|| self.index.file(path).map(|file| &file.text)) else {
            return checked;
        };
        if text.as_str().len() > TEXT_BYTES_MAX && is_sigma(text.as_str()) {
            checked.paths.push(path.into());
            checked.findings.push(too_large());
            return checked;
        }
        let Some(file) = self.index.file(path) else { return checked };
        // The text itself is the first source, whatever its place among the others: it was looked at as that.
        let looked = self.looked.remove(path);
        let mut sources = Sources::default();
        let mut order = Vec::new();
        checked.source = sources.add(SourceFile::new(file.name.clone(), file.text.as_str()));
        checked.paths.push(path.into());
        for near in self.index.neighbours(path) {
            if *near == *path {
                order.push(checked.source);
            } else if let Some(file) = self.index.file(&near) {
                order.push(sources.add(SourceFile::new(file.name.clone(), file.text.as_str())));
                checked.paths.push(near);
            }
        }
        let look = || self.linter.look_at(&file.name, &Trees::read(checked.source, file.text.as_str()));
        let looked = looked.unwrap_or_else(look);
        checked.findings = self.linter.run_for(looked, &sources, &order).findings;
        if !self.waiting.is_empty() {
            checked.findings.retain(|finding| !needs_others(finding));
        }
        checked
    }

    /// What is found in a text by itself, under the name of a file.
    pub(crate) fn check_alone(&self, path: &Path, text: &str) -> Vec<Finding> {
        let mut sources = Sources::default();
        let source = sources.add(SourceFile::new(self.name(path), text));
        let looked = self.linter.look_at(&self.name(path), &Trees::read(source, text));
        self.linter.run_for(looked, &sources, &[source]).findings
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// Whether a finding can only be judged when all files are known.
fn needs_others(finding: &Finding) -> bool {
    let is_reference = finding.diagnostic.code.number == codes::rule::UNKNOWN_RULE.number;
    is_reference || finding.check.is_some_and(|check| matches!(check.run, Run::Set(_)))
}

fn too_large() -> Finding {
    let message =
        format!("longer than {} KiB: the text is not checked while it is edited", TEXT_BYTES_MAX / 1024);
    let diagnostic = Diagnostic::warning(&codes::input::TOO_LARGE, message)
        .with_help("split the file, or check it with `sigyn check`");
    Finding { diagnostic, source: SourceId::default(), check: None, pysigma_issue: None, rule: None }
}
