//! Random events: few keys, users and values, in all the shapes in which a field can come.

use serde_json::{Map, Value, json};

use super::{LETTERS, Maker, USERS};
use crate::correlate::case::numbered;
use crate::correlate::{Event, Time};

impl Maker<'_, '_> {
    pub(super) fn event(&mut self, number: usize) -> Event {
        let ts = self.scale.start + self.scale.unit * self.random.below(self.scale.length) as Time;
        let ts = match self.random.below(12) {
            0 => ts + 1,
            1 => ts - 1,
            2 => ts + self.scale.unit / 2,
            _ => ts,
        };
        let (source, seq) = match self.random.below(4) {
            0 => ("s1", self.random.below(3) as u64),
            1 => ("s2", self.random.below(3) as u64),
            2 => ("s1", 0),
            _ => ("", 0),
        };
        let mut fields = Map::new();
        let mut set = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
        set("k", self.key());
        if let Some(user) = self.user() {
            set("u", user);
        }
        if let Some(value) = self.value() {
            set("v", value);
        }
        if let Some(number) = self.measure() {
            set("n", number);
        }
        Event {
            ts: i64::try_from(ts).unwrap_or(0),
            source: source.to_owned(),
            seq,
            // The order of ids is neither that of numbers nor that of times.
            eid: numbered(number * 37 % 101 + 1),
            fields,
        }
    }

    fn key(&mut self) -> Value {
        let letter = |maker: &mut Self| json!(LETTERS[maker.random.below(4)]);
        match self.random.below(6) {
            0 => json!([letter(self), letter(self)]),
            1 => json!("a"),
            _ => letter(self),
        }
    }

    fn user(&mut self) -> Option<Value> {
        if self.shape.is_keyed {
            return Some(json!(USERS[self.random.below(USERS.len())]));
        }
        Some(match self.random.below(14) {
            0 => return None,
            1 => Value::Null,
            2 => json!([]),
            3 => json!(["x", null, "y", "x"]),
            4 => json!(USERS[self.random.below(USERS.len())]),
            5 => {
                let count = 62 + self.random.below(4);
                match self.once_in(6) {
                    true => json!(
                        (0..count).map(|at| format!("u{at}")).chain(["x".to_owned()]).collect::<Vec<_>>()
                    ),
                    false => json!({"o": 1}),
                }
            }
            6 => json!(["x", {"o": 1}]),
            _ => json!("x"),
        })
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.random.below(8) {
            0 => return None,
            1 => json!(4624),
            2 => json!("4624"),
            3 => json!(["x", "4624"]),
            4 => json!(true),
            5 => json!("true"),
            _ => json!(USERS[self.random.below(3)]),
        })
    }

    fn measure(&mut self) -> Option<Value> {
        Some(match self.random.below(12) {
            0 => return None,
            1 => json!("two"),
            2 => json!("2.50"),
            3 => json!("7"),
            4 => json!([1, "3", null, "x", 0.1]),
            5 => json!(-2),
            6 => json!(0.1),
            7 => json!(1e40),
            _ => json!(self.random.below(6)),
        })
    }
}
