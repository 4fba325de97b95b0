//! The data of ATT&CK that comes with Sigyn, from what MITRE publishes.

use std::path::Path;

use anyhow::{Context, Result};
use sigyn_attack::Attack;

use crate::Workspace;

const DATA: &str = "crates/attack/data/enterprise.txt";

/// MITRE grants a licence to use ATT&CK for any purpose, if its copyright designation and the licence stand in each copy.
const HEADER: &str = "\
# MITRE ATT&CK Enterprise: ids, names and tactics of what is in use, and what took the place of revoked techniques.
# Written by `cargo xtask attack FILE [VERSION]` from MITRE's enterprise-attack.json.
#
# (c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
# The MITRE Corporation (MITRE) hereby grants you a non-exclusive, royalty-free license to use ATT&CK(R) for research,
# development, and commercial purposes. Any copy you make for such purposes is authorized provided that you reproduce
# MITRE's copyright designation and this license in any such copy.
# https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
";

/// Writes the bundled data. Files of STIX 2.1 say their version, those of STIX 2.0 do not.
///
/// # Errors
/// If the file is no such bundle, says no version, or the data cannot be written.
pub fn bundle(workspace: &Workspace, file: &Path, version: Option<&str>) -> Result<()> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(name)?;
    let mut attack = Attack::from_stix(&text).with_context(name)?;
    if let Some(version) = version {
        attack.set_version(version.to_owned());
    }
    anyhow::ensure!(
        attack.version().is_some(),
        "{} says no version: give it as the second word",
        file.display()
    );
    let target = workspace.root.join(DATA);
    std::fs::write(&target, format!("{HEADER}{}", attack.to_text()))
        .with_context(|| target.display().to_string())
}
