//! A message before it has a form: what is kept in the outbox, and what templates see.

use serde::{Deserialize, Serialize};

use crate::text::line;
use crate::{Level, Subject};

/// Signals that a message names one by one.
pub const SIGNALS_MAX: usize = 5;
/// Entities that a message names.
const ENTITIES_MAX: usize = 8;
/// Characters of a title, of a value and of a sentence.
const TITLE_CHARS_MAX: usize = 200;
const VALUE_CHARS_MAX: usize = 120;
const WHY_CHARS_MAX: usize = 400;

/// What there is to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Whether it is a trial that tells of nothing.
    #[serde(default)]
    pub is_test: bool,
    /// The alert rule's name.
    pub alert_rule: String,
    /// The highest level of its signals.
    pub level: Level,
    /// The title of the first signal's rule.
    pub title: String,
    /// How many signals it tells of.
    pub count: u64,
    /// How many the group has had, those told before included.
    pub total: u64,
    /// When the first happened, in nanoseconds UTC.
    pub first: i64,
    /// When the last happened.
    pub last: i64,
    /// Whom they are about: kind and value.
    pub entities: Vec<(String, String)>,
    /// The first signals, as many as are named.
    pub signals: Vec<Line>,
}

/// A signal in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// That rule's title.
    pub title: String,
    /// How serious.
    pub level: Level,
    /// When, in nanoseconds UTC.
    pub ts: i64,
    /// Why it is there.
    pub why: String,
}

impl Notice {
    /// Adds a signal.
    pub fn add(&mut self, subject: &Subject) {
        if self.count == 0 {
            self.title = line(&subject.title, TITLE_CHARS_MAX);
            (self.first, self.last) = (subject.ts, subject.ts);
        }
        self.count += 1;
        self.total += 1;
        self.level = self.level.max(subject.level);
        self.first = self.first.min(subject.ts);
        self.last = self.last.max(subject.ts);
        for (kind, value) in &subject.entities {
            let entity = (kind.clone(), line(value, VALUE_CHARS_MAX));
            if self.entities.len() < ENTITIES_MAX && !self.entities.contains(&entity) {
                self.entities.push(entity);
            }
        }
        if self.signals.len() < SIGNALS_MAX {
            self.signals.push(Line {
                id: subject.id.clone(),
                rule: line(&subject.rule, VALUE_CHARS_MAX),
                title: line(&subject.title, TITLE_CHARS_MAX),
                level: subject.level,
                ts: subject.ts,
                why: line(&subject.why, WHY_CHARS_MAX),
            });
        }
    }

    /// Takes what there is to tell, and leaves the group as it goes on: nothing to tell, the total kept.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let left = Self { alert_rule: self.alert_rule.clone(), total: self.total, ..Self::default() };
        std::mem::replace(self, left)
    }

    /// A trial of a channel.
    pub fn test(channel: &str, now: i64) -> Self {
        let title = format!("Test of the channel {}", line(channel, VALUE_CHARS_MAX));
        Self { is_test: true, title, first: now, last: now, ..Self::default() }
    }

    /// The message in one line.
    pub fn headline(&self) -> String {
        if self.is_test {
            return format!("[test] {}", self.title);
        }
        let others = match self.count {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let of = self.entities.first().map(|(_, value)| format!(": {value}")).unwrap_or_default();
        format!("[{}] {}{others}{of}", self.level.name(), self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;

    #[test]
    fn signals_add_up_and_are_told_once() {
        let mut notice = Notice { alert_rule: "all".into(), ..Notice::default() };
        for at in 0..8 {
            let entities = vec![("address".to_owned(), format!("1.2.3.{at}"))];
            notice.add(&Subject { ts: 10 - at, entities, ..subject() });
        }
        notice.add(&Subject { level: Level::Critical, title: "b\r\nBcc: x".into(), ts: 99, ..subject() });
        let told = notice.take();
        let counts = [told.count, told.total, told.signals.len() as u64, told.entities.len() as u64];
        assert_eq!((counts, told.first, told.last), ([9, 9, 5, 8], 3, 99));
        assert_eq!(told.headline(), "[critical] SQL injection and 8 more: 1.2.3.0");
        assert_eq!((notice.count, notice.total), (0, 9));
        notice.add(&Subject { title: "b\r\nBcc: x".into(), ..subject() });
        assert_eq!(notice.headline(), "[high] b  Bcc: x: 1.2.3.4");
        assert_eq!((notice.count, notice.total), (1, 10));
        assert_eq!(Notice::test("ops", 5).headline(), "[test] Test of the channel ops");
    }
}
