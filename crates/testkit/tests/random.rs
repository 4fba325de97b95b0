//! Random rules against random events: the engine under every strategy says what the evaluator says.
//!
//! `SIGYN_CASES` sets how many sets of rules are tried; each is eight rules against eight events.

use proptest::prelude::*;
use sigyn_engine::{Engine, LogSources};
use sigyn_ir::RuleItem;
use sigyn_testkit::evaluator::Evaluator;
use sigyn_testkit::{json, matching};

/// Numbers from a seed, so that a failure is one number.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.next(from.len())]
    }

    fn text(&mut self, from: &[&str], longest: usize) -> String {
        (0..self.next(longest + 1)).map(|_| self.pick(from)).collect()
    }
}

const FIELDS: &[&str] = &["a", "b", "A", "c.d", "c", "e.f.g", "h"];
const LETTERS: &[&str] = &[
    "a",
    "b",
    "A",
    "s",
    "ſ",
    "K",
    "k",
    "\u{212a}",
    "é",
    "É",
    "σ",
    "ς",
    "-",
    "/",
    " -e",
    "1",
    "0",
    ".",
    "\n",
    "cmd.exe",
    "powershell",
    "\\\\",
    "😀",
    "10.0.0.1",
];
const WRITTEN: &[&str] = &[
    "a",
    "b",
    "B",
    "s",
    "K",
    "é",
    "Σ",
    "*",
    "?",
    "-",
    " -e",
    "1",
    "0",
    ".",
    "cmd.exe",
    "powershell",
    "\\\\",
    "\\*",
];
const CHAINS: &[&str] = &[
    "",
    "",
    "",
    "|contains",
    "|contains|all",
    "|startswith",
    "|endswith",
    "|endswith|all",
    "|neq",
    "|contains|neq",
    "|cased",
    "|contains|cased",
    "|startswith|cased",
    "|windash|contains",
    "|contains|windash|all",
    "|base64",
    "|base64offset|contains",
    "|wide|base64offset|contains",
];
const REGEXES: &[&str] = &[
    "a",
    "a$",
    "^a.*b$",
    "(?i)K",
    "cmd\\.exe",
    "(?:powershell|cmd)",
    "\\d+",
    "[ab]{2,}",
    "s.?$",
    "(?s)a.b",
    "x*",
    "\\bcmd",
    "(?i)POWERSHELL$",
    "\\w\\W",
];
const SCALARS: &[&str] = &[
    "1",
    "0",
    "10",
    "-1",
    "1.5",
    "0.1",
    "true",
    "false",
    "null",
    "''",
    "'1'",
    "'true'",
    "18446744073709551615",
];

fn item(random: &mut Random) -> String {
    let field = random.pick(FIELDS);
    match random.next(12) {
        0 => format!("{field}|exists: {}", random.pick(&["true", "false"])),
        1 => format!(
            "{field}|fieldref{}: {}",
            random.pick(&["", "|contains", "|startswith", "|endswith", "|cased"]),
            random.pick(FIELDS)
        ),
        2 => format!("{field}|re{}: '{}'", random.pick(&["", "|i", "|m", "|s"]), random.pick(REGEXES)),
        3 => format!(
            "{field}|cidr: {}",
            random.pick(&["10.0.0.0/8", "10.0.0.1", "'::/0'", "'::ffff:10.0.0.0/104'"])
        ),
        4 => format!(
            "{field}|{}: {}",
            random.pick(&["gt", "gte", "lt", "lte"]),
            random.pick(&["1", "0", "-1", "1.5", "10"])
        ),
        5 => format!("{field}: {}", random.pick(SCALARS)),
        6 => format!(
            "{field}|{}: {}",
            random.pick(&["hour", "minute|gte", "day", "week", "month|lt", "year"]),
            random.pick(&["1", "2", "12"])
        ),
        _ => {
            let chain = random.pick(CHAINS);
            let values: Vec<_> =
                (0..1 + random.next(3)).map(|_| format!("'{}'", random.text(WRITTEN, 4))).collect();
            format!("{field}{chain}: [{}]", values.join(", "))
        }
    }
}

fn selection(random: &mut Random) -> String {
    match random.next(6) {
        0 => {
            let chain = random.pick(&["", "|all", "|re", "|cased"]);
            let text = random.text(&["a", "cmd", "1", "K", "*", "s"], 3);
            format!("{{'{chain}': ['{text}', 'power', '.']}}")
        }
        1 => format!("[{{{}}}, {{{}}}]", item(random), item(random)),
        2 => format!("['{}', {{{}}}]", random.text(WRITTEN, 2), item(random)),
        3 => format!("{{{}}}", item(random)),
        _ => {
            let (first, second) = (item(random), item(random));
            let key = |text: &str| text.split(": ").next().unwrap_or("").to_owned();
            if key(&first) == key(&second) {
                format!("{{{first}}}")
            } else {
                format!("{{{first}, {second}}}")
            }
        }
    }
}

fn condition(random: &mut Random, depth: usize) -> String {
    match random.next(if depth == 0 { 3 } else { 8 }) {
        0 => "x1".to_owned(),
        1 => "x2".to_owned(),
        2 => "y3".to_owned(),
        3 => format!("not ({})", condition(random, depth - 1)),
        4 => format!("({}) and ({})", condition(random, depth - 1), condition(random, depth - 1)),
        5 => format!("({}) or ({})", condition(random, depth - 1), condition(random, depth - 1)),
        6 => random.pick(&["1 of x*", "all of x*", "2 of them", "all of them", "not 1 of z*"]).to_owned(),
        _ => format!("({}) and not y3", condition(random, depth - 1)),
    }
}

fn rule(random: &mut Random) -> String {
    format!(
        "title: random\nlogsource: {{category: test}}\ndetection:\n    x1: {}\n    x2: {}\n    y3: {}\n    condition: {}\n",
        selection(random),
        selection(random),
        selection(random),
        condition(random, 2)
    )
}

fn value(random: &mut Random, depth: usize) -> String {
    match random.next(if depth == 0 { 9 } else { 12 }) {
        0 => random.pick(&["1", "0", "10", "-1", "1.5", "0.1", "1e2", "18446744073709551615"]).to_owned(),
        1 => random.pick(&["true", "false", "null"]).to_owned(),
        2 => format!(
            "\"{}\"",
            random.pick(&[
                "2024-01-02T12:01:00Z",
                "2024-01-02 12:01:00",
                "10.0.0.1",
                "::ffff:10.1.1.1",
                "1",
                "-0",
                "1.50",
                "true",
                "YQ=="
            ])
        ),
        9 => format!("[{}, {}]", value(random, depth - 1), value(random, depth - 1)),
        10 => "[]".to_owned(),
        11 => event_below(random, depth - 1),
        _ => serde_json::Value::from(random.text(LETTERS, 4).replace("\\\\", "\\")).to_string(),
    }
}

fn event_below(random: &mut Random, depth: usize) -> String {
    let keys: &[&str] = &["a", "b", "d", "g", "f"];
    let members: Vec<_> =
        (0..random.next(3)).map(|_| format!("\"{}\": {}", random.pick(keys), value(random, depth))).collect();
    format!("{{{}}}", members.join(", "))
}

fn event(random: &mut Random) -> String {
    let keys: &[&str] = &["a", "b", "A", "c.d", "c", "e", "h", "z"];
    let mut members = Vec::new();
    for key in keys {
        if random.next(2) == 0 {
            members.push(format!("\"{key}\": {}", value(random, 2)));
        }
    }
    format!("{{{}}}", members.join(", "))
}

fn check(seed: u64) -> Result<usize, String> {
    let mut random = Random(seed);
    let rules: Vec<_> = (0..8).map(|_| rule(&mut random)).collect();
    let events: Vec<_> = (0..8).map(|_| event(&mut random)).collect();
    let loaded = matching::load(&rules.join("---\n"));
    let sources = LogSources::built_in().map_err(|error| error.to_string())?;
    let evaluator = Evaluator::default();
    let mut count = 0;
    let mut expected = Vec::new();
    for text in &events {
        let buf = json::event(text)?;
        let matching = loaded.set.items.iter().map(|item| match item {
            RuleItem::Rule(rule) => evaluator.evaluate(rule, buf.event(""), &|_| Vec::new()).unwrap_or(false),
            RuleItem::Correlation(_) => false,
        });
        expected.push(matching.collect::<Vec<bool>>());
        count += loaded.set.items.len();
    }
    for (name, config) in matching::configs() {
        let built = Engine::build(&loaded.set, &sources, config);
        let mut scratch = built.engine.scratch();
        for round in 0..2 {
            for (text, expected) in events.iter().zip(&expected) {
                let buf = json::event(text)?;
                let found: Vec<_> = built.engine.run(buf.event(""), &mut scratch).1.to_vec();
                for (at, expect) in expected.iter().enumerate() {
                    let is_found = found.iter().any(|item| item.0 as usize == at);
                    if is_found != *expect {
                        let RuleItem::Rule(rule) = &loaded.set.items[at] else { continue };
                        return Err(format!(
                            "seed {seed}, {name}, round {round}: the engine says {is_found}\n{text}\n{}\n{rules:#?}",
                            rule.conditions[0].text
                        ));
                    }
                }
            }
        }
    }
    Ok(count)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("SIGYN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_engine_agrees_with_the_evaluator(seed in any::<u64>()) {
        if let Err(difference) = check(seed) {
            prop_assert!(false, "{}", difference);
        }
    }
}
