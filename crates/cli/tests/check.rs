//! `sigyn check`, run as a program.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use common::{Folder, root};

/// A rule that no check has anything to say about, with a piece put in.
fn rule(title: &str, id: char, detection: &str) -> String {
    format!(
        "# About this rule.\ntitle: {title}\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a1{id}\nstatus: test\n\
         description: Detects the execution of a suspicious tool\nreferences:\n    - https://example.org/tool\n\
         author: A. Author\ndate: 2024-03-01\ntags:\n    - attack.execution\n    - attack.t1059.001\nlogsource:\n    \
         category: process_creation\n    product: windows\ndetection:\n    selection:\n        {detection}\n    \
         condition: selection\nfalsepositives:\n    - Unknown\nlevel: medium\n"
    )
}

const NAME: &str = "proc_creation_win_tool.yml";

#[test]
fn a_clean_rule_is_clean_and_a_wrong_one_is_shown_with_its_line() {
    let clean = rule("Suspicious Tool", '1', "Image|endswith: '\\tool.exe'");
    let folder = Folder::with(&[(NAME, &clean)]);
    let run = folder.run("check .");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(run.stderr.contains("1 rule: 0 errors, 0 warnings, 0 notes"), "{}", run.stderr);
    folder.write(NAME, rule("Suspicious Tool", '1', "CmdLine|contains: x").as_bytes());
    let run = folder.run("check .");
    assert_eq!(run.code, 1);
    let shown = "warning[S8307]: events of this log source have no `CmdLine`";
    assert!(
        run.stdout.contains(shown) && run.stdout.contains("        CmdLine|contains: x\n"),
        "{}",
        run.stdout
    );
    assert_eq!(folder.run("check -I .").code, 0);
}

#[test]
fn every_form_names_the_same_finding() {
    let text = rule("Suspicious Tool", '1', "Image: '*\\tool.exe'");
    let folder = Folder::with(&[(NAME, &text)]);
    let check = |form: &str, expect: &str| {
        let run = folder.run(&format!("check --format {form} {NAME}"));
        assert!(run.stdout.contains(expect), "{form}: {}", run.stdout);
    };
    check(
        "ndjson",
        "\"check\":\"wildcard-instead-of-endswith\",\"validator\":\"wildcards_instead_of_modifiers\"",
    );
    check("ndjson", "\"pysigma_issue\":\"WildcardInsteadOfEndswithIssue\"");
    check("json", "[{\"code\":\"S8407\"");
    check("sarif", "\"ruleId\": \"S8407\"");
    check("github", "::notice file=proc_creation_win_tool.yml,line=18,");
    check(
        "junit",
        "<testcase name=\"proc_creation_win_tool.yml:18\" classname=\"wildcard-instead-of-endswith\"",
    );
}

#[test]
fn fixes_keep_every_other_byte_and_are_done_once() {
    let text = rule("Suspicious tool.", '1', "Image: '*\\tool.exe'  # why");
    let folder = Folder::with(&[(NAME, &text)]);
    let run = folder.run("check --fix .");
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stderr.contains("mended 3 findings in 1 file"), "{}", run.stderr);
    let expect = rule("Suspicious Tool", '1', "Image|endswith: '\\tool.exe'  # why");
    assert_eq!(folder.read(NAME), expect);
    assert!(!folder.run("check --fix .").stderr.contains("mended"));
    assert_eq!(folder.read(NAME), expect);
}

#[test]
fn findings_are_left_out_by_comment_configuration_and_baseline() {
    let text = rule("Suspicious Tool", '1', "CmdLine|contains: x # sigyn: allow(unknown-field) ours");
    let folder = Folder::with(&[(NAME, &text)]);
    let run = folder.run("check .");
    assert!(run.code == 0 && run.stderr.contains("1 suppressed"), "{}", run.stderr);
    folder.write(NAME, rule("Suspicious Tool", '1', "CmdLine|contains: x").as_bytes());
    folder.write(
        "conf.yml",
        b"validators: [all]\nexclusions: {5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11: sigmahq_invalid_fieldname}\n",
    );
    assert_eq!(folder.run(&format!("check -c conf.yml {NAME}")).code, 0);
    assert_eq!(folder.run(&format!("check -x sigmahq_invalid_fieldname {NAME}")).code, 0);
    assert_eq!(folder.run(&format!("check -x nothing {NAME}")).code, 2);
    folder.write("conf.yml", b"validators: [nothing]\n");
    let run = folder.run(&format!("check -c conf.yml {NAME}"));
    assert!(run.code == 2 && run.stderr.contains("there is no check `nothing`"), "{}", run.stderr);
    assert_eq!(folder.run(&format!("check --write-baseline known.txt {NAME}")).code, 0);
    assert_eq!(folder.run(&format!("check --baseline known.txt {NAME}")).code, 0);
    folder.write(NAME, rule("Suspicious Tool", '1', "CmdLine2|contains: x").as_bytes());
    assert_eq!(folder.run(&format!("check --baseline known.txt {NAME}")).code, 1);
}

#[test]
fn only_changed_files_are_reported() {
    let wrong = rule("Suspicious Tool", '1', "CmdLine|contains: x");
    let folder = Folder::with(&[("a/proc_creation_win_a.yml", &wrong)]);
    let git = |words: &str| {
        let words = format!("-c user.name=a -c user.email=a@example.org {words}");
        Command::new("git").args(words.split(' ')).current_dir(&folder.0).output()
    };
    // A machine without git has nothing to compare with.
    if git("init -q").is_err() {
        eprintln!("skipped: there is no git");
        return;
    }
    git("add .").unwrap();
    assert!(git("commit -q -m first").unwrap().status.success());
    assert_eq!(folder.run("check --changed-since HEAD .").code, 0);
    folder.write("a/proc_creation_win_b.yml", rule("Other Tool", '2', "CmdLine|contains: y").as_bytes());
    let run = folder.run("check --changed-since HEAD --format ndjson .");
    assert_eq!((run.code, run.stdout.lines().count()), (1, 1), "{}", run.stdout);
    assert!(run.stdout.contains("proc_creation_win_b.yml"));
    assert_eq!(folder.run("check --changed-since nothing .").code, 2);
}

#[test]
fn what_a_target_cannot_express_is_found() {
    let text = rule("Suspicious Tool", '1', "Image|endswith|cased: '\\tool.exe'");
    let folder = Folder::with(&[(NAME, &text)]);
    assert_eq!(folder.run("check .").code, 0);
    let run = folder.run("check -t lucene --format ndjson .");
    assert!(run.code == 1 && run.stdout.contains("\"code\":\"S5"), "{}{}", run.stdout, run.stderr);
    assert_eq!(folder.run("check -t nothing .").code, 2);
}

#[test]
fn the_bundled_examples_have_no_errors() {
    let folder = Folder::with(&[]);
    let run = folder.run(&format!("check -I {}", root().join("examples/rules").display()));
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn duplicates_are_told_with_what_differs() {
    let rule = |title: &str, detection: &str| {
        format!(
            "title: {title}\nlogsource:\n    product: x\ndetection:\n    a:\n        {detection}\n    condition: a\n"
        )
    };
    let folder = Folder::with(&[
        ("r/a.yml", &rule("Wide", "b|contains: foo")),
        ("r/b.yml", &rule("Narrow", "b|contains: foobar")),
        ("r/c.yml", &rule("Again", "b: '*FOO*'")),
        ("s/d.yml", &rule("Alone", "b: c")),
    ]);
    let run = folder.run("check --duplicates r --format ndjson");
    assert_eq!(run.code, 1, "{run:?}");
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", line["kind"], line["first"]["title"], line["second"]["title"]))
        .collect();
    assert_eq!(
        told,
        [
            "\"same\" \"Wide\" \"Again\"",
            "\"contained\" \"Narrow\" \"Wide\"",
            "\"contained\" \"Narrow\" \"Again\""
        ]
    );
    assert_eq!(lines[1]["first"]["only"][0], "b: *foobar*");
    let text = folder.run("check --duplicates r");
    assert!(text.stdout.contains("only the second: b: *foo*"), "{text:?}");
    assert_eq!(folder.run("check --duplicates s").code, 0);
    assert_eq!(folder.run("check --duplicates -I r").code, 0);
    let form =
        |form: &str| folder.run(&format!("check --duplicates r --format {form} --junitxml out.xml")).stdout;
    let sarif: serde_json::Value = serde_json::from_str(&form("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(rules, ["S8901", "S8902", "S8902"]);
    let place = |location: &serde_json::Value| {
        location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let at = (place(&results[1]["locations"][0]), place(&results[1]["relatedLocations"][0]));
    assert_eq!(at, ("r/b.yml".to_owned(), "r/a.yml".to_owned()));
    let github = form("github");
    let shown = "::warning file=r/b.yml,line=1,endLine=1,col=1,endColumn=1,title=S8902 contained-rule::`Narrow` matches \
                 nothing that `Wide` does not match%0A";
    assert!(github.lines().count() == 3 && github.contains(shown), "{github}");
    assert!(github.contains("only this rule has `b: *foobar*`; only the other has `b: *foo*`"), "{github}");
    let junit = form("junit");
    assert!(junit.contains("<testsuite name=\"contained-rule\" tests=\"2\" failures=\"2\">"), "{junit}");
    assert!(junit.contains("<testcase name=\"r/c.yml\" classname=\"clean\""), "{junit}");
    assert_eq!(folder.read("out.xml"), junit);
}
