//! What may not stand in our texts.

use crate::{SourceText, Workspace};

/// Code that is not finished, wherever it stands. Split so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];
/// What only programs do: a library returns its words.
const SPEAKING: &[&str] = &["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!(", "process::exit("];
/// Questions to the operating system, which are parameters for a library.
const ASKING: &[&str] =
    &["SystemTime::now", "Instant::now", "std::env::", "env::var(", "TcpStream", "UdpSocket", "thread_rng"];
/// Crates that are programs or tools for developers.
const PROGRAMS: &[&str] = &["blocker", "cli", "xtask"];
/// Crates that own clock and sockets on behalf of all others; they print nothing either.
const AT_WORK: &[&str] = &["node", "server"];
/// Folders of this or that machine. Split for the same reason.
const MACHINE: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/"), concat!("/ho", "me/")];

pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    workspace.files.iter().flat_map(file_complaints).collect()
}

fn file_complaints(file: &SourceText) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |line: usize, what: String| complaints.push(format!("{}:{line}: {what}", file.path));
    if is_ours(&file.path) {
        // Tests quote rules, and rules speak of the folders of the machines they watch.
        let code_lines = file.code().count();
        for (at, line) in file.text.lines().enumerate() {
            let is_rule_text = file.path.ends_with(".rs") && at >= code_lines;
            let folders = if is_rule_text { &MACHINE[..1] } else { MACHINE };
            if let Some(folder) = folders.iter().find(|folder| line.contains(**folder)) {
                complain(at + 1, format!("names a folder of one machine ({folder})"));
            }
        }
    }
    if !file.path.ends_with(".rs") {
        return complaints;
    }
    if !file.text.starts_with("//!") {
        complain(1, "the file must open with `//!` and say what it is".to_owned());
    }
    for (at, line) in file.text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            complain(at + 1, format!("{word}: nothing unfinished is committed"));
        }
    }
    // An example is a program of its own, whatever crate it belongs to, and so is what cargo runs before it builds one.
    let is_program =
        file.path.contains("/examples/") || file.path.ends_with("/build.rs") && !file.path.contains("/src/");
    if !is_program && file.krate().is_some_and(|krate| !PROGRAMS.contains(&krate)) {
        for (at, line) in file.code().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let is_at_work = file.krate().is_some_and(|krate| AT_WORK.contains(&krate));
            let asking = if is_at_work { &[][..] } else { ASKING };
            if let Some(word) = SPEAKING.iter().chain(asking).find(|word| line.contains(**word)) {
                complain(at, format!("`{word}`: a library neither prints nor asks the system"));
            }
        }
    }
    complaints
}

/// Rules, pipelines and expected outputs speak of paths on the machines they watch; our own texts do not.
fn is_ours(path: &str) -> bool {
    let is_program =
        [".toml", ".sh", ".py"].iter().any(|ending| path.ends_with(ending)) || path.starts_with(".ci/");
    let is_code = path.ends_with(".rs");
    let is_page = path.ends_with(".md") && !path.contains("/tests/");
    is_program || is_code || is_page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expect: &[&str]) {
        let file = SourceText { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(file_complaints(&file), expect, "{path}");
    }

    #[test]
    fn code_opens_with_words_and_is_finished() {
        check("crates/ir/src/a.rs", "//! A.\n", &[]);
        check(
            "crates/ir/src/a.rs",
            "use b;\n",
            &["crates/ir/src/a.rs:1: the file must open with `//!` and say what it is"],
        );
        let line = format!("//! A.\nfn f() {{ {}) }}\n", UNFINISHED[0]);
        check(
            "crates/cli/src/a.rs",
            &line,
            &[&format!("crates/cli/src/a.rs:2: {}: nothing unfinished is committed", UNFINISHED[0])],
        );
    }

    #[test]
    fn libraries_are_silent_outside_their_tests() {
        let speaking = "//! A.\n// println!(\nfn f() { println!(\"x\"); }\n";
        let complaint = "crates/ir/src/a.rs:3: `println!(`: a library neither prints nor asks the system";
        check("crates/ir/src/a.rs", speaking, &[complaint]);
        check("crates/cli/src/a.rs", speaking, &[]);
        check("crates/ir/tests/a.rs", speaking, &[]);
        check("crates/ir/examples/a.rs", speaking, &[]);
        check("crates/ir/build.rs", speaking, &[]);
        check("crates/ir/src/build.rs", speaking, &[&complaint.replace("a.rs", "build.rs")]);
        check("crates/ir/src/a.rs", "//! A.\n#[cfg(test)]\nmod tests { fn f() { println!() } }\n", &[]);
    }

    #[test]
    fn folders_of_a_machine_are_named_in_rules_only() {
        let text = format!("see {}x\n", MACHINE[2]);
        check("docs/a.md", &text, &[&format!("docs/a.md:1: names a folder of one machine ({})", MACHINE[2])]);
        check("examples/rules/a.yml", &text, &[]);
        check("crates/ir/src/a.rs", &format!("//! A.\n#[cfg(test)]\n// {text}"), &[]);
    }
}
