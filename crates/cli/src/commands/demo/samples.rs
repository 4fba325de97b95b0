//! The rules and logs of `examples/`, as parts of the program.

use std::path::Path;

use sigyn_diagnostics::{Diagnostic, SourceFile, codes};

use crate::findings::Found;
use crate::output;

/// Files of a folder, given as seen from here: the name of each and its bytes.
macro_rules! bundled {
    ($folder:literal; $($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!($folder, $path)).as_slice())),*]
    };
}
pub(super) use bundled;

/// A path and what stands there.
pub(super) type Sample = (&'static str, &'static [u8]);

pub(super) const RULES: &[Sample] = bundled!["../../../../../";
    "examples/rules/linux_download_into_shell.yml",
    "examples/rules/linux_history_cleared.yml",
    "examples/rules/linux_sshd_bad_protocol.yml",
    "examples/rules/linux_sudo_refused.yml",
    "examples/rules/web_path_traversal.yml",
    "examples/rules/web_shell_command.yml",
    "examples/rules/windows_certutil_download.yml",
    "examples/rules/windows_looking_around.yml",
    "examples/rules/windows_lsass_memory_read.yml",
    "examples/rules/windows_member_added_to_administrators.yml",
    "examples/rules/windows_office_starts_shell.yml",
    "examples/rules/windows_password_guessing.yml",
    "examples/rules/windows_run_key_public_folder.yml",
    "examples/rules/windows_security_log_cleared.yml",
];

pub(super) const LOGS: &[Sample] = bundled!["../../../../../";
    "examples/logs/access.log",
    "examples/logs/auth.log",
    "examples/logs/sysmon_linux.log",
    "examples/logs/windows.json",
];

/// The rules as texts; they are UTF-8, as a test makes sure.
pub(super) fn rules() -> Vec<SourceFile> {
    RULES.iter().map(|(path, bytes)| SourceFile::new(*path, String::from_utf8_lossy(bytes))).collect()
}

/// Writes all of them into a folder and says what to do with them.
pub(super) fn save(folder: &Path) -> Result<String, Vec<Found>> {
    for (path, bytes) in RULES.iter().chain(LOGS) {
        let below = Path::new(path).strip_prefix("examples").unwrap_or(Path::new(path));
        output::write_below(folder, below, bytes).map_err(|error| unwritable(path, &error))?;
    }
    let (program, folder) = (super::program(), folder.display());
    Ok(format!(
        "Wrote {} rule files and {} logs into {folder}. Now try\n  {program} hunt -r {folder}/rules {folder}/logs\n",
        RULES.len(),
        LOGS.len()
    ))
}

pub(super) fn unwritable(path: &str, error: &std::io::Error) -> Vec<Found> {
    let message = format!("`{path}` cannot be written: {error}");
    vec![Found::of(path, Diagnostic::error(&codes::input::UNWRITABLE, message))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_part_of_the_program() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (folder, bundled) in [("examples/rules", RULES), ("examples/logs", LOGS)] {
            let entries = std::fs::read_dir(top.join(folder)).unwrap();
            let mut there: Vec<String> = entries
                .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
                .collect();
            there.sort_unstable();
            let paths: Vec<&str> = bundled.iter().map(|(path, _)| *path).collect();
            assert_eq!(paths, there);
        }
        assert!(RULES.iter().all(|(_, bytes)| std::str::from_utf8(bytes).is_ok()));
    }
}
