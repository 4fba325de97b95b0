//! What is answered for a document and a place in it. `¦` is the cursor.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::path::Path;

use common::{RULE, cursor, workspace};
use sigyn_lsp::actions::{ActionKind, actions, fix_all};
use sigyn_lsp::complete::complete;
use sigyn_lsp::hover::hover;
use sigyn_lsp::navigate::{definition, references, symbols, workspace_symbols};
use sigyn_lsp::preview::{Wanted, preview};
use sigyn_lsp::rename::{renamable, rename};
use sigyn_lsp::{Checked, Workspace};

const OTHER: &str = "title: Burst Of Certutil
id: 6f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a12
name: burst
correlation:
    type: event_count
    rules:
        - certutil
    group-by:
        - User
    timespan: 5m
    condition:
        gte: 3
";

const PATH: &str = "/rules/windows/a.yml";

/// Where a document is opened: a correlation in the place of the other one.
fn path(text: &str) -> &'static Path {
    let is_rule = text.contains("detection:") || !text.contains("correlation:");
    Path::new(if is_rule { PATH } else { "/rules/b.yml" })
}

/// The rule with a part of it written otherwise.
fn rule(old: &str, new: &str) -> String {
    assert!(RULE.contains(old), "{old}");
    RULE.replacen(old, new, 1)
}

/// A workspace with this document open, another rule, and a correlation; and the cursor.
fn open(text: &str) -> (Workspace, usize) {
    let (text, offset) = cursor(text);
    let base = RULE
        .replace("5f1a", "7f1a")
        .replace("title: Certutil", "title: Old Certutil")
        .replace("name: certutil\n", "");
    let mut workspace = workspace(&[(PATH, RULE), ("/rules/b.yml", OTHER), ("/rules/c.yml", &base)]);
    workspace.open(path(&text), &text);
    (workspace, offset)
}

fn check_hover(text: &str, parts: &[&str]) {
    let (mut workspace, offset) = open(text);
    let checked = workspace.check(path(text));
    let found = hover(&workspace, path(text), offset, &checked.findings);
    let found = found.map(|found| found.markdown).unwrap_or_default();
    assert!(parts.iter().all(|part| found.contains(part)), "{text}\n{found}");
    assert!(!parts.is_empty() || found.is_empty(), "{text}\n{found}");
}

#[test]
fn what_stands_under_the_cursor_is_explained() {
    check_hover(
        &rule("Image|endswith", "Image|ends¦with"),
        &["**endswith**", "`C:\\Windows\\System32\\cmd.exe`"],
    );
    check_hover(
        &rule("Image|endswith", "Im¦age|endswith"),
        &["(path)", "`windows process_creation` have it", "NewProcessName"],
    );
    check_hover(&rule("User:", "Us¦err:"), &["have no such field", "Did you mean `User`", "unknown-field"]);
    check_hover(
        &rule("process_creation", "process_cre¦ation"),
        &["windows sysmon", "event id 1", "event id 4688", "channel `Security`", "CommandLine"],
    );
    check_hover(&rule("product: windows", "product: win¦dows"), &["windows process_creation"]);
    check_hover(
        &rule("attack.t1105", "attack.t11¦05"),
        &["Ingress Tool Transfer", "command-and-control", "https://attack.mitre.org/techniques/T1105/"],
    );
    check_hover(&rule("attack.t1105", "attack.t10¦86"), &["revoked", "attack.t1059.001", "PowerShell"]);
    check_hover(&rule("attack.t1105", "attack.exec¦ution"), &["tactic", "TA0002"]);
    check_hover(&rule("attack.t1105", "attack.g00¦01"), &["group", "https://attack.mitre.org/groups/G0001/"]);
    check_hover(&rule("attack.t1105", "attack.t99¦99"), &["has no `t9999`"]);
    check_hover(&rule("attack.t1105", "tlp.gr¦een"), &["traffic light"]);
    check_hover(&rule("level: high", "level: hi¦gh"), &["looked at quickly"]);
    check_hover(&rule("level: high", "le¦vel: high"), &["How bad"]);
    check_hover(&rule("status: exp", "status: e¦xp"), &["New"]);
    check_hover(&rule("all of selection_*", "all of selec¦tion_*"), &["selection_img, selection_cli"]);
    check_hover(&rule("all of selection_*", "al¦l of selection_*"), &["All of the search"]);
    check_hover(&rule("not filter_main_x", "n¦ot filter_main_x"), &["does not hold"]);
    check_hover(
        &rule("not filter_main_x", "not filter_¦main_x"),
        &["```yaml\n    filter_main_x:\n        User: 'x'\n```"],
    );
    check_hover(
        &rule("level: high", "level: high # sigyn: allow(title-too-¦long)"),
        &["title-too-long", "Not reported here"],
    );
    check_hover(&rule("Unknown", "Unk¦nown"), &[]);
    check_hover(
        &OTHER.replace("- certutil", "- cert¦util"),
        &["Certutil Fetches A File", "`windows/a.yml`", "high", "`windows process_creation`"],
    );
    check_hover(&OTHER.replace("event_count", "event_c¦ount"), &["How many events"]);
    check_hover(&OTHER.replace("gte:", "gt¦e:"), &["this or greater"]);
    check_hover(&OTHER.replace("timespan:", "time¦span:"), &["Within which time"]);
    check_hover(&OTHER.replace("- User", "- Us¦er"), &["(account)"]);
    check_hover("title: x\ndetection:\n    sel¦:\n  bad", &["a search identifier"]);
    // Markup in rules is text.
    check_hover(
        &format!("{OTHER}related:\n    - id: 5f1abf38-3b1a-4b7a-8c42-¦5d5b0f2d0a11\n      type: similar\n"),
        &["Certutil Fetches A File"],
    );
}

fn labels(text: &str) -> Vec<String> {
    let (workspace, offset) = open(text);
    complete(&workspace, path(text), offset).candidates.into_iter().map(|found| found.label).collect()
}

fn check_completion(text: &str, has: &[&str], has_not: &[&str]) {
    let labels = labels(text);
    for label in has {
        assert!(labels.iter().any(|found| found == label), "{label} is missing\n{text}\n{labels:?}");
    }
    for label in has_not {
        assert!(!labels.iter().any(|found| found == label), "{label} is offered\n{text}\n{labels:?}");
    }
    assert!(!has.is_empty() || !has_not.is_empty() || labels.is_empty(), "{text}\n{labels:?}");
}

#[test]
fn what_fits_is_offered() {
    check_completion("ti¦", &["title", "logsource", "detection", "correlation"], &["category"]);
    check_completion(&format!("{RULE}mod¦"), &["modified", "related"], &["title", "level"]);
    check_completion("logsource:\n    ¦", &["category", "product", "service"], &["title"]);
    check_completion("logsource:\n    product: windows\n    ¦", &["category", "service"], &["product"]);
    check_completion(
        "logsource:\n    product: windows\n    category: ¦",
        &["process_creation", "file_event"],
        &["proxy"],
    );
    check_completion(
        "logsource:\n    product: ¦\n    category: process_creation\n",
        &["windows", "linux", "macos"],
        &["aws"],
    );
    check_completion("logsource: {product: aws, service: ¦}", &["cloudtrail"], &["security"]);
    check_completion(&rule("User: 'x'", "Comm¦"), &["CommandLine", "ParentImage"], &["EventID"]);
    check_completion(&rule("        User: 'x'", "        - Comm¦"), &["CommandLine"], &[]);
    check_completion(&rule("User: 'x'", "CommandLine|¦"), &["contains", "re", "base64offset"], &["all", "i"]);
    check_completion(
        &rule("User: 'x'", "CommandLine|contains|¦: x"),
        &["all", "cased", "windash"],
        &["startswith", "re"],
    );
    check_completion(&rule("User: 'x'", "CommandLine|re|¦"), &["i", "m", "s"], &["contains"]);
    check_completion(
        &rule("attack.t1105", "attack.¦"),
        &["attack.execution", "attack.t1059.001"],
        &["attack.command-and-control"],
    );
    check_completion(&rule("attack.t1105", "¦"), &["cve.", "tlp.green", "detection.threat-hunting"], &[]);
    check_completion(&rule("level: high", "level: ¦"), &["critical"], &["stable"]);
    check_completion(&rule("status: experimental", "status: ¦"), &["stable"], &["critical"]);
    check_completion(&rule("date: 2026-01-02", "date: ¦"), &["2026-03-02"], &[]);
    let condition = |new: &str| rule("all of selection_* and not filter_main_x", new);
    check_completion(
        &condition("¦"),
        &["selection_img", "filter_main_x", "1 of selection_*", "all of selection_*", "not"],
        &["and", "them"],
    );
    check_completion(&condition("selection_img ¦"), &["and", "or"], &["selection_cli", "not"]);
    check_completion(&condition("selection_img and ¦"), &["selection_cli", "not"], &["and"]);
    check_completion(&condition("1 of ¦"), &["them", "selection_*"], &["selection_img", "and"]);
    check_completion(&condition("1 ¦"), &["of"], &["and"]);
    check_completion(&condition(">\n        selection_img and\n        ¦"), &["selection_cli"], &["and"]);
    check_completion(
        &OTHER.replace("- certutil", "- ¦"),
        &["certutil", "7f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11"],
        &["burst"],
    );
    check_completion(&OTHER.replace("event_count", "¦"), &["temporal_ordered"], &[]);
    check_completion(&OTHER.replace("- User", "- ¦"), &["User", "CommandLine"], &["EventID"]);
    check_completion(&OTHER.replace("5m", "¦"), &["5m"], &[]);
    check_completion(&OTHER.replace("        gte: 3", "        ¦"), &["gte", "field"], &["type"]);
    check_completion(
        &OTHER.replace("    condition:\n        gte: 3", "    gen¦"),
        &["generate", "condition"],
        &["rules"],
    );
    check_completion("filter:\n    rules:\n        - ¦", &["burst"], &[]);
    check_completion("level: high # sigyn: allow(¦", &["unknown-field"], &[]);
    check_completion(&rule("description: Detects", "description: ¦Detects"), &[], &[]);
    check_completion("# a comment ¦", &[], &[]);
}

#[test]
fn fields_of_other_rules_are_offered_where_the_taxonomy_is_silent() {
    let other =
        RULE.replace("category: process_creation", "service: security").replace("Image|", "TargetUserName|");
    let mut workspace = workspace(&[("/rules/s.yml", &other)]);
    let (text, offset) = cursor(&other.replace("User: 'x'", "¦"));
    workspace.open(Path::new(PATH), &text);
    let found = complete(&workspace, Path::new(PATH), offset);
    let labels: Vec<&str> = found.candidates.iter().map(|found| found.label.as_str()).collect();
    assert!(labels.contains(&"TargetUserName"), "{labels:?}");
}

#[test]
fn a_candidate_takes_the_place_of_the_word() {
    let check = |text: &str, label: &str, expect: &str| {
        let (workspace, offset) = open(text);
        let found = complete(&workspace, Path::new(PATH), offset);
        let candidate = found.candidates.iter().find(|found| found.label == label).unwrap();
        let (mut text, _) = cursor(text);
        text.replace_range(found.replace, &candidate.insert);
        assert_eq!(text, expect);
    };
    check("sta¦", "status", "status: ");
    check("log¦", "logsource", "logsource:\n    ");
    check("st¦atus: x", "status", "status: x");
    check("level: hi¦", "high", "level: high");
    check("tags:\n    - att¦", "attack.t1105", "tags:\n    - attack.t1105");
    let detection = |item: &str| {
        format!(
            "logsource:\n    category: process_creation\n    product: windows\ndetection:\n    a:\n        {item}\n"
        )
    };
    check(&detection("Ima¦|endswith: x"), "Image", &detection("Image|endswith: x"));
    check(&detection("Image|end¦: x"), "endswith", &detection("Image|endswith: x"));
    check(&detection("Image|¦|all: x"), "contains", &detection("Image|contains|all: x"));
    let condition = |text: &str| format!("detection:\n    ab_a: x\n    ab_b: x\n    condition: {text}\n");
    check(&condition("ab¦"), "1 of ab_*", &condition("1 of ab_*"));
    check(&condition("1 of ab¦"), "ab_*", &condition("1 of ab_*"));
    check(&condition("not (ab¦"), "ab_b", &condition("not (ab_b"));
    check(&condition("1 of a¦b_*"), "ab_*", &condition("1 of ab_*"));
}

/// Sites as `file:text`.
fn shown(workspace: &Workspace, sites: &[sigyn_lsp::navigate::Site]) -> Vec<String> {
    let shown = |site: &sigyn_lsp::navigate::Site| {
        let text = workspace.text(&site.path).unwrap().as_str();
        format!("{}:{}", workspace.name(&site.path), &text[site.range.clone()])
    };
    sites.iter().map(shown).collect()
}

#[test]
fn names_lead_to_what_they_mean() {
    let check = |text: &str, expect: &[&str]| {
        let (workspace, offset) = open(text);
        let sites = definition(&workspace, path(text), offset);
        assert_eq!(shown(&workspace, &sites), expect, "{text}");
    };
    check(&rule("not filter_main_x", "not filter¦_main_x"), &["windows/a.yml:filter_main_x"]);
    check(
        &rule("selection_* and", "sel¦ection_* and"),
        &["windows/a.yml:selection_img", "windows/a.yml:selection_cli"],
    );
    check(
        &OTHER.replace("- certutil", "- certutil\n        - 7f1abf38-¦3b1a-4b7a-8c42-5d5b0f2d0a11"),
        &["c.yml:Old Certutil Fetches A File"],
    );
    check(&OTHER.replace("- certutil", "- 'bur¦st'"), &["b.yml:Burst Of Certutil"]);
    check(
        &rule(
            "level: high",
            "related:\n    - id: 7F1ABF38-3b1a-¦4b7a-8c42-5d5b0f2d0a11\n      type: similar",
        ),
        &["c.yml:Old Certutil Fetches A File"],
    );
    check(
        &OTHER.replace("gte: 3", "x").replace(
            "condition:\n        x",
            "condition: certutil and 7f1abf38-3b1a-4b7a-8c42-5d5b0f2d¦0a11",
        ),
        &["c.yml:Old Certutil Fetches A File"],
    );
    check(&rule("level: high", "level: hi¦gh"), &[]);
}

#[test]
fn uses_are_found() {
    let check = |path: &str, text: &str, expect: &[&str]| {
        let (text, offset) = cursor(text);
        let mut workspace = workspace(&[(PATH, RULE), ("/rules/b.yml", OTHER)]);
        workspace.open(Path::new(path), &text);
        let sites = references(&workspace, Path::new(path), offset, true);
        assert_eq!(shown(&workspace, &sites), expect, "{text}");
    };
    check(
        PATH,
        &rule("    selection_img", "    selection¦_img"),
        &["windows/a.yml:selection_img", "windows/a.yml:selection_*"],
    );
    check(
        PATH,
        &rule("name: certutil", "name: cert¦util"),
        &["b.yml:certutil", "windows/a.yml:Certutil Fetches A File"],
    );
    check(PATH, &rule("id: 5f1a", "id: 5f¦1a"), &["b.yml:certutil", "windows/a.yml:Certutil Fetches A File"]);
    check(
        "/rules/b.yml",
        &OTHER.replace("- certutil", "- cert¦util"),
        &["b.yml:certutil", "windows/a.yml:Certutil Fetches A File"],
    );
}

/// Renames at the cursor: the text, or a part of the reason why not.
fn check_rename(text: &str, new: &str, expect: Result<String, &str>) {
    let (text, offset) = cursor(text);
    let mut workspace = workspace(&[]);
    workspace.open(Path::new(PATH), &text);
    let got = rename(&workspace, Path::new(PATH), offset, new).map(|places| {
        let mut renamed = text.clone();
        places.into_iter().rev().for_each(|place| renamed.replace_range(place, new));
        renamed
    });
    match (got, expect) {
        (Ok(got), Ok(expect)) => assert_eq!(got, expect),
        (Err(got), Err(expect)) => assert!(got.contains(expect), "{got}"),
        (got, expect) => panic!("{text}\n{got:?}\n{expect:?}"),
    }
}

fn selections(condition: &str) -> String {
    format!(
        "title: x\nlogsource:\n    product: a\ndetection:\n    sel_a:\n        b: c\n    sel_b:\n        b: d\n    _h:\n        b: e\n    condition: {condition}\n"
    )
}

#[test]
fn search_identifiers_are_renamed() {
    check_rename(
        &selections("sel¦_a or (sel_a and sel_b)"),
        "one",
        Ok(selections("one or (one and sel_b)").replace("    sel_a:", "    one:")),
    );
    check_rename(
        &selections("sel_a or sel_b").replace("    sel_a:", "    sel¦_a:"),
        "sel_c",
        Ok(selections("sel_c or sel_b").replace("    sel_a:", "    sel_c:")),
    );
    check_rename(
        &selections("1 of sel_* and not sel¦_a"),
        "sel_c",
        Ok(selections("1 of sel_* and not sel_c").replace("    sel_a:", "    sel_c:")),
    );
    check_rename(
        &selections("all of sel¦_a"),
        "one",
        Ok(selections("all of one").replace("    sel_a:", "    one:")),
    );
    check_rename(
        &selections("\n        - sel¦_a\n        - sel_b or sel_a"),
        "one",
        Ok(selections("\n        - one\n        - sel_b or one").replace("    sel_a:", "    one:")),
    );
    check_rename(
        &selections(">\n        sel¦_a\n        or sel_b"),
        "one",
        Ok(selections(">\n        one\n        or sel_b").replace("    sel_a:", "    one:")),
    );
    check_rename(
        &selections("'sel¦_a'").replace("    sel_a:", "    'sel_a':"),
        "one",
        Ok(selections("'one'").replace("    sel_a:", "    'one':")),
    );
    check_rename(
        "detection: {a¦: {b: c}, condition: a}\nlogsource: {product: x}\ntitle: t\n",
        "d",
        Ok("detection: {d: {b: c}, condition: d}\nlogsource: {product: x}\ntitle: t\n".to_owned()),
    );
    // The parts of a collection hang together.
    let collection = |name: &str| {
        format!(
            "action: global\ntitle: x\ndetection:\n    condition: {name}\n---\nlogsource:\n    product: a\ndetection:\n    {name}:\n        b: c\n---\nlogsource:\n    product: d\ndetection:\n    {name}:\n        e: f\n"
        )
    };
    check_rename(&collection("sel").replacen("    sel:", "    s¦el:", 1), "one", Ok(collection("one")));
}

#[test]
fn renaming_that_changes_the_meaning_is_refused() {
    check_rename(
        &selections("1 of sel_* and not sel¦_a"),
        "other",
        Err("`sel_*` in the condition means `sel_a`"),
    );
    check_rename(
        &selections("1 of sel_* and _¦h"),
        "sel_h",
        Err("does not mean `_h`, but would mean `sel_h`"),
    );
    check_rename(&selections("1 of them and sel¦_a"), "_a", Err("`them` in the condition means `sel_a`"));
    check_rename(&selections("sel¦_a"), "sel_b", Err("already"));
    check_rename(&selections("sel¦_a"), "not", Err("means something else"));
    check_rename(&selections("sel¦_a"), "a b", Err("letters"));
    check_rename(&selections("sel¦_a"), "1", Err("means something else"));
    check_rename(&selections("sel¦_a and"), "one", Err("cannot be read"));
    check_rename(&selections("nothing¦"), "one", Err("only search identifiers"));
    check_rename(&selections("sel¦_a").replace("b: c", "b: ["), "one", Err("cannot be read"));
    let (workspace, offset) = open(&rule("selection_cli:", "selection_¦cli:"));
    let (name, range) = renamable(&workspace, Path::new(PATH), offset).unwrap();
    assert_eq!((name.as_str(), range.len()), ("selection_cli", "selection_cli".len()));
}

/// The document with an action applied.
fn applied(text: &str, pick: impl Fn(&sigyn_lsp::actions::Action) -> bool) -> (String, Checked) {
    let (mut workspace, _) = open(&format!("{text}¦"));
    let path = Path::new(PATH);
    let checked = workspace.check(path);
    let all = actions(&workspace, path, &checked, &(0..text.len()));
    let action = all.iter().find(|action| pick(action)).unwrap_or_else(|| panic!("no such action: {all:#?}"));
    let mut fixed = text.to_owned();
    let mut edits = action.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
    edits.iter().for_each(|edit| fixed.replace_range(edit.range.clone(), &edit.text));
    let (mut workspace, _) = open(&format!("{fixed}¦"));
    (fixed, workspace.check(path))
}

#[test]
fn findings_are_mended() {
    let text = rule("Image|endswith: '\\certutil.exe'", "Image: '*\\certutil.exe'");
    let (fixed, after) =
        applied(&text, |action| action.kind == ActionKind::SafeFix && action.title.contains("endswith"));
    assert_eq!(fixed, RULE);
    assert!(!after.findings.iter().any(|found| found.name() == "wildcard-instead-of-endswith"));
}

#[test]
fn findings_are_suppressed_where_they_stand() {
    let check = |text: &str, name: &str, expect: &str| {
        let title = format!("Allow {name} here");
        let (fixed, after) =
            applied(text, |action| action.kind == ActionKind::Suppress && action.title == title);
        assert!(fixed.contains(expect), "{fixed}");
        let left: Vec<&str> = after.findings.iter().map(|found| found.name()).collect();
        assert!(!left.contains(&name), "{left:?}\n{fixed}");
        assert!(!after.findings.iter().any(|found| found.diagnostic.is_error()), "{fixed}");
    };
    let field = rule("User: 'x'", "Userr: 'x'");
    check(&field, "unknown-field", "Userr: 'x' # sigyn: allow(unknown-field)\n");
    check(
        &field.replace("Userr: 'x'", "Userr: 'x' # why"),
        "unknown-field",
        "# why # sigyn: allow(unknown-field)\n",
    );
    check(
        &field.replace("Userr: 'x'", "Userr: 'x' # sigyn: allow(a)"),
        "unknown-field",
        "# sigyn: allow(a, unknown-field)\n",
    );
    check(
        &field.replace("Userr: 'x'", "Userr: 'x\n            y'"),
        "unknown-field",
        "        # sigyn: allow(unknown-field)\n        Userr",
    );
    check(
        &rule(
            "description: Detects certutil when it fetches a file from the web",
            "description: |\n    short",
        ),
        "description-too-short",
        "# sigyn: allow(description-too-short)\ndescription: |",
    );
}

#[test]
fn everything_safe_is_mended_at_once() {
    let text = rule("Image|endswith: '\\certutil.exe'", "Image: '*\\certutil.exe'")
        .replace("CommandLine|contains: 'urlcache'", "CommandLine: '*urlcache*' # ä 😀");
    let (workspace, _) = open(&format!("{text}¦"));
    let edit = fix_all(&workspace, Path::new(PATH)).unwrap();
    let mut fixed = text;
    fixed.replace_range(edit.range, &edit.text);
    assert_eq!(fixed, RULE.replace("'urlcache'", "'urlcache' # ä 😀"));
    let (workspace, _) = open(&format!("{RULE}¦"));
    assert_eq!(fix_all(&workspace, Path::new(PATH)), None);
}

#[test]
fn documents_have_parts() {
    let (workspace, _) = open(&format!("{RULE}---\n{OTHER}¦"));
    let found = symbols(&workspace, Path::new(PATH));
    let names: Vec<&str> = found.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(names, ["Certutil Fetches A File", "Burst Of Certutil"]);
    let parts: Vec<&str> = found[0].children.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["logsource", "detection"]);
    let inner: Vec<&str> = found[0].children[1].children.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(inner, ["selection_img", "selection_cli", "filter_main_x", "condition"]);
    let names: Vec<String> =
        workspace_symbols(&workspace, "old CERT").into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["Old Certutil Fetches A File"]);
}

#[test]
fn queries_are_previewed() {
    let check = |text: &str, target: &str, format: Option<&str>, query: &str, error: &str| {
        let (workspace, _) = open(&format!("{text}¦"));
        let wanted =
            Wanted { target: target.to_owned(), format: format.map(str::to_owned), ..Wanted::default() };
        let found = preview(&workspace, path(text), &wanted).unwrap();
        assert!(found.text.contains(query), "{found:?}");
        let errors: Vec<&str> = found.errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(errors.is_empty(), error.is_empty(), "{errors:?}");
        assert!(errors.iter().any(|found| found.contains(error)) || error.is_empty(), "{errors:?}");
    };
    check(RULE, "splunk", None, "CommandLine=\"*urlcache*\"", "");
    check(RULE, "splunk", Some("savedsearches"), "[Certutil Fetches A File]", "");
    // A correlation is converted with the rule of another file.
    check(
        &OTHER
            .replace("- certutil", "- 7f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11")
            .replace("6f1a", "8f1a")
            .replace("name: burst\n", ""),
        "splunk",
        None,
        "urlcache",
        "",
    );
    check(
        &rule("CommandLine|contains: 'urlcache'", "CommandLine|re: '(?=a)b'"),
        "kusto",
        None,
        "",
        "look-around",
    );
    check(&rule("    condition: all", "    condition: nothing and all"), "splunk", None, "", "nothing");
    let (workspace, _) = open(&format!("{RULE}¦"));
    let wanted = Wanted { target: "none".to_owned(), ..Wanted::default() };
    assert!(preview(&workspace, Path::new(PATH), &wanted).is_err());
}
