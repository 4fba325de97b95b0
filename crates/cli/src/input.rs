//! From the paths of a call to texts: folders searched, files read, standard input taken in.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sigyn_diagnostics::{Code, Diagnostic, SourceFile, Sources, Span, codes};

use crate::pattern::Pattern;
use crate::progress::Progress;

/// Largest file taken as a rule file. The largest published one has 60 KB.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The name of standard input in findings and reports.
pub(crate) const STDIN: &str = "<stdin>";

/// Something that could not be read, with the name of what it is about.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) name: String,
    pub(crate) diagnostic: Diagnostic,
    /// The text that the finding points into, as far as it can be read: a table of its own.
    pub(crate) sources: Sources,
}

/// All files that a call names, folders searched by pattern: in the order of the arguments, each folder sorted
/// by path, no file twice, also where links lead to one a second time. The path `-` stands for standard input.
pub(crate) fn collect(paths: &[PathBuf], pattern: &str) -> (Vec<PathBuf>, Vec<Unread>) {
    let mut walk = Walk {
        pattern: Pattern::new(pattern),
        followed: HashSet::new(),
        found: Vec::new(),
        unread: Vec::new(),
    };
    for path in paths {
        if path.is_dir() {
            walk.search(path, path);
        } else if path.exists() || is_stdin(path) {
            walk.found.push(Candidate { path: path.clone(), may_be_known: true });
        } else if path.is_symlink() {
            walk.unread.push(dangling(path, &codes::input::NOT_FOUND));
        } else {
            walk.unread.push(problem(path, &codes::input::NOT_FOUND, "there is no such file or folder"));
        }
    }
    (once(walk.found, paths.len()), walk.unread)
}

/// A search through folders.
struct Walk {
    pattern: Pattern,
    /// Folders that links led to: a link may lead back up, and is then the end of its way.
    followed: HashSet<PathBuf>,
    found: Vec<Candidate>,
    unread: Vec<Unread>,
}

/// A file that was found.
struct Candidate {
    path: PathBuf,
    /// Whether another path may lead to it: it was named itself, or is a link.
    may_be_known: bool,
}

/// Each file once, under the path that came first. Files found by one walk differ, so that what a path leads to is asked
/// only where several paths were named or a link was met: a call over a folder stays without a question per file.
fn once(files: Vec<Candidate>, named: usize) -> Vec<PathBuf> {
    if named < 2 && !files.iter().any(|file| file.may_be_known) {
        return files.into_iter().map(|file| file.path).collect();
    }
    let mut seen = HashSet::new();
    let is_new = |path: &PathBuf| seen.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()));
    files.into_iter().map(|file| file.path).filter(is_new).collect()
}

fn dangling(path: &Path, code: &'static Code) -> Unread {
    let leads =
        std::fs::read_link(path).map_or_else(|_| "nothing".to_owned(), |to| format!("`{}`", to.display()));
    problem(path, code, &format!("the link leads to {leads}, which does not exist"))
}

/// Reads all files at once; the texts come back in the order of the files.
pub(crate) fn read(files: &[PathBuf], progress: &Progress) -> (Vec<SourceFile>, Vec<Unread>) {
    let outcomes: Vec<Result<SourceFile, Unread>> = files
        .par_iter()
        .map(|path| {
            let outcome = read_one(path);
            progress.step();
            outcome
        })
        .collect();
    let mut texts = Vec::with_capacity(outcomes.len());
    let mut unread = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(text) => texts.push(text),
            Err(problem) => unread.push(problem),
        }
    }
    (texts, unread)
}

/// Whether a path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

impl Walk {
    fn search(&mut self, top: &Path, folder: &Path) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                return self.unread.push(problem(folder, &codes::input::UNREADABLE, &error.to_string()));
            }
        };
        // Name by name, folders among files: the order of whole paths, without comparing whole paths.
        let mut entries: Vec<_> = entries.flatten().map(|entry| (entry.file_name(), entry)).collect();
        entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (_, entry) in entries {
            let path = entry.path();
            let kind = entry.file_type();
            let is = |test: fn(&std::fs::FileType) -> bool| kind.as_ref().is_ok_and(test);
            // Only links are asked what they lead to.
            let is_link = is(std::fs::FileType::is_symlink);
            if is(std::fs::FileType::is_dir) {
                self.search(top, &path);
            } else if is_link && path.is_dir() {
                self.follow(top, &path);
            } else if path.strip_prefix(top).is_ok_and(|below| self.pattern.fits(below))
                && (self.pattern.takes_tests() || !is_test(&path))
            {
                if is(std::fs::FileType::is_file) || path.is_file() {
                    self.found.push(Candidate { path, may_be_known: is_link });
                } else if is_link && !path.exists() {
                    self.unread.push(dangling(&path, &codes::input::DANGLING_LINK));
                }
            }
        }
    }

    /// Searches the folder that a link leads to, once.
    fn follow(&mut self, top: &Path, link: &Path) {
        let Ok(to) = std::fs::canonicalize(link) else { return };
        let is_above = std::fs::canonicalize(top).is_ok_and(|top| top.starts_with(&to));
        if is_above || !self.followed.insert(to) {
            return;
        }
        let first = self.found.len();
        self.search(top, link);
        self.found.iter_mut().skip(first).for_each(|file| file.may_be_known = true);
    }
}

/// Whether a file holds tests of rules, which stand beside rules and are none.
pub(crate) fn is_test(path: &Path) -> bool {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().to_ascii_lowercase());
    name.ends_with(".test.yml") || name.ends_with(".test.yaml")
}

/// Reads one file, or standard input. It gets the name that findings and reports give it: its path as found below
/// what the call named.
pub(crate) fn read_one(path: &Path) -> Result<SourceFile, Unread> {
    let unreadable =
        |error: std::io::Error| problem(path, &codes::input::UNREADABLE, &format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    if is_stdin(path) {
        std::io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        // Room for all of it at once: a buffer that grows costs more calls than the reading.
        let len = file.metadata().map_or(0, |metadata| metadata.len()).min(FILE_BYTES_MAX);
        bytes.reserve_exact(usize::try_from(len + 1).unwrap_or(0));
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("larger than {} MiB", FILE_BYTES_MAX / (1024 * 1024));
        return Err(problem(path, &codes::input::TOO_LARGE, &message));
    }
    String::from_utf8(bytes)
        .map(|text| SourceFile::new(name(path), text))
        .map_err(|error| not_utf8(path, &error))
}

/// A file that is no UTF-8, with the place of the first byte that is not. What stands before that byte is text, and the
/// rest is shown as well as it can be, so that lines and columns are those of the file.
fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Unread {
    let at = error.utf8_error().valid_up_to();
    let file = SourceFile::new(name(path), String::from_utf8_lossy(error.as_bytes()));
    let mut sources = Sources::default();
    let source = sources.add(file);
    let line =
        sources.get(source).map_or(0, |file| file.line_column(u32::try_from(at).unwrap_or(u32::MAX)).line);
    let message = format!("the file is not UTF-8 (line {line}, byte {at})");
    let diagnostic = Diagnostic::error(&codes::yaml::NOT_UTF8, message).at(Span::new(source, at, at));
    Unread { name: name(path), diagnostic, sources }
}

/// The name of a path in findings and reports.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { STDIN.to_owned() } else { path.to_string_lossy().into_owned() }
}

fn problem(path: &Path, code: &'static Code, message: &str) -> Unread {
    let name = name(path);
    let diagnostic = Diagnostic::error(code, format!("`{name}`: {message}"));
    Unread { diagnostic, name, sources: Sources::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_and_no_file_comes_twice() {
        let top = std::env::temp_dir().join(format!("sigyn-input-{}", std::process::id()));
        std::fs::create_dir_all(top.join("b")).unwrap();
        for file in ["z.yml", "b/a.yml", "b/c.txt", "a.yml"] {
            std::fs::write(top.join(file), file).unwrap();
        }
        let paths = [top.join("z.yml"), top.clone(), top.join("b/c.txt"), top.join("none.yml")];
        let (files, unread) = collect(&paths, "*.yml");
        let (texts, none) = read(&files, &Progress::hidden());
        std::fs::remove_dir_all(&top).unwrap();
        let below: Vec<_> = files.iter().map(|file| file.strip_prefix(&top).unwrap().to_path_buf()).collect();
        assert_eq!(below, ["z.yml", "a.yml", "b/a.yml", "b/c.txt"].map(PathBuf::from));
        assert_eq!(texts.iter().map(|text| text.text.len()).collect::<Vec<_>>(), [5, 5, 7, 7]);
        assert_eq!(unread.len(), 1);
        assert_eq!(unread[0].diagnostic.code.number, codes::input::NOT_FOUND.number);
        assert!(none.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_to_folders_are_followed_and_end_where_they_lead_back() {
        let top = std::env::temp_dir().join(format!("sigyn-links-{}", std::process::id()));
        let (rules, elsewhere) = (top.join("rules"), top.join("elsewhere"));
        [&rules, &elsewhere].into_iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
        std::fs::write(elsewhere.join("a.yml"), "a").unwrap();
        for (to, link) in [
            (&elsewhere, rules.join("linked")),
            (&elsewhere, rules.join("linked-again")),
            (&rules, elsewhere.join("back")),
            (&rules, rules.join("itself")),
        ] {
            std::os::unix::fs::symlink(to, link).unwrap();
        }
        let (files, unread) = collect(std::slice::from_ref(&rules), "*.yml");
        std::fs::remove_dir_all(&top).unwrap();
        assert_eq!(files, [rules.join("linked/a.yml")]);
        assert!(unread.is_empty());
    }
}
