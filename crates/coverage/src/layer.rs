//! A layer for ATT&CK Navigator, format 4.5 as its repository describes it (`layers/spec/v4.5/layerformat.md`).

use serde_json::{Map, Value, json};

use crate::{Coverage, Gap, Levels};

/// The format, and the oldest Navigator that reads it.
const FORMAT: &str = "4.5";
const NAVIGATOR: &str = "5.0.0";
/// The ends of the scale of scores, and what is wanted and has no rule.
const PALE: &str = "#e3edf7";
const FULL: &str = "#2f6fab";
const GAP: &str = "#f6c9cd";
/// Scores above this share of techniques have the full colour. A few techniques have hundreds of rules and most have a
/// handful; a scale up to the largest would leave nearly all of them pale.
const SCALE_PERCENT: usize = 90;
/// Colours of levels, those of the pages.
const LEVELS: [(&str, &str); 6] = [
    ("critical", "#9b1239"),
    ("high", "#d1434f"),
    ("medium", "#d08a1d"),
    ("low", "#3b7ea1"),
    ("informational", "#868b96"),
    ("none", "#b0b3ba"),
];

/// What colours tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// How many rules there are.
    Score,
    /// The severest level of the rules.
    Level,
}

/// The layer: a score, the number of rules, for each technique that has rules, and 0 for what is wanted and has none.
///
/// The version of ATT&CK is left out, because rules name ids of several; Navigator then takes its own. A technique stands
/// under all of its tactics.
pub fn layer(name: &str, coverage: &Coverage, gaps: &[Gap], colours: Colours) -> Value {
    let mut techniques: Vec<Value> = Vec::new();
    let mut scores: Vec<usize> = Vec::new();
    for (id, levels) in coverage.techniques() {
        let score = levels.total();
        scores.push(score);
        let metadata = levels.counts().filter(|(_, count)| *count > 0);
        let metadata: Vec<Value> =
            metadata.map(|(name, count)| json!({"name": name, "value": count.to_string()})).collect();
        let mut technique = Map::new();
        technique.insert("techniqueID".to_owned(), id.as_str().into());
        technique.insert("score".to_owned(), score.into());
        if let Some(colour) = colour(levels).filter(|_| colours == Colours::Level) {
            technique.insert("color".to_owned(), colour.into());
        }
        technique.insert("comment".to_owned(), levels.to_text().into());
        technique.insert("enabled".to_owned(), true.into());
        technique.insert("metadata".to_owned(), metadata.into());
        techniques.push(technique.into());
    }
    for gap in gaps.iter().filter(|gap| gap.rules == 0) {
        techniques.push(json!({
            "techniqueID": gap.id.as_str(),
            "score": 0,
            "color": GAP,
            "comment": format!("wanted; {}", gap.state.as_str()),
            "enabled": true,
        }));
    }
    scores.sort_unstable();
    let top = scores.get(scores.len() * SCALE_PERCENT / 100).copied().unwrap_or(1).max(1);
    json!({
        "name": name,
        "versions": {"layer": FORMAT, "navigator": NAVIGATOR},
        "domain": "enterprise-attack",
        "description": format!(
            "{} rules, {} of them without a technique; scores are numbers of rules",
            coverage.rules().len(),
            coverage.untagged()
        ),
        "sorting": 0,
        "layout": {
            "layout": "side",
            "aggregateFunction": "sum",
            "showID": true,
            "showName": true,
            "showAggregateScores": false,
            "countUnscored": false,
            "expandedSubtechniques": "none",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {"colors": [PALE, FULL], "minValue": 0, "maxValue": top},
        "legendItems": legend(colours, top, gaps),
        "metadata": [],
        "showTacticRowBackground": false,
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
        "selectVisibleTechniques": false,
    })
}

fn colour(levels: Levels) -> Option<&'static str> {
    let severest = levels.severest()?;
    LEVELS.iter().find(|(name, _)| *name == severest).map(|(_, colour)| *colour)
}

fn legend(colours: Colours, top: usize, gaps: &[Gap]) -> Vec<Value> {
    let item = |label: &str, colour: &str| json!({"label": label, "color": colour});
    let mut items = match colours {
        Colours::Score => vec![item("1 rule", PALE), item(&format!("{top} rules and more"), FULL)],
        Colours::Level => {
            LEVELS.iter().map(|(name, colour)| item(&format!("severest: {name}"), colour)).collect()
        }
    };
    if gaps.iter().any(|gap| gap.rules == 0) {
        items.push(item("wanted, no rule", GAP));
    }
    items
}
