//! Manifests: the lint table in every crate, every version in the workspace's table.

use crate::Workspace;

pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let manifests = workspace.files.iter().filter(|file| {
        file.krate().is_some() && file.path.ends_with("/Cargo.toml") && file.path.matches('/').count() == 2
    });
    let mut complaints = Vec::new();
    for file in manifests {
        complaints
            .extend(manifest_complaints(&file.text).into_iter().map(|what| format!("{}: {what}", file.path)));
    }
    complaints
}

fn manifest_complaints(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut section = "";
    let mut has_lints = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            // `[dependencies.name]` hides its version in lines of its own.
            if section.contains("dependencies.") {
                complaints.push(format!("write `name = {{ workspace = true, … }}` instead of [{section}]"));
            }
        } else if section == "lints" && line == "workspace = true" {
            has_lints = true;
        } else if section.ends_with("dependencies")
            && !line.is_empty()
            && !line.starts_with('#')
            && !line.contains("workspace = true")
        {
            complaints.push(format!("`{line}`: the version belongs in the workspace's table"));
        }
    }
    if !has_lints {
        complaints.push("no `[lints] workspace = true`".to_owned());
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::manifest_complaints;

    #[test]
    fn versions_and_missing_lints_are_found() {
        let check = |text: &str, expect: usize| assert_eq!(manifest_complaints(text).len(), expect, "{text}");
        check("[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true }\n", 0);
        check("[dependencies]\na.workspace = true\n", 1);
        check("[lints]\nworkspace = true\n[dev-dependencies]\na = \"1\"\n", 1);
        check("[lints]\nworkspace = true\n[dependencies.a]\nversion = \"1\"\n", 1);
    }
}
