//! The page of the command line: every command with its help, as the program prints it.

const INTRODUCTION: &str = "\
# The command line

Flags follow sigma-cli where it has them. Exit codes: 0 all was done, 1 something was refused or found, 2 the call or its
input is wrong, 3 a defect in Sigyn.
";

/// Columns that help texts are wrapped at.
const WIDTH: usize = 100;

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    // Building fills in what the parts inherit: names with their parents', global options.
    let mut definition = sigyn_cli::definition().term_width(WIDTH);
    definition.build();
    add(&mut page, definition, "");
    page
}

/// Adds a command and those below it. The type is the argument parser's, which only `cli` names.
fn add(page: &mut String, mut command: sigyn_cli::Definition, parent: &str) {
    let path = format!("{parent} {}", command.get_name()).trim().to_owned();
    if command.get_name() == "help" {
        return;
    }
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {path}\n\n```text\n{}\n```\n", help.join("\n").trim()));
    for below in command.get_subcommands() {
        add(page, below.clone(), &path);
    }
}
