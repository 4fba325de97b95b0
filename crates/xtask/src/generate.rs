//! Pages that are written from the code's own tables, so that they cannot say anything else.

mod checks;
mod cli;
mod diagnostics;
mod logsources;
mod openapi;
mod transformations;
mod web_catalog;

use anyhow::{Context, Result};

use crate::Workspace;

/// A page: its path from the root and the function that writes it.
type Page = (&'static str, fn() -> String);

/// Every generated page, but for those of the single checks.
const PAGES: &[Page] = &[
    ("docs/checks/README.md", checks::index),
    ("docs/cli.md", cli::page),
    ("docs/diagnostics.md", diagnostics::page),
    ("docs/logsources.md", logsources::page),
    ("docs/transformations.md", transformations::page),
];

/// What stands at the top of each page.
const NOTICE: &str = "<!-- Written by `cargo xtask gen`; edit the code that it describes instead. -->\n\n";

/// The path and the text of every generated page.
fn pages(workspace: &Workspace) -> Result<Vec<(String, String)>> {
    let single = PAGES.iter().map(|(path, page)| ((*path).to_owned(), page()));
    let of_rules = ("docs/web-catalog.md".to_owned(), web_catalog::page(&workspace.root)?);
    let all = single.chain(checks::pages()).chain([of_rules]);
    let pages = all.map(|(path, page)| (path, format!("{NOTICE}{page}")));
    // JSON has no place for a notice.
    Ok(pages.chain([("docs/openapi.json".to_owned(), openapi::document())]).collect())
}

/// Writes every page.
///
/// # Errors
/// If a page cannot be written, or a rule of the web pack not be read.
pub fn write(workspace: &Workspace) -> Result<()> {
    for (path, page) in pages(workspace)? {
        let target = workspace.root.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::write(&target, page).with_context(|| target.display().to_string())?;
    }
    Ok(())
}

/// The pages that differ from what would be written, and those of checks that are no more.
///
/// # Errors
/// If a rule of the web pack cannot be read; a page that is absent is stale.
pub fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let pages = pages(workspace)?;
    let is_stale = |(path, page): &&(String, String)| {
        let file = workspace.files.iter().find(|file| file.path == *path);
        file.is_none_or(|file| file.text != *page)
    };
    let stale = pages.iter().filter(is_stale);
    let mut complaints: Vec<String> =
        stale.map(|(path, _)| format!("{path} is stale: run `cargo xtask gen`")).collect();
    let is_gone =
        |path: &str| path.starts_with("docs/checks/") && !pages.iter().any(|(page, _)| page == path);
    let gone = workspace.files.iter().filter(|file| is_gone(&file.path));
    complaints.extend(gone.map(|file| format!("{} describes no check: remove it", file.path)));
    Ok(complaints)
}

/// A text as a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
