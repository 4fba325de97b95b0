//! `sigyn list`, `analyze`, `pipeline`, `demo`, and every command that the README shows.

#![expect(clippy::unwrap_used, reason = "a test fails where its input cannot be read")]

mod common;

use common::{Folder, root, rule};
use serde_json::Value;

#[test]
fn lists_have_four_forms() {
    let folder = Folder::with(&[]);
    let json: Value = serde_json::from_str(&folder.run("list targets --format json").stdout).unwrap();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert!(names.contains(&"splunk"), "{names:?}");
    for what in [
        "targets",
        "formats",
        "formats splunk",
        "pipelines",
        "pipelines splunk",
        "modifiers",
        "transformations",
        "conditions",
        "postprocessing",
        "finalizers",
        "correlation-methods",
        "options",
    ] {
        let lines = folder.run(&format!("list {what} --format ndjson"));
        assert_eq!(lines.code, 0, "{what}: {}", lines.stderr);
        assert!(
            lines
                .stdout
                .lines()
                .all(|line| serde_json::from_str::<Value>(line).is_ok_and(|row| row.is_object()))
        );
        let count = |form: &str| folder.run(&format!("list {what} --format {form}")).stdout.lines().count();
        assert!(count("ndjson") > 0, "{what}");
        assert_eq!(count("table"), count("ndjson") + 1, "{what}: a header line and one line per row");
    }
    assert_eq!(folder.run("list formats nowhere").code, 2);
    assert_eq!(folder.run("list pipelines nowhere").code, 2);
    assert_eq!(folder.run("list nothing").code, 2);
}

#[test]
fn a_dialect_file_is_listed_as_a_target_is() {
    let folder = Folder::with(&[]);
    let dialect = std::fs::read(root().join("examples/dialects/lantern.yml")).unwrap();
    folder.write("lantern.yml", &dialect);
    let check = |words: &str, part: &str| {
        let run = folder.run(&format!("list {words} --dialect lantern.yml --format csv"));
        assert!(run.code == 0 && run.stdout.contains(part), "{words}: {run:?}");
    };
    check("formats", "lantern,alert,");
    check("correlation-methods", "lantern,window,");
    check("options", "option");
    folder.write("d.yml", b"name: d\n");
    let run = folder.run("list formats --dialect d.yml");
    assert!(run.code == 2 && run.stderr.contains("d.yml:1:1"), "{run:?}");
    assert_eq!(folder.run("list formats splunk --dialect lantern.yml").code, 2);
}

#[test]
fn fields_are_those_of_the_queries() {
    let folder = Folder::with(&[(
        "a.yml",
        &rule("A", "  sel:\n    b c|contains: x\n    - a\n").replace("    - a\n", ""),
    )]);
    let run = folder.run("analyze fields -t splunk a.yml");
    assert_eq!((run.code, run.stdout.as_str()), (0, "\"b c\"\n"), "{}", run.stderr);
    let run = folder.run("analyze fields --group -t splunk --format ndjson a.yml");
    assert_eq!(run.stdout, "{\"field\":\"\\\"b c\\\"\",\"logsource\":\"test||\"}\n");
}

#[test]
fn log_sources_are_counted_by_level() {
    let high = rule("A", "  sel:\n    a: 1") + "level: high\n";
    let folder = Folder::with(&[("a.yml", &high), ("b.yml", &rule("B", "  sel:\n    a: 1"))]);
    let run = folder.run("analyze logsource --format csv out.csv .");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let expect = "Logsource,Overall,Critical,High,Medium,Low,Informational,None\ntest,2,0,1,0,0,0,1\n";
    assert_eq!(folder.read("out.csv"), expect);
    assert_eq!(folder.run("analyze logsource -k nothing - .").code, 2);
}

#[test]
fn a_shown_pipeline_is_one_that_can_be_used() {
    let folder = Folder::with(&[("a.yml", &rule("A", "  sel:\n    EventID: 1"))]);
    let shown = folder.run("pipeline show splunk_windows");
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    folder.write("p.yml", shown.stdout.as_bytes());
    let by_name = folder.run("convert -t splunk -p splunk_windows a.yml");
    let by_file = folder.run("convert -t splunk -p p.yml a.yml");
    assert_eq!((by_name.code, &by_name.stdout), (by_file.code, &by_file.stdout));
    assert_eq!(folder.run("pipeline show nothing").code, 2);
}

#[test]
fn a_difference_shows_what_a_pipeline_did() {
    let pipeline = "name: p\ntransformations:\n  - type: field_name_mapping\n    mapping: {a: mapped}\n";
    let folder = Folder::with(&[("a.yml", &rule("A", "  sel:\n    a: 1")), ("p.yml", pipeline)]);
    let run = folder.run("pipeline diff -t splunk -p p.yml a.yml");
    let expect = "A\n  logsource:\n    category: test\n  detection sel: all of\n-   a: 1\n+   mapped: 1\n  condition: sel\n\n";
    assert_eq!((run.code, run.stdout.as_str()), (0, expect), "{}", run.stderr);
}

#[test]
fn the_demo_needs_nothing_but_the_binary() {
    let folder = Folder::with(&[]);
    let run = folder.run("demo hunt");
    assert!(run.code == 0 && run.stderr.is_empty(), "{}", run.stderr);
    // What was read, what was found, why, and what to do next.
    for part in [
        "examples/logs/access.log        14 records  Apache/nginx access log",
        "critical       1  Foreign Program Reads The Memory Of LSASS",
        "15 rules matched 31 times in 58 records",
        "download      yes CommandLine contains -urlcache",
        "own_servers   no  CommandLine contains ://pki.example.com/",
        "hunt -r RULES LOGS",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let saved = folder.run("demo save samples");
    assert_eq!(saved.code, 0, "{}", saved.stderr);
    let hunt = folder.run("hunt -r samples/rules samples/logs");
    assert!(hunt.code == 1 && hunt.stderr.contains("15 of 15 rules matched 31 times"), "{}", hunt.stderr);
}

#[test]
fn the_demo_lets_a_made_up_day_through_a_server() {
    let folder = Folder::with(&[]);
    let run = folder.run("demo --no-wait --hours 1 --port 0 --data kept");
    assert_eq!(run.code, 0, "{}", run.stderr);
    for part in [
        "Sigyn listens at http://127.0.0.1:",
        "with this token, once: ",
        " signals of ",
        " critical: http://",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let critical = run.stdout.split(" critical").next().unwrap_or_default();
    let critical: usize = critical.rsplit(' ').next().unwrap_or_default().parse().unwrap();
    assert!(critical >= 3, "the break-in, its chain and the guessing: {}", run.stdout);
    // What is kept is shown again, and the day does not come twice.
    let again = folder.run("demo --no-wait --hours 1 --port 0 --data kept");
    assert!(again.code == 0 && again.stdout.contains("has run through before"), "{}", again.stdout);
}

#[test]
fn the_demo_converts_too() {
    let run = Folder::with(&[]).run("demo convert");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("-- Password Guessing From One Address"));
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("== ")).count(), 3, "three targets");
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = Folder::with(&[]);
    for words in ["--help", "--version", "help convert", "convert --help", "list -h"] {
        let run = folder.run(words);
        assert!(run.code == 0 && !run.stdout.is_empty() && run.stderr.is_empty(), "{words}: {run:?}");
    }
    assert_eq!(folder.run("").code, 2);
}

/// A folder with the examples of the repository.
fn examples() -> Folder {
    let folder = Folder::with(&[]);
    for kind in ["examples/rules", "examples/dialects", "examples/logs", "rules/web", "rules/windows"] {
        for entry in std::fs::read_dir(root().join(kind)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{kind}/{}", entry.file_name().to_string_lossy());
            folder.write(&name, &std::fs::read(entry.path()).unwrap());
        }
    }
    folder
}

/// Runs a command; a server, which does not end, until it listens.
fn tried(folder: &Folder, command: &str) -> common::Run {
    match command {
        "demo" => folder.listens(&[command, "--port", "0"]),
        command if command.starts_with("serve") => folder.serve(command),
        command => folder.run(command),
    }
}

/// Whether a command did what it is for: a hunt in the bundled logs ends with findings, and a server whose editor hangs up
/// without a word with the code that the protocol asks for.
fn worked(command: &str, run: &common::Run) -> bool {
    run.code == i32::from(command.starts_with("hunt") || command.starts_with("lsp"))
}

#[test]
fn coverage_has_forms_and_finds_gaps() {
    let folder = examples();
    folder.write("wanted.txt", b"T1190\nT1571\nT1003\n");
    let check = |words: &str, code: i32, part: &str| {
        let run = folder.run(&format!("coverage {words}"));
        assert!(run.code == code && run.stdout.contains(part), "{words}: {run:?}");
    };
    check("examples/rules", 0, "TECHNIQUE");
    check("examples/rules --by tactic --format csv", 0, "tactic,techniques,known,rules,critical");
    check("examples/rules --by logsource", 0, "LOGSOURCE");
    check("examples/rules --format json", 0, "\"rules_without_technique\"");
    check("examples/rules --format navigator", 0, "\"name\": \"rules\"");
    check("examples/rules --against wanted.txt", 0, "T1571");
    check("examples/rules --against examples/rules --format json", 0, "\"missing\": []");
    check("examples/rules --html page.html", 0, "TECHNIQUE");
    assert!(folder.read("page.html").contains("What rules covers"));
    folder.write("none.txt", b"nothing\n");
    check("examples/rules --against none.txt", 2, "");
    check("nowhere", 2, "");
}

/// A tour that does not work is worse than none.
#[test]
fn every_command_of_the_readme_works() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let folder = examples();
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    sigyn ")).collect();
    assert!(commands.len() > 5, "the tour is there");
    for command in commands {
        let run = tried(&folder, &command.replace('\'', ""));
        assert!(worked(command, &run), "sigyn {command}: {}", run.stderr);
    }
}

#[test]
fn every_help_has_a_first_line_and_examples_that_work() {
    fn check(command: &sigyn_cli::Definition, folder: &Folder) {
        let name = command.get_name();
        assert!(command.get_about().is_some_and(|about| about.to_string().len() > 15), "{name}");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut examples = help.lines().filter_map(|line| line.strip_prefix("  sigyn ")).peekable();
        assert!(examples.peek().is_some(), "{name} has no example");
        for example in examples {
            let run = tried(folder, example);
            assert!(worked(example, &run), "sigyn {example}: {}", run.stderr);
        }
        command.get_subcommands().for_each(|below| check(below, folder));
    }
    check(&sigyn_cli::definition(), &examples());
}
