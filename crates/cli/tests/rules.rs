//! `sigyn rules`, run as a program.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use common::{Folder, Run};

fn rule(title: &str, id: char, level: &str, value: &str) -> String {
    format!(
        "title: {title}\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a1{id}\nstatus: test\nauthor: Ann of {title}\n\
         date: 2024-03-0{id}\ntags:\n    - attack.t1059.00{id}\nlogsource:\n    product: windows\n    category: \
         process_creation\ndetection:\n    sel:\n        Image|endswith: '{value}'\n    condition: sel\nlevel: {level}\n"
    )
}

/// Two versions of four rules, and a folder of one's own.
fn folder() -> Folder {
    let one = |title: &str, id, level: &str, value: &str| rule(title, id, level, value);
    let filter = "title: Mine\nlogsource:\n    product: windows\nfilter:\n    rules:\n        - 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\n    s:\n        User: x\n    condition: not s\n";
    Folder::with(&[
        ("old/a.yml", &one("A", '1', "low", "\\a.exe")),
        ("old/b.yml", &one("B", '2', "low", "\\b.exe")),
        ("old/c.yml", &one("C", '3', "low", "\\c.exe")),
        ("old/d.yml", &one("D", '4', "low", "\\d.exe")),
        ("new/a.yml", &one("A", '1', "low", "\\other.exe")),
        ("new/x/b.yml", &one("B", '2', "high", "\\b.exe")),
        ("new/c.yml", &one("C", '3', "low", "\\c.exe").replace("'\\c.exe'", "\"\\\\c.exe\"")),
        ("new/e.yml", &one("E", '5', "critical", "\\e.exe")),
        ("own/filter.yml", filter),
        ("own/b.yml", &one("Louder B", '2', "medium", "\\b.exe")),
    ])
}

const TABLE: &str = "\
CHANGE    LEVEL     RULE  WHAT                          PATH     YOURS
new       critical  E                                   e.yml
gone      low       D                                   d.yml
meaning   low       A     detection                     a.yml    filter filter.yml
metadata  high      B     level, moved   b.yml → x/b.yml  copy b.yml (means the same now)
text      low       C     comments or layout            c.yml
";

/// A table without the spaces that align it.
fn words(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn folders_are_compared_and_what_is_touched_is_named() {
    let folder = folder();
    let run = folder.run("rules diff old new --tuned own --details");
    let (table, details) = run.stdout.split_once("\n\n").unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(words(table), words(TABLE));
    assert_eq!(details, "A\n  - Image|endswith: \\a.exe\n  + Image|endswith: \\other.exe\n");
    let summary = "4 rules before, 4 now: 1 new, 1 gone, 1 changed in meaning, 1 changed in metadata, \
                   1 changed in text, 0 the same.\n5 changes shown, 2 of them touching your 2 documents.\n";
    assert_eq!(run.stderr, summary);
    let run = folder.run("rules diff old new --tuned own --only touching --only gone --format json");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(|row| row["change"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["gone", "meaning", "metadata"]);
    assert_eq!(json[2]["touched"][0]["means"], "as new");
    assert_eq!(json[2]["old_path"], "b.yml");
    assert_eq!(folder.run("rules diff old none").code, 2);
    assert_eq!(folder.run("rules diff old -x:rules").code, 2);
}

#[test]
fn revisions_are_compared_as_folders_are() {
    let folder = folder();
    let git = |words: &str| {
        let told = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"];
        let run = Command::new("git").args(told).args(words.split(' ')).current_dir(&folder.0).output();
        run.is_ok_and(|run| run.status.success())
    };
    if !git("init -q") {
        eprintln!("skipped: git is not here");
        return;
    }
    assert!(git("add old") && git("commit -q -m one"));
    let check = |words: &str, lines: usize| {
        let run = folder.run(words);
        assert_eq!(
            (run.code, run.stdout.lines().count()),
            (0, lines),
            "{words}: {}{}",
            run.stdout,
            run.stderr
        );
        run
    };
    let rows = |run: &Run| words(&run.stdout).into_iter().map(|row| row.join(" ")).collect::<Vec<_>>();
    let (by_git, by_folder) = (check("rules diff HEAD:old new", 6), check("rules diff old new", 6));
    assert_eq!(rows(&by_git), rows(&by_folder));
    check("rules diff HEAD:old old", 0);
    check("rules diff HEAD:old/a.yml new/a.yml", 2);
    assert_eq!(folder.run("rules diff HEAD:none new").code, 2);
}

#[test]
fn rules_are_filtered_and_sorted() {
    let folder = folder();
    let check = |words: &str, expect: &str| {
        let run = folder.run(&format!("rules list old new {words} --format csv"));
        let titles = run.stdout.lines().skip(1).map(|line| line.split(',').nth(2).unwrap());
        assert_eq!(titles.collect::<Vec<_>>().join(" "), expect, "{words}: {}", run.stderr);
    };
    check("-P b.yml", "B B");
    check("--level high", "E B");
    check("--level high --sort level --reverse", "B E");
    check("--tag attack.t1059.005 --status test", "E");
    check("--logsource product=linux", "");
    check("--author ann.of.e", "");
    check("--text OTHER.EXE", "A");
    check("--level high --sort date", "E B");
    check("--level high --sort title", "B E");
    let table = folder.run("rules list new --level critical");
    let expect = "LEVEL STATUS RULE LOG SOURCE DATE PATH critical test E windows/process_creation 2024-03-05 new/e.yml";
    assert_eq!(words(&table.stdout).concat().join(" "), expect);
    assert_eq!(folder.run("rules list old --level loud").code, 2);
}

#[test]
fn a_new_rule_is_clean_and_written_once() {
    let folder = Folder::with(&[]);
    let new = "rules new --title Certutil.Started --author Ann --logsource product=windows,category=process_creation";
    assert_eq!(folder.run(new).code, 0);
    let check = folder.run("check .");
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
    let name = "proc_creation_win_certutil_started.yml";
    let first = folder.read(name);
    assert!(first.contains("\nauthor: Ann\n") && first.contains("ParentCommandLine"), "{first}");
    assert_eq!(folder.run(new).code, 2);
    assert_eq!(folder.read(name), first);
    assert_eq!(folder.run(&format!("{new} --force")).code, 0);
    assert_ne!(folder.read(name), first, "the id is another");
}

#[test]
fn installed_rules_are_updated_below_ones_own() {
    let folder = folder();
    let run = folder.run("rules install old --into m --name up");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("up: 0 rules before, 4 now: 4 new"), "{}", run.stderr);
    assert!(run.stderr.contains("4 files, yours in place of 0 upstream."), "{}", run.stderr);
    let tuned = folder.read("own/b.yml");
    folder.write("m/tuned/b.yml", tuned.as_bytes());
    folder.write("m/tuned/filter.yml", folder.read("own/filter.yml").as_bytes());
    folder.write("m/custom/mine.yml", rule("Mine", '7', "low", "\\m.exe").as_bytes());
    // The upstream changes, and is installed again from where it came.
    std::fs::remove_dir_all(folder.0.join("old")).unwrap();
    std::fs::rename(folder.0.join("new"), folder.0.join("old")).unwrap();
    let run = folder.run("rules install --into m");
    assert_eq!(run.code, 0, "{}", run.stderr);
    for line in [
        "up: 4 rules before, 4 now: 1 new, 1 gone, 1 changed in meaning, 1 changed in metadata, 1 changed in text, 0 the same.",
        "  meaning A: filter tuned/filter.yml",
        "  metadata B: copy tuned/b.yml (means the same now)",
        "6 files, yours in place of 1 upstream.",
    ] {
        assert!(run.stderr.contains(line), "{line}\n{}", run.stderr);
    }
    assert_eq!(folder.read("m/tuned/b.yml"), tuned);
    assert!(folder.read("m/active/custom/mine.yml").contains("Mine"));
    let list = folder.run("rules list m/active --format csv");
    let titles: Vec<_> = list.stdout.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(titles, ["Mine", "Louder B", "A", "C", "E"]);
    folder.write("m/custom/mine.yml", rule("Mine Anew", '7', "low", "\\m.exe").as_bytes());
    let run = folder.run("rules install --into m --offline");
    assert_eq!((run.code, run.stderr.lines().count()), (0, 1), "{}", run.stderr);
    assert!(folder.read("m/active/custom/mine.yml").contains("Mine Anew"));
    for wrong in
        ["rules install --into none", "rules install old --into m --name ../x", "rules install none --into m"]
    {
        assert_eq!(folder.run(wrong).code, 2, "{wrong}");
    }
}

#[test]
fn a_repository_is_pinned_to_a_commit() {
    let folder = folder();
    let git = |words: &str| {
        let told = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let run =
            Command::new("git").args(told).args(words.split(' ')).current_dir(folder.0.join("old")).output();
        run.ok().filter(|run| run.status.success()).map(|run| String::from_utf8(run.stdout).unwrap())
    };
    if git("init -q").is_none() {
        eprintln!("skipped: git is not here");
        return;
    }
    git("add .").unwrap();
    git("commit -q -m one").unwrap();
    git("tag one").unwrap();
    let one = git("rev-parse HEAD").unwrap();
    folder.write("old/x/y.yml", rule("Y", '8', "low", "\\y.exe").as_bytes());
    git("add .").unwrap();
    git("commit -q -m two").unwrap();
    let check = |words: &str, commit: &str, rules: &str| {
        let run = folder.run(&format!("rules install {words} --into m"));
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(rules), "{rules}: {}", run.stderr);
        assert!(folder.read("m/sources.json").contains(commit.trim()), "{commit}");
    };
    check("old --revision one", &one, "0 rules before, 4 now");
    check("", &one, "4 rules before, 4 now: 4 the same");
    check("old --revision HEAD", &git("rev-parse HEAD").unwrap(), "4 rules before, 5 now: 1 new");
    check("old --revision HEAD --path x", &git("rev-parse HEAD").unwrap(), "5 rules before, 1 now");
}
