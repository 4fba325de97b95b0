//! The house is in order: the same checks as `cargo xtask tidy` and `cargo xtask gen --check`.

use sigyn_xtask::{Workspace, generate, tidy};

#[test]
fn the_workspace_is_tidy() {
    let complaints = tidy::complaints(&Workspace::load().unwrap()).unwrap();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn generated_pages_are_fresh() {
    let stale = generate::stale(&Workspace::load().unwrap()).unwrap();
    assert!(stale.is_empty(), "\n{}", stale.join("\n"));
}
