//! What the compiler cannot check. Each check is one file; every complaint names the file and the rule.

mod layers;
mod licences;
mod manifests;
mod sizes;
mod texts;

use anyhow::Result;

use crate::Workspace;

/// All complaints about the workspace; empty if it is tidy.
///
/// # Errors
/// If a list that a check reads is not well formed.
pub fn complaints(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = layers::check(workspace);
    complaints.extend(licences::check(workspace));
    complaints.extend(manifests::check(workspace));
    complaints.extend(sizes::check(workspace)?);
    complaints.extend(texts::check(workspace));
    Ok(complaints)
}
