//! Coverage of rule sets, and of SigmaHQ's rules where they lie beside the repository.

#![expect(clippy::unwrap_used, reason = "a test fails where its input cannot be read")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigyn_coverage::{
    Catalogue, Colours, Coverage, State, TechniqueId, Wanted, document, gaps, layer, page, source_gaps,
};
use sigyn_diagnostics::{SourceFile, Sources};
use sigyn_ir::{Compat, LoadOptions, RuleSet};

/// Rules of texts.
fn set(texts: impl IntoIterator<Item = String>) -> RuleSet {
    let options = LoadOptions::new(Compat::Spec);
    let mut sources = Sources::default();
    for (at, text) in texts.into_iter().enumerate() {
        sources.add(SourceFile::new(format!("{at}.yml"), text));
    }
    let parsed = sources.iter().map(|(id, file)| sigyn_ir::read(id, file, &options)).collect();
    sigyn_ir::resolve(parsed, &options).set
}

/// Rules from `category level: tags` lines.
fn rules(lines: &[&str]) -> Coverage {
    let rule = |line: &&str| {
        let (head, tags) = line.split_once(':').unwrap();
        let (category, level) = head.split_once(' ').unwrap();
        let tags: String = tags.split_whitespace().map(|tag| format!("    - {tag}\n")).collect();
        let tags = if tags.is_empty() { tags } else { format!("tags:\n{tags}") };
        format!(
            "title: '<{line}>'\nlogsource:\n    category: {category}\ndetection:\n    a:\n        b: c\n    condition: a\nlevel: {level}\n{tags}"
        )
    };
    let set = set(lines.iter().map(rule));
    assert_eq!(set.items.len(), lines.len());
    Coverage::of(&set.items)
}

fn id(text: &str) -> TechniqueId {
    TechniqueId::parse(text).unwrap()
}

const RULES: &[&str] = &[
    "file high: attack.t1059.001 attack.T1059.001 attack.execution attack.g0001",
    "file low: attack.t1059.001 attack.t1059 attack.t1112",
    "dns high: attack.t1071.004",
    "dns medium:",
];

#[test]
fn a_rule_counts_once_for_each_technique() {
    let coverage = rules(RULES);
    let counts: Vec<_> =
        coverage.techniques().map(|(id, levels)| format!("{id}: {}", levels.to_text())).collect();
    assert_eq!(counts, ["T1059: 1 low", "T1059.001: 1 high, 1 low", "T1071.004: 1 high", "T1112: 1 low"]);
    assert_eq!(coverage.untagged(), 1);
    assert_eq!(coverage.count_with_subs(&id("T1059")).total(), 2, "a rule of both counts once");
    let sources: Vec<_> = coverage
        .sources()
        .into_iter()
        .map(|(name, line)| format!("{name} {} {}", line.levels.total(), line.techniques.len()))
        .collect();
    assert_eq!(sources, ["dns 2 1", "file 2 3"]);
    let execution = coverage.tactics(&Catalogue::bundled()).into_iter().find(|line| line.name == "execution");
    let execution = execution.unwrap();
    assert_eq!((execution.levels.total(), execution.covered), (2, 2));
    assert!(execution.known > execution.covered);
}

#[test]
fn gaps_tell_what_is_near() {
    let coverage = rules(RULES);
    let check = |wanted: &str, expect: State| {
        let found = gaps(&coverage, &Wanted::in_text(wanted));
        assert_eq!(found.iter().map(|gap| gap.state).collect::<Vec<_>>(), [expect], "{wanted}");
    };
    check("T1059.001", State::Covered);
    check("T1059.003", State::ParentOnly);
    check("T1071", State::SubTechniquesOnly);
    check("T1071.001", State::Missing);
    check("T1003", State::Missing);
    let layer = r#"{"techniques": [{"techniqueID": "T1003", "score": 1}, {"techniqueID": "T1112"},
        {"techniqueID": "T1113", "score": 1, "enabled": false}]}"#;
    check(layer, State::Missing);
}

#[test]
fn other_rules_are_compared_by_technique_and_log_source() {
    let own = rules(RULES);
    let others = rules(&["dns low: attack.t1112 attack.t1071.004", "web low: attack.t1190"]);
    let found = gaps(&own, &Wanted::Rules(Box::new(others.clone())));
    let found: Vec<_> = found.iter().map(|gap| (gap.id.as_str(), gap.state, gap.rules, gap.others)).collect();
    assert_eq!(
        found,
        [
            ("T1071.004", State::Covered, 1, Some(1)),
            ("T1112", State::Covered, 1, Some(1)),
            ("T1190", State::Missing, 0, Some(1))
        ]
    );
    let missing = source_gaps(&own, &others);
    let missing: Vec<_> = missing
        .into_iter()
        .map(|(name, ids)| (name, ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(" ")))
        .collect();
    assert_eq!(missing, [("dns", "T1112".to_owned()), ("file", String::new()), ("web", "T1190".to_owned())]);
}

/// The rules of the published format 4.5 (`layers/spec/v4.5/layerformat.md` of ATT&CK Navigator; there is no JSON schema of
/// it): name of the key, type, and
/// whether it must be there.
const LAYER_KEYS: &[(&str, &str, bool)] = &[
    ("versions", "object", false),
    ("name", "string", true),
    ("description", "string", false),
    ("domain", "string", true),
    ("customDataURL", "string", false),
    ("filters", "object", false),
    ("sorting", "number", false),
    ("layout", "object", false),
    ("hideDisabled", "boolean", false),
    ("techniques", "array", false),
    ("gradient", "object", false),
    ("legendItems", "array", false),
    ("showTacticRowBackground", "boolean", false),
    ("tacticRowBackground", "string", false),
    ("selectTechniquesAcrossTactics", "boolean", false),
    ("selectSubtechniquesWithParent", "boolean", false),
    ("selectVisibleTechniques", "boolean", false),
    ("metadata", "array", false),
    ("links", "array", false),
];
const VERSION_KEYS: &[(&str, &str, bool)] =
    &[("attack", "string", false), ("navigator", "string", true), ("layer", "string", true)];
const TECHNIQUE_KEYS: &[(&str, &str, bool)] = &[
    ("techniqueID", "string", true),
    ("tactic", "string", false),
    ("comment", "string", false),
    ("enabled", "boolean", false),
    ("score", "number", false),
    ("color", "string", false),
    ("metadata", "array", false),
    ("links", "array", false),
    ("showSubtechniques", "boolean", false),
];
const GRADIENT_KEYS: &[(&str, &str, bool)] =
    &[("colors", "array", true), ("minValue", "number", true), ("maxValue", "number", true)];
const LEGEND_KEYS: &[(&str, &str, bool)] = &[("label", "string", true), ("color", "string", true)];
const METADATA_KEYS: &[(&str, &str, bool)] = &[("name", "string", true), ("value", "string", true)];
const LAYOUT_KEYS: &[(&str, &str, bool)] = &[
    ("layout", "string", false),
    ("showID", "boolean", false),
    ("showName", "boolean", false),
    ("showAggregateScores", "boolean", false),
    ("countUnscored", "boolean", false),
    ("aggregateFunction", "string", false),
    ("expandedSubtechniques", "string", false),
];
const LAYOUT_WORDS: &[(&str, &[&str])] = &[
    ("layout", &["side", "flat", "mini"]),
    ("aggregateFunction", &["average", "min", "max", "sum"]),
    ("expandedSubtechniques", &["none", "all", "annotated"]),
];

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_keys(value: &Value, keys: &[(&str, &str, bool)]) {
    let object = value.as_object().unwrap();
    for (key, value) in object {
        let known = keys.iter().find(|(name, ..)| name == key);
        assert_eq!(known.map(|(_, kind, _)| *kind), Some(kind(value)), "{key}: {value}");
    }
    for (key, _, is_required) in keys {
        assert!(!is_required || object.contains_key(*key), "{key} is missing in {value}");
    }
}

fn is_colour(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_valid_layer(layer: &Value) {
    has_keys(layer, LAYER_KEYS);
    has_keys(&layer["versions"], VERSION_KEYS);
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert!(
        ["enterprise-attack", "mobile-attack", "ics-attack"].contains(&layer["domain"].as_str().unwrap())
    );
    let navigator: Vec<u32> = layer["versions"]["navigator"]
        .as_str()
        .unwrap()
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!(navigator >= vec![4, 9, 0], "{navigator:?}");
    assert!(layer["sorting"].as_u64().unwrap() <= 3);
    has_keys(&layer["layout"], LAYOUT_KEYS);
    for (key, words) in LAYOUT_WORDS {
        assert!(words.contains(&layer["layout"][key].as_str().unwrap()), "{key}");
    }
    has_keys(&layer["gradient"], GRADIENT_KEYS);
    let colours = layer["gradient"]["colors"].as_array().unwrap();
    assert!(colours.len() >= 2 && colours.iter().all(is_colour));
    assert!(layer["gradient"]["maxValue"].as_u64() > layer["gradient"]["minValue"].as_u64());
    let mut ids = BTreeSet::new();
    for technique in layer["techniques"].as_array().unwrap() {
        has_keys(technique, TECHNIQUE_KEYS);
        let id = technique["techniqueID"].as_str().unwrap();
        assert_eq!(TechniqueId::parse(id).unwrap().as_str(), id);
        assert!(ids.insert(id), "{id} stands there once");
        assert!(technique.get("color").is_none_or(is_colour));
        for metadata in technique.get("metadata").and_then(Value::as_array).into_iter().flatten() {
            has_keys(metadata, METADATA_KEYS);
        }
    }
    for item in layer["legendItems"].as_array().unwrap() {
        has_keys(item, LEGEND_KEYS);
        assert!(is_colour(&item["color"]));
    }
}

#[test]
fn layers_follow_the_published_format() {
    let coverage = rules(RULES);
    let open = gaps(&coverage, &Wanted::in_text("T1003 T1112"));
    for (coverage, gaps, colours) in [
        (&coverage, open.as_slice(), Colours::Score),
        (&coverage, &[], Colours::Level),
        (&Coverage::default(), &[], Colours::Score),
    ] {
        is_valid_layer(&layer("a", coverage, gaps, colours));
    }
    let by_level = layer("a", &coverage, &open, Colours::Level);
    let find = |id: &str| {
        let all = by_level["techniques"].as_array().unwrap();
        all.iter().find(|technique| technique["techniqueID"] == id).cloned().unwrap()
    };
    assert_eq!((&find("T1059.001")["score"], &find("T1059.001")["color"]), (&2.into(), &"#d1434f".into()));
    assert_eq!((&find("T1112")["score"], &find("T1112")["color"]), (&1.into(), &"#3b7ea1".into()));
    assert_eq!(find("T1003")["score"], 0);
    let by_score = layer("a", &coverage, &[], Colours::Score);
    assert!(by_score["techniques"][0].get("color").is_none(), "an explicit colour would hide the scale");
}

/// MITRE's own library reads the layers and gives the same techniques back. Runs where the environment names a Python that
/// has it: `SIGYN_NAVIGATOR_PYTHON`, with the package `mitreattack-python`.
#[test]
fn layers_are_read_by_mitres_own_library() {
    let Some(python) = std::env::var_os("SIGYN_NAVIGATOR_PYTHON") else {
        eprintln!("skipped: SIGYN_NAVIGATOR_PYTHON names no Python with mitreattack-python");
        return;
    };
    let coverage = rules(RULES);
    let open = gaps(&coverage, &Wanted::in_text("T1003 T1112"));
    let program = "import json, sys\nfrom mitreattack.navlayers import Layer\nlayer = Layer(strict=True)\n\
                   layer.from_str(sys.argv[1])\nprint(json.dumps(layer.to_dict()))";
    for colours in [Colours::Score, Colours::Level] {
        let layer = layer("a", &coverage, &open, colours);
        let run = Command::new(&python).args(["-c", program, &layer.to_string()]).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let read: Value = serde_json::from_slice(&run.stdout).unwrap();
        for key in ["name", "versions", "domain", "layout", "techniques", "gradient", "legendItems"] {
            assert_eq!(read[key], layer[key], "{key}");
        }
    }
}

#[test]
fn the_page_shows_rules_as_text() {
    let coverage = rules(RULES);
    let open = gaps(&coverage, &Wanted::in_text("T1003"));
    let html = page("<b>", &coverage, &Catalogue::bundled(), Some(&open));
    assert!(html.contains("What &lt;b&gt; covers") && !html.contains("<b>covers"));
    assert!(html.contains("&lt;dns high: attack.t1071.004&gt;") && !html.contains("<dns"));
    assert!(html.contains("id=\"T1071.004\"") && html.contains("href=\"#T1071.004\""));
    assert!(html.contains("0 of 1 techniques that are wanted have rules"));
    assert!(!html.contains("<script") && !html.contains("src="));
}

#[test]
fn the_document_names_rules_and_what_is_wanted() {
    let coverage = rules(RULES);
    let wanted = Wanted::in_text("T1003");
    let json = document(&coverage, &Catalogue::bundled(), Some(&wanted), &gaps(&coverage, &wanted));
    assert_eq!((&json["rules"], &json["rules_without_technique"]), (&4.into(), &1.into()));
    assert_eq!(json["techniques"][1]["name"], "PowerShell");
    assert_eq!(json["techniques"][1]["rules"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&json["wanted"][0]["technique"], &json["wanted"][0]["state"]),
        (&"T1003".into(), &"missing".into())
    );
    let plain = document(&coverage, &Catalogue::bundled(), None, &[]);
    assert!(plain.get("wanted").is_none());
}

/// All rule files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
}

/// Tags counted by lines of text: files of SigmaHQ hold one rule each and list a tag a line.
fn tags_by_line(text: &str) -> BTreeSet<String> {
    let tag = |line: &str| {
        let (line, _) = line.split_once(" #").unwrap_or((line, ""));
        let name = line.trim().strip_prefix('-')?.trim().to_ascii_uppercase();
        let id = name.strip_prefix("ATTACK.T")?.to_owned();
        id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| format!("T{id}"))
    };
    text.lines().filter_map(tag).collect()
}

#[test]
fn sigmahq_counts_equal_the_tags_in_the_files() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigmahq");
    let folders: Vec<PathBuf> =
        ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance", "rules-dfir"]
            .iter()
            .map(|name| shared.join(name))
            .filter(|folder| folder.is_dir())
            .collect();
    if folders.is_empty() {
        eprintln!("skipped: SigmaHQ's rules are not there");
        return;
    }
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| files(folder, &mut paths));
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut expect: BTreeMap<String, u64> = BTreeMap::new();
    for text in &texts {
        tags_by_line(text).into_iter().for_each(|id| *expect.entry(id).or_default() += 1);
    }
    let set = set(texts);
    let layer = layer("SigmaHQ", &Coverage::of(&set.items), &[], Colours::Score);
    is_valid_layer(&layer);
    let got: BTreeMap<String, u64> = layer["techniques"]
        .as_array()
        .unwrap()
        .iter()
        .map(|technique| {
            (technique["techniqueID"].as_str().unwrap().to_owned(), technique["score"].as_u64().unwrap())
        })
        .collect();
    assert!(got.len() > 300, "{} techniques in {} files", got.len(), paths.len());
    assert_eq!(got, expect);
}
