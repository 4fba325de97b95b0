//! Detections that differ in nothing but the place of their event: what is the same of them is made and kept once.
//!
//! The first of them takes the way of every signal; the others take from it what their event does not decide. Of a hundred thousand
//! detections of recorded events all but a few hundred are such.

use std::fmt::Write;
use std::sync::OnceLock;

use sigyn_correlate::At;
use sigyn_event::write_string;
use sigyn_store::Id;
use sigyn_store::catalog::HuntDetection;

use crate::body::{Body, Matched};

/// Why a rule matches some events.
#[derive(Debug, Default)]
pub(crate) struct Reason {
    /// The values that made it match.
    pub(crate) matched: Vec<Matched>,
    /// What its detections have in common, once there is one; none if it is not known what that is.
    pub(super) pattern: OnceLock<Option<Pattern>>,
}

/// What detections have in common.
#[derive(Debug)]
pub(super) struct Pattern {
    /// One of them, with an empty body.
    one: HuntDetection,
    /// What their bodies begin with, before the place of the event.
    text: String,
    /// Its number among those of the hunt, once more than one needs it.
    number: OnceLock<u32>,
}

impl Pattern {
    /// What a detection has in common with others of other events; none if more of it hangs on its event than the place.
    pub(super) fn of(found: &HuntDetection, body: &Body, at: &At) -> Option<Self> {
        if body.evidence.len() != 1 {
            return None;
        }
        let text = found.body.strip_suffix(&place(at))?.to_owned();
        let one = HuntDetection { body: String::new(), ..found.clone() };
        let is_of_event = [one.ts, one.first_seen, one.last_seen] == [at.ts; 3];
        is_of_event.then_some(Self { one, text, number: OnceLock::new() })
    }

    /// The uid of the rule.
    pub(super) fn uid(&self) -> &str {
        &self.one.rule
    }

    /// The detection of an event. What bodies begin with goes to `texts` when it is needed first.
    pub(super) fn at(&self, id: Id, at: &At, texts: &mut Texts) -> HuntDetection {
        let number = *self.number.get_or_init(|| texts.add(&self.text));
        HuntDetection {
            id,
            ts: at.ts,
            first_seen: at.ts,
            last_seen: at.ts,
            body: place(at),
            begins: Some(number),
            ..self.one.clone()
        }
    }
}

/// What the body of a signal of one event ends with: where that stands, as [`Body`] writes it.
fn place(at: &At) -> String {
    let mut text = String::with_capacity(112 + at.source.len());
    // A text takes everything.
    let _ = write!(text, r#""ts":{},"id":"{}""#, at.ts, Id(at.eid.0));
    if !at.source.is_empty() {
        text.push_str(r#","source":"#);
        write_string(&mut text, &at.source);
    }
    let _ = write!(text, r#","position":{}}}]}}"#, at.seq);
    text
}

/// Texts that bodies of a hunt's detections begin with.
#[derive(Debug, Default)]
pub(super) struct Texts {
    count: u32,
    /// Those that are not written yet.
    pub(super) waiting: Vec<(u32, String)>,
}

impl Texts {
    fn add(&mut self, text: &str) -> u32 {
        let number = self.count;
        self.count += 1;
        self.waiting.push((number, text.to_owned()));
        number
    }
}

#[cfg(test)]
mod tests {
    use sigyn_store::catalog::Level;

    use super::*;
    use crate::body::Piece;

    fn at(ts: i64, source: &str, seq: u64) -> At {
        At { ts, source: source.into(), seq, eid: sigyn_correlate::Id([u8::try_from(seq).unwrap(); 16]) }
    }

    fn body(at: &At) -> Body {
        let matched = Matched {
            selection: "sel".to_owned(),
            field: "Image|endswith".to_owned(),
            wanted: vec!["*\\a\"b.exe".to_owned()],
            seen: vec!["C:\\a\"b.exe\u{1}é".to_owned()],
        };
        let piece = Piece {
            ts: at.ts,
            rule: "rule".to_owned(),
            id: at.eid.to_string(),
            source: at.source.to_string(),
            position: Some(at.seq),
            matched: vec![matched],
            ..Piece::default()
        };
        Body { why: "`Image` is `C:\\a\"b.exe`".to_owned(), evidence: vec![piece], ..Body::default() }
    }

    fn made(at: &At, body: &Body) -> HuntDetection {
        HuntDetection {
            id: Id(at.eid.0),
            rule: "rule".to_owned(),
            title: "Title".to_owned(),
            level: Level::High,
            ts: at.ts,
            first_seen: at.ts,
            last_seen: at.ts,
            group: String::new(),
            risk: 5,
            total: 1,
            body: serde_json::to_string(body).unwrap(),
            begins: None,
            is_signal: false,
        }
    }

    #[test]
    fn what_is_made_again_is_what_would_have_been_made() {
        let first = at(5, "a", 1);
        let pattern = Pattern::of(&made(&first, &body(&first)), &body(&first), &first).unwrap();
        let mut texts = Texts::default();
        for (expect, at) in [at(-7, "", 0), at(9, "a \"ü\"\n", 255), at(i64::MAX, "a", 16)].iter().enumerate()
        {
            let again = pattern.at(Id(at.eid.0), at, &mut texts);
            assert_eq!((again.begins, texts.waiting.len()), (Some(0), 1), "{expect}: the same text");
            let whole = format!("{}{}", texts.waiting[0].1, again.body);
            assert_eq!(HuntDetection { body: whole, begins: None, ..again }, made(at, &body(at)));
        }
    }

    #[test]
    fn nothing_is_made_again_of_what_says_more_than_its_place() {
        let first = at(5, "a", 1);
        let check = |found: HuntDetection, body: &Body| assert!(Pattern::of(&found, body, &first).is_none());
        let whole = body(&first);
        check(HuntDetection { last_seen: 6, ..made(&first, &whole) }, &whole);
        let mut two = body(&first);
        two.evidence.extend(body(&first).evidence);
        check(made(&first, &two), &two);
        let more = Body { is_truncated: true, ..body(&first) };
        check(made(&first, &more), &more);
    }
}
