//! `sigyn rules install`: rules of others in a managed folder, below one's own.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ruleset::{RuleText, Snapshot, Source, Tuning, activate, compare};

use super::{bad, below, diff, write};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::pattern::Pattern;
use crate::progress::Progress;
use crate::screen::counted;
use crate::{Exit, git, input, output, setup};

/// Which files are rules.
const PATTERN: &str = "*.yml";
/// The list of where rules came from.
const SOURCES: &str = "sources.json";
/// The layers that are the user's.
const OWN: &[&str] = &["custom", "tuned"];

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct Install {
    /// A git URL or a folder; without it, every source of the managed folder is updated
    from: Option<String>,
    /// The managed folder
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// The name of the source; the last word of FROM if left out
    #[arg(long, requires = "from")]
    name: Option<String>,
    /// The branch, tag or commit of a git repository; its main branch if left out
    #[arg(long, requires = "from")]
    revision: Option<String>,
    /// The folder in the repository that holds the rules; all of it if left out
    #[arg(long, value_name = "FOLDER", requires = "from")]
    path: Option<String>,
    /// Get nothing: only make `active` anew, after a change in a layer of yours
    #[arg(long, conflicts_with = "from")]
    offline: bool,
}

/// Where rules came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    name: String,
    from: String,
    /// Below the repository.
    path: Option<String>,
    /// As asked for.
    revision: Option<String>,
    /// What that was; none for a folder.
    commit: Option<String>,
}

impl Install {
    pub(super) fn run(&self) -> Result<Exit, Vec<Found>> {
        let mut origins = self.origins()?;
        let wanted = match &self.from {
            Some(from) => {
                let origin = self.origin(from)?;
                origins.retain(|known| known.name != origin.name);
                origins.push(origin.clone());
                origins.sort_by(|one, other| one.name.cmp(&other.name));
                vec![origin.name]
            }
            None if self.offline => Vec::new(),
            None if origins.is_empty() => return Err(bad("nothing is installed there: say what to install")),
            None => origins.iter().map(|origin| origin.name.clone()).collect(),
        };
        let own =
            OWN.iter().map(|layer| self.layer(layer, Path::new(layer))).collect::<Result<Vec<_>, _>>()?;
        for origin in origins.iter_mut().filter(|origin| wanted.contains(&origin.name)) {
            let files = self.get(origin)?;
            self.tell(origin, &files, &own)?;
            self.replace(&Path::new("upstream").join(&origin.name), &files)?;
        }
        for layer in OWN {
            let folder = self.into.join(layer);
            std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        }
        let json = serde_json::to_string_pretty(&origins).map_err(|error| bad(error.to_string()))?;
        write(&self.into.join(SOURCES), &(json + "\n"))?;
        self.activate(&origins, &own)?;
        Ok(Exit::Clean)
    }

    /// What is installed.
    fn origins(&self) -> Result<Vec<Origin>, Vec<Found>> {
        let path = self.into.join(SOURCES);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = setup::read(&path).map_err(|found| vec![found])?;
        let origins: Vec<Origin> = serde_json::from_str(&file.text)
            .map_err(|error| bad(format!("`{}`: {error}", path.display())))?;
        match origins.iter().find(|origin| !is_name(&origin.name)) {
            Some(origin) => Err(bad(format!("`{}`: `{}` is no name", path.display(), origin.name))),
            None => Ok(origins),
        }
    }

    fn origin(&self, from: &str) -> Result<Origin, Vec<Found>> {
        let last = from.trim_end_matches('/').rsplit(['/', '\\', ':']).next().unwrap_or(from);
        let name = self.name.clone().unwrap_or_else(|| last.trim_end_matches(".git").to_owned());
        if !is_name(&name) {
            return Err(bad(format!(
                "`{name}` is no name of letters, digits, `-`, `_` and `.`: choose one with --name"
            )));
        }
        // A folder is found again from wherever the next call is made.
        let from =
            std::fs::canonicalize(from).map_or(from.to_owned(), |path| path.to_string_lossy().into_owned());
        Ok(Origin { name, from, path: self.path.clone(), revision: self.revision.clone(), commit: None })
    }

    /// The files of a source as they are now; a commit is remembered.
    fn get(&self, origin: &mut Origin) -> Result<Vec<RuleText>, Vec<Found>> {
        let folder = Path::new(&origin.from);
        if folder.is_dir() && origin.revision.is_none() && !is_bare(folder) {
            let folder = origin.path.as_ref().map_or(folder.to_path_buf(), |path| folder.join(path));
            let (files, unread) = setup::texts(std::slice::from_ref(&folder), PATTERN)?;
            findings::print(&unread, Diagnostics::Text);
            return Ok(below(&folder, files));
        }
        let store = self.into.join(".git-store").join(&origin.name);
        std::fs::create_dir_all(&store).map_err(|error| unwritable(&store, &error))?;
        let commit =
            git::fetch(&store, &origin.from, origin.revision.as_deref().unwrap_or("HEAD")).map_err(bad)?;
        let spec = format!("{commit}:{}", origin.path.as_deref().unwrap_or_default());
        let stored = git::files_in(&store, &spec, &Pattern::new(PATTERN)).map_err(bad)?;
        origin.commit = Some(commit);
        // Nothing of a repository may lead out of its folder.
        let is_below =
            |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let files = stored.into_iter().filter(|file| is_below(&file.path)).map(|file| RuleText {
            path: file.path,
            text: String::from_utf8_lossy(&file.bytes).into_owned(),
        });
        let files: Vec<RuleText> = files.collect();
        if files.is_empty() {
            return Err(bad(format!("`{spec}` of {} holds no rule", origin.from)));
        }
        Ok(files)
    }

    /// Says what an installation changes, and which of the user's documents that touches.
    fn tell(&self, origin: &Origin, files: &[RuleText], own: &[Source]) -> Result<(), Vec<Found>> {
        let before = self.layer(&origin.name, &Path::new("upstream").join(&origin.name))?;
        let (old, new) = (Snapshot::read(&before.files), Snapshot::read(files));
        let comparison = compare(&old, &new);
        let pinned = origin.commit.as_ref().map(|commit| format!(" ({commit})")).unwrap_or_default();
        let say = |line: &str| findings::say(Diagnostics::Text, line);
        say(&format!("{}{pinned}: {}", origin.name, diff::summary(&old, &new, &comparison)));
        let own: Vec<RuleText> = own.iter().flat_map(with_layer).collect();
        let own = Snapshot::read(&own);
        // Before the first installation everything is new.
        for change in comparison.changes.iter().filter(|_| !before.files.is_empty()) {
            let touched: Vec<String> = Tuning::new(&own).touched(change).iter().map(diff::yours).collect();
            if let (false, Some(rule)) = (touched.is_empty(), change.document()) {
                say(&format!("  {} {}: {}", change.kind.as_str(), rule.title, touched.join(", ")));
            }
        }
        Ok(())
    }

    /// The files of a folder in the managed folder; none if it is not there.
    fn layer(&self, name: &str, folder: &Path) -> Result<Source, Vec<Found>> {
        let folder = self.into.join(folder);
        let mut files = Vec::new();
        if folder.is_dir() {
            let (paths, _) = input::collect(std::slice::from_ref(&folder), PATTERN);
            let (texts, unread) = input::read(&paths, &Progress::hidden());
            if let Some(unread) = unread.into_iter().next() {
                return Err(vec![Found::of(unread.name, unread.diagnostic)]);
            }
            files = below(&folder, texts);
        }
        Ok(Source { name: name.to_owned(), files })
    }

    /// Replaces a folder of the managed folder. The new one is complete before the old one goes.
    fn replace(&self, folder: &Path, files: &[RuleText]) -> Result<(), Vec<Found>> {
        let (folder, made) = (self.into.join(folder), self.into.join(".made"));
        let remove = |path: &Path| if path.exists() { std::fs::remove_dir_all(path) } else { Ok(()) };
        let make = || {
            remove(&made)?;
            std::fs::create_dir_all(&made)?;
            for file in files {
                output::write_below(&made, Path::new(&file.path), file.text.as_bytes())?;
            }
            if let Some(parent) = folder.parent() {
                std::fs::create_dir_all(parent)?;
            }
            remove(&folder)?;
            std::fs::rename(&made, &folder)
        };
        make().map_err(|error| unwritable(&folder, &error))
    }

    /// Writes down what the layers come to.
    fn activate(&self, origins: &[Origin], own: &[Source]) -> Result<(), Vec<Found>> {
        let upstream = origins
            .iter()
            .map(|origin| self.layer(&origin.name, &Path::new("upstream").join(&origin.name)))
            .collect::<Result<Vec<_>, _>>()?;
        let active = activate(&upstream, own);
        self.replace(Path::new("active"), &active.files)?;
        let say = |line: &str| findings::say(Diagnostics::Text, line);
        for path in &active.doubled {
            say(&format!("`{path}` is one piece: it stays as it is beside your rule"));
        }
        let files = counted(active.files.len() as u64, "file");
        let folder = self.into.join("active");
        say(&format!(
            "{}: {files}, yours in place of {} upstream.",
            folder.display(),
            active.overridden.len()
        ));
        Ok(())
    }
}

/// Files with their layer before their paths.
fn with_layer(source: &Source) -> impl Iterator<Item = RuleText> {
    let file = |file: &RuleText| RuleText {
        path: format!("{}/{}", source.name, file.path),
        text: file.text.clone(),
    };
    source.files.iter().map(file)
}

fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
        && !OWN.contains(&name)
}

/// Whether a folder is a repository without a work tree.
fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Vec<Found> {
    let message = format!("`{}` cannot be written: {error}", path.display());
    vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
}
