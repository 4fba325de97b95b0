//! Dependencies point downwards only, along the edges listed here. A new edge is a change of the design:
//! it is made in this list, with `docs/architecture.md`, and nowhere else.

use cargo_metadata::DependencyKind;

use crate::Workspace;

/// Each room with the rooms it may use, lowest first: a room may only name rooms above its own line.
/// Dev-dependencies are free, because tests may look anywhere.
const ROOMS: &[(&str, &[&str])] = &[
    ("diagnostics", &[]),
    ("attack", &[]),
    ("yaml", &["diagnostics"]),
    ("syntax", &["diagnostics", "yaml"]),
    ("ir", &["diagnostics", "yaml", "syntax"]),
    ("pipeline", &["diagnostics", "yaml", "syntax", "ir"]),
    ("lint", &["diagnostics", "attack", "yaml", "syntax", "ir"]),
    ("ruleset", &["diagnostics", "yaml", "syntax", "ir"]),
    ("event", &[]),
    ("page", &[]),
    ("sample", &["event"]),
    ("blocker", &[]),
    ("respond", &["blocker", "event"]),
    ("backends", &["diagnostics", "attack", "yaml", "ir"]),
    ("convert", &["diagnostics", "yaml", "syntax", "ir", "pipeline", "backends"]),
    ("engine", &["diagnostics", "event", "ir"]),
    ("correlate", &["diagnostics", "event", "ir"]),
    ("readers", &["event"]),
    ("store", &["event"]),
    ("hunt", &["attack", "event", "engine", "ir", "page", "readers"]),
    ("runtime", &["correlate", "diagnostics", "event", "engine", "hunt", "ir", "readers"]),
    (
        "node",
        &[
            "blocker",
            "convert",
            "correlate",
            "diagnostics",
            "engine",
            "event",
            "ir",
            "readers",
            "respond",
            "runtime",
            "store",
        ],
    ),
    ("server", &["attack", "backends", "convert", "event", "ir", "node", "pipeline", "respond", "store"]),
    ("verify", &["diagnostics", "yaml", "syntax", "ir", "event", "engine", "readers", "runtime"]),
    ("coverage", &["attack", "ir", "page"]),
    (
        "lsp",
        &[
            "diagnostics",
            "attack",
            "yaml",
            "syntax",
            "ir",
            "pipeline",
            "backends",
            "convert",
            "lint",
            "engine",
        ],
    ),
    (
        "testkit",
        &[
            "diagnostics",
            "yaml",
            "syntax",
            "ir",
            "event",
            "engine",
            "pipeline",
            "correlate",
            "backends",
            "convert",
        ],
    ),
    (
        "cli",
        &[
            "diagnostics",
            "attack",
            "yaml",
            "syntax",
            "ir",
            "event",
            "engine",
            "pipeline",
            "backends",
            "convert",
            "lint",
            "ruleset",
            "readers",
            "hunt",
            "runtime",
            "verify",
            "coverage",
            "lsp",
            "node",
            "sample",
            "server",
        ],
    ),
    (
        "bench",
        &[
            "diagnostics",
            "yaml",
            "syntax",
            "ir",
            "event",
            "engine",
            "pipeline",
            "backends",
            "convert",
            "correlate",
            "readers",
            "store",
            "hunt",
            "runtime",
            "node",
            "testkit",
        ],
    ),
    (
        "xtask",
        &[
            "diagnostics",
            "attack",
            "ir",
            "engine",
            "pipeline",
            "backends",
            "convert",
            "lint",
            "server",
            "cli",
        ],
    ),
];

/// Crates of others that one room wraps, so that replacing them touches one place.
const WRAPPED: &[(&str, &str)] = &[
    ("evtx", "readers"),
    ("granit-parser", "yaml"),
    ("annotate-snippets", "diagnostics"),
    ("clap", "cli"),
    ("indicatif", "cli"),
    ("lsp-server", "lsp"),
    ("gen-lsp-types", "lsp"),
    ("notify", "cli"),
    ("arrow-array", "store"),
    ("arrow-buffer", "store"),
    ("arrow-schema", "store"),
    ("parquet", "store"),
    ("lettre", "node"),
    ("rusqlite", "store"),
    ("axum", "server"),
    ("utoipa", "server"),
];

pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let mut complaints = table_complaints(ROOMS);
    for package in workspace.metadata.workspace_packages() {
        let Some(room) = package.name.strip_prefix("sigyn-") else {
            complaints.push(format!("package {}: the name must start with `sigyn-`", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.kind != DependencyKind::Development {
                complaints.extend(edge_complaint(room, &dependency.name));
            }
        }
    }
    complaints
}

fn edge_complaint(room: &str, dependency: &str) -> Option<String> {
    if let Some((_, owner)) = WRAPPED.iter().find(|(name, owner)| *name == dependency && *owner != room) {
        return Some(format!("crates/{room}: only crates/{owner} may use {dependency}, which it wraps"));
    }
    let target = dependency.strip_prefix("sigyn-")?;
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return Some(format!("crates/{room}: not in the list of rooms (crates/xtask/src/tidy/layers.rs)"));
    };
    (!allowed.contains(&target)).then(|| format!("crates/{room}: may not depend on crates/{target}"))
}

/// The list itself must be in order: what a room uses stands above it.
fn table_complaints(rooms: &[(&str, &[&str])]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, (room, allowed)) in rooms.iter().enumerate() {
        for target in *allowed {
            if !rooms[..at].iter().any(|(name, _)| name == target) {
                complaints.push(format!("layers: {room} lists {target}, which does not stand below it"));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_up_across_and_into_wrapped_crates_are_refused() {
        let check = |room, dependency, is_fine: bool| {
            assert_eq!(edge_complaint(room, dependency).is_none(), is_fine, "{room} → {dependency}");
        };
        check("ir", "sigyn-syntax", true);
        check("syntax", "sigyn-ir", false);
        check("pipeline", "sigyn-backends", false);
        check("backends", "sigyn-pipeline", false);
        check("pipeline", "sigyn-convert", false);
        check("yaml", "granit-parser", true);
        check("syntax", "granit-parser", false);
        check("ir", "regex-syntax", true);
        check("newcomer", "sigyn-ir", false);
    }

    #[test]
    fn a_cycle_in_the_list_is_found() {
        assert_eq!(table_complaints(ROOMS), Vec::<String>::new());
        assert_eq!(table_complaints(&[("a", &["b"]), ("b", &["a"])]).len(), 1);
    }
}
