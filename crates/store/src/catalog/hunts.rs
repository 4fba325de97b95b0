//! Hunts over the lake: orders, progress, and what they found.
//!
//! One thread works off what waits. Detections have the ids that they would have had live, so a hunt that is run again
//! after a crash finds what it had found, and signals with the same ids are the same.

use rusqlite::{Row, params};

use crate::catalog::codes::{code, value_at};
use crate::catalog::sql::{count_at, failed, id_at, int, limit};
use crate::catalog::{Level, Named, Tx, View};
use crate::{Error, Id, Result};

/// What comes of the detections of a hunt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HuntKind {
    /// They are looked at.
    Hunt,
    /// They become signals: what a rule would have found, had it been there.
    BackFill,
}

impl Named for HuntKind {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Hunt, "hunt"), (Self::BackFill, "back_fill")];
}

/// Where a hunt is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HuntState {
    /// Others are before it.
    Waiting,
    /// It is at work.
    Running,
    /// It has looked at everything.
    Done,
    /// Somebody stopped it; what it had found is there.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl Named for HuntState {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Waiting, "waiting"),
        (Self::Running, "running"),
        (Self::Done, "done"),
        (Self::Cancelled, "cancelled"),
        (Self::Failed, "failed"),
    ];
}

/// An order.
#[derive(Clone, Copy, Debug)]
pub struct NewHunt<'h> {
    /// What names it.
    pub id: Id,
    /// What people call it.
    pub name: &'h str,
    /// What comes of its detections.
    pub kind: HuntKind,
    /// The uids of its rules; all that are in force if there are none.
    pub rules: &'h [String],
    /// The uid of a rule whose whole chain is meant, if it is one.
    pub chain: Option<&'h str>,
    /// Detections at or after, in nanoseconds UTC.
    pub since: i64,
    /// Before.
    pub until: i64,
    /// When it was ordered.
    pub made: i64,
    /// By whom.
    pub made_by: &'h str,
}

/// A hunt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewHunt`, unless said")]
pub struct Hunt {
    /// Its number, greater for later ones.
    pub number: i64,
    pub id: Id,
    pub name: String,
    pub kind: HuntKind,
    /// Where it is in its life.
    pub state: HuntState,
    pub rules: Vec<String>,
    pub chain: Option<String>,
    pub since: i64,
    pub until: i64,
    pub made: i64,
    pub made_by: String,
    /// When it last began.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// How often it has begun: more than once after a restart.
    pub runs: u64,
    /// How far it is.
    pub progress: HuntProgress,
    /// How many detections it has found.
    pub detections: u64,
    /// Whether there are more than are kept.
    pub is_truncated: bool,
    /// What is to be known of its result: damaged files, rules that held too much. One line each.
    pub remarks: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// How far a hunt is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HuntProgress {
    /// Files of the lake looked at, and in all.
    pub files: (u64, u64),
    /// Events looked at, and in all.
    pub events: (u64, u64),
}

/// What a rule has found in a hunt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HuntRule {
    /// The uid.
    pub rule: String,
    /// The title.
    pub title: String,
    /// The level.
    pub level: Level,
    /// How many.
    pub detections: u64,
}

/// A detection of a hunt, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HuntDetection {
    /// The id that the signal has, if there is one.
    pub id: Id,
    /// The rule's uid.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// How serious.
    pub level: Level,
    /// When, in nanoseconds UTC.
    pub ts: i64,
    /// The earliest event that contributed.
    pub first_seen: i64,
    /// The last.
    pub last_seen: i64,
    /// The group in one line.
    pub group: String,
    /// 0 to 100.
    pub risk: u8,
    /// How many events contributed.
    pub total: u64,
    /// Everything else, for whoever wrote it. When written, what is behind the text that it begins with.
    pub body: String,
    /// The number of that text, if there is one: [`Tx::add_hunt_texts`]. What is read is whole.
    pub begins: Option<u32>,
    /// Whether there is a signal of this id; not looked at when written.
    pub is_signal: bool,
}

/// Which detections of a hunt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HuntQuery {
    /// Of this rule.
    pub rule: Option<String>,
    /// At least of this level.
    pub level: Option<Level>,
    /// Only those of which there is a signal, or only those of which there is none.
    pub is_signal: Option<bool>,
    /// The oldest first; else the newest.
    pub is_oldest_first: bool,
    /// Behind this time and id.
    pub after: Option<(i64, Id)>,
    /// How many.
    pub count: usize,
}

const HUNT: &str = "SELECT n, id, name, kind, state, rules, chain, since, until, made, made_by, started, ended, runs, \
                    files, files_all, events, events_all, detections, is_truncated, remarks, error FROM hunts";

fn hunt(row: &Row<'_>) -> rusqlite::Result<Hunt> {
    let rules: String = row.get(5)?;
    Ok(Hunt {
        number: row.get(0)?,
        id: id_at(row, 1)?,
        name: row.get(2)?,
        kind: value_at(row, 3)?,
        state: value_at(row, 4)?,
        rules: serde_json::from_str(&rules).unwrap_or_default(),
        chain: row.get(6)?,
        since: row.get(7)?,
        until: row.get(8)?,
        made: row.get(9)?,
        made_by: row.get(10)?,
        started: row.get(11)?,
        ended: row.get(12)?,
        runs: count_at(row, 13)?,
        progress: HuntProgress {
            files: (count_at(row, 14)?, count_at(row, 15)?),
            events: (count_at(row, 16)?, count_at(row, 17)?),
        },
        detections: count_at(row, 18)?,
        is_truncated: row.get(19)?,
        remarks: row.get(20)?,
        error: row.get(21)?,
    })
}

const DETECTION: &str = "SELECT id, rule, title, level, ts, first_seen, last_seen, group_key, risk, total, \
                         coalesce((SELECT t.text FROM hunt_texts t WHERE t.hunt = d.hunt AND t.n = d.begins), '') || body, \
                         EXISTS (SELECT 1 FROM signals s WHERE s.id = d.id) FROM hunt_detections d";

fn detection(row: &Row<'_>) -> rusqlite::Result<HuntDetection> {
    Ok(HuntDetection {
        id: id_at(row, 0)?,
        rule: row.get(1)?,
        title: row.get(2)?,
        level: value_at(row, 3)?,
        ts: row.get(4)?,
        first_seen: row.get(5)?,
        last_seen: row.get(6)?,
        group: row.get(7)?,
        risk: row.get(8)?,
        total: count_at(row, 9)?,
        body: row.get(10)?,
        begins: None,
        is_signal: row.get(11)?,
    })
}

impl View<'_> {
    /// Hunts, the newest first: those before a number, if it is given.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunts(&self, before: Option<i64>, count: usize) -> Result<Vec<Hunt>> {
        let sql = format!("{HUNT} WHERE ?1 IS NULL OR n < ?1 ORDER BY n DESC LIMIT ?2");
        self.all(&sql, params![before, limit(count)], hunt)
    }

    /// A hunt.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunt(&self, id: Id) -> Result<Option<Hunt>> {
        self.one(&format!("{HUNT} WHERE id = ?1"), [id.0], hunt)
    }

    /// The hunt to work on next: the oldest that runs, left by a crash, else the oldest that waits.
    ///
    /// # Errors
    /// What the database says.
    pub fn next_hunt(&self) -> Result<Option<Hunt>> {
        let sql = format!("{HUNT} WHERE state IN (?1, ?2) ORDER BY state DESC, n LIMIT 1");
        self.one(&sql, params![code(HuntState::Waiting), code(HuntState::Running)], hunt)
    }

    /// How many hunts wait or run.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunts_to_do(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM hunts WHERE state IN (?1, ?2)";
        let states = params![code(HuntState::Waiting), code(HuntState::Running)];
        Ok(self.one(sql, states, |row| count_at(row, 0))?.unwrap_or(0))
    }

    /// What each rule has found, the most serious first.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunt_rules(&self, id: Id) -> Result<Vec<HuntRule>> {
        let sql = "SELECT r.rule, r.title, r.level, r.detections FROM hunt_rules r JOIN hunts h ON h.n = r.hunt \
                   WHERE h.id = ?1 ORDER BY r.level DESC, r.detections DESC, r.rule";
        self.all(sql, [id.0], |row| {
            Ok(HuntRule {
                rule: row.get(0)?,
                title: row.get(1)?,
                level: value_at(row, 2)?,
                detections: count_at(row, 3)?,
            })
        })
    }

    /// Detections of a hunt.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunt_detections(&self, id: Id, query: &HuntQuery) -> Result<Vec<HuntDetection>> {
        let (order, behind) = if query.is_oldest_first {
            ("ASC", "(ts, id) > (?5, ?6)")
        } else {
            ("DESC", "(ts, id) < (?5, ?6)")
        };
        let sql = format!(
            "{DETECTION} WHERE hunt = (SELECT n FROM hunts WHERE id = ?1) AND (?2 IS NULL OR rule = ?2) \
             AND (?3 IS NULL OR level >= ?3) \
             AND (?4 IS NULL OR EXISTS (SELECT 1 FROM signals s WHERE s.id = d.id) = ?4) \
             AND (?5 IS NULL OR {behind}) ORDER BY ts {order}, id {order} LIMIT ?7"
        );
        let (ts, behind) = query.after.unzip();
        let params = params![
            id.0,
            query.rule,
            query.level.map(code),
            query.is_signal,
            ts,
            behind.map(|id| id.0),
            limit(query.count)
        ];
        self.all(&sql, params, detection)
    }

    /// A detection of a hunt.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunt_detection(&self, hunt: Id, id: Id) -> Result<Option<HuntDetection>> {
        let sql = format!("{DETECTION} WHERE hunt = (SELECT n FROM hunts WHERE id = ?1) AND id = ?2");
        self.one(&sql, params![hunt.0, id.0], detection)
    }
}

impl Tx<'_> {
    /// Orders a hunt.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if there is one of that id; what the database says.
    pub fn add_hunt(&self, new: &NewHunt<'_>) -> Result<()> {
        let rules = serde_json::to_string(new.rules)
            .map_err(|error| Error::failed("rules of a hunt").because(error))?;
        let sql = "INSERT INTO hunts (id, name, kind, state, rules, chain, since, until, made, made_by) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.run(
            sql,
            params![
                new.id.0,
                new.name,
                code(new.kind),
                code(HuntState::Waiting),
                rules,
                new.chain,
                new.since,
                new.until,
                new.made,
                new.made_by
            ],
        )?;
        Ok(())
    }

    /// Begins a hunt, anew if it had been begun before: what it had found goes, and is found again.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it neither waits nor runs; what the database says.
    pub fn begin_hunt(&self, id: Id, at: i64) -> Result<()> {
        let sql = "UPDATE hunts SET state = ?2, started = ?3, ended = NULL, runs = runs + 1, files = 0, events = 0, \
                   detections = 0, is_truncated = 0, remarks = '', error = NULL WHERE id = ?1 AND state IN (?2, ?4)";
        let states = params![id.0, code(HuntState::Running), at, code(HuntState::Waiting)];
        if self.run(sql, states)? == 0 {
            return Err(Error::conflict(format!("the hunt {id} is over")));
        }
        for table in ["hunt_rules", "hunt_detections", "hunt_texts"] {
            let sql = format!("DELETE FROM {table} WHERE hunt = (SELECT n FROM hunts WHERE id = ?1)");
            self.run(&sql, [id.0])?;
        }
        Ok(())
    }

    /// Says how far a hunt is. Returns whether it is to go on: nobody has stopped it.
    ///
    /// # Errors
    /// What the database says.
    pub fn hunt_goes_on(&self, id: Id, progress: &HuntProgress) -> Result<bool> {
        let sql = "UPDATE hunts SET files = ?2, files_all = ?3, events = ?4, events_all = ?5 \
                   WHERE id = ?1 AND state = ?6";
        let HuntProgress { files, events } = progress;
        let running = code(HuntState::Running);
        let params = params![id.0, int(files.0), int(files.1), int(events.0), int(events.1), running];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Keeps detections of a hunt. One that is there stays as it is. Returns the places of those that were there.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_hunt_detections(&self, hunt: Id, found: &[HuntDetection]) -> Result<Vec<usize>> {
        let number = self.one("SELECT n FROM hunts WHERE id = ?1", [hunt.0], |row| row.get::<_, i64>(0))?;
        let Some(number) = number else { return Ok((0..found.len()).collect()) };
        let sql = "INSERT OR IGNORE INTO hunt_detections (hunt, id, rule, title, level, ts, first_seen, last_seen, \
                   group_key, risk, total, body, begins) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut repeated = Vec::new();
        // In the order of ids, so that those that stand on one page of their index are added one after the other.
        let mut order: Vec<(usize, &HuntDetection)> = found.iter().enumerate().collect();
        order.sort_by_key(|(_, one)| one.id);
        for (at, one) in order {
            let added = statement.execute(params![
                number,
                one.id.0,
                one.rule,
                one.title,
                code(one.level),
                one.ts,
                one.first_seen,
                one.last_seen,
                one.group,
                one.risk,
                int(one.total),
                one.body,
                one.begins
            ]);
            if added.map_err(failed)? == 0 {
                repeated.push(at);
            }
        }
        Ok(repeated)
    }

    /// Keeps texts that bodies of a hunt's detections begin with, by numbers of the caller's.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_hunt_texts(&self, hunt: Id, texts: &[(u32, String)]) -> Result<()> {
        let sql = "INSERT INTO hunt_texts (hunt, n, text) SELECT n, ?2, ?3 FROM hunts WHERE id = ?1";
        texts.iter().try_for_each(|(number, text)| self.run(sql, params![hunt.0, number, text]).map(drop))
    }

    /// Says what each rule has found so far, in all.
    ///
    /// # Errors
    /// What the database says.
    pub fn count_hunt(&self, hunt: Id, rules: &[HuntRule], is_truncated: bool) -> Result<()> {
        let sql = "INSERT INTO hunt_rules (hunt, rule, title, level, detections) \
                   SELECT n, ?2, ?3, ?4, ?5 FROM hunts WHERE id = ?1 \
                   ON CONFLICT (hunt, rule) DO UPDATE SET detections = excluded.detections";
        for rule in rules {
            self.run(sql, params![hunt.0, rule.rule, rule.title, code(rule.level), int(rule.detections)])?;
        }
        let all: u64 = rules.iter().map(|rule| rule.detections).sum();
        let sql = "UPDATE hunts SET detections = ?2, is_truncated = ?3 WHERE id = ?1";
        self.run(sql, params![hunt.0, int(all), is_truncated]).map(drop)
    }

    /// Ends a hunt that runs. Returns whether it did.
    ///
    /// # Errors
    /// What the database says.
    pub fn end_hunt(&self, id: Id, at: i64, remarks: &str, failure: Option<&str>) -> Result<bool> {
        let state = if failure.is_some() { HuntState::Failed } else { HuntState::Done };
        let sql =
            "UPDATE hunts SET state = ?2, ended = ?3, remarks = ?4, error = ?5 WHERE id = ?1 AND state = ?6";
        let params = params![id.0, code(state), at, remarks, failure, code(HuntState::Running)];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Stops a hunt that waits or runs. Returns whether there was something to stop.
    ///
    /// # Errors
    /// What the database says.
    pub fn cancel_hunt(&self, id: Id, at: i64) -> Result<bool> {
        let sql = "UPDATE hunts SET state = ?2, ended = ?3 WHERE id = ?1 AND state IN (?4, ?5)";
        let (waiting, running) = (code(HuntState::Waiting), code(HuntState::Running));
        let params = params![id.0, code(HuntState::Cancelled), at, waiting, running];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Forgets a hunt with everything that it found. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it runs; what the database says.
    pub fn remove_hunt(&self, id: Id) -> Result<bool> {
        if self.hunt(id)?.is_some_and(|hunt| hunt.state == HuntState::Running) {
            return Err(Error::conflict("the hunt runs: cancel it first"));
        }
        self.run("DELETE FROM hunts WHERE id = ?1", [id.0]).map(|count| count > 0)
    }

    /// Forgets the oldest hunts that are over, beyond a number. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn trim_hunts(&self, count_max: usize) -> Result<usize> {
        let sql = "DELETE FROM hunts WHERE state NOT IN (?1, ?2) AND n <= \
                   (SELECT n FROM hunts ORDER BY n DESC LIMIT 1 OFFSET ?3)";
        let (waiting, running) = (code(HuntState::Waiting), code(HuntState::Running));
        self.run(sql, params![waiting, running, limit(count_max)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn found(number: u64, rule: &str, level: Level) -> HuntDetection {
        HuntDetection {
            id: Id::from(u128::from(number)),
            rule: rule.to_owned(),
            title: rule.to_uppercase(),
            level,
            ts: i64::try_from(number / 2).unwrap(),
            first_seen: 0,
            last_seen: 0,
            group: String::new(),
            risk: 1,
            total: 1,
            body: "{}".to_owned(),
            begins: None,
            is_signal: false,
        }
    }

    fn order(catalog: &Catalog, number: u128) -> Id {
        let id = Id::from(number);
        let new = NewHunt {
            id,
            name: "night",
            kind: HuntKind::Hunt,
            rules: &["a".to_owned()],
            chain: None,
            since: 0,
            until: 100,
            made: 1,
            made_by: "anna",
        };
        catalog.write(|tx| tx.add_hunt(&new)).unwrap();
        id
    }

    #[test]
    fn a_hunt_begins_anew_after_a_crash_and_counts_each_detection_once() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.db")).unwrap();
        let (first, second) = (order(&catalog, 1), order(&catalog, 2));
        let next = || catalog.read(|view| view.next_hunt()).unwrap().map(|hunt| hunt.id);
        assert_eq!(next(), Some(first));
        let all: Vec<_> = (0..20).map(|at| found(at, ["a", "b"][at as usize % 2], Level::High)).collect();
        let run = |at: i64| {
            catalog
                .write(|tx| {
                    tx.begin_hunt(first, at)?;
                    let progress = HuntProgress { files: (1, 2), events: (5, 10) };
                    assert!(tx.hunt_goes_on(first, &progress)?);
                    assert!(tx.add_hunt_detections(first, &all)?.is_empty());
                    assert_eq!(tx.add_hunt_detections(first, &all)?.len(), 20);
                    let rule = |rule: &str| HuntRule {
                        rule: rule.to_owned(),
                        title: rule.to_uppercase(),
                        level: Level::High,
                        detections: 10,
                    };
                    tx.count_hunt(first, &[rule("a"), rule("b")], false)
                })
                .unwrap();
        };
        run(5);
        assert_eq!(next(), Some(first), "it runs, so nobody else has");
        run(6);
        let hunt = catalog.read(|view| view.hunt(first)).unwrap().unwrap();
        assert_eq!((hunt.runs, hunt.detections, hunt.progress.events), (2, 20, (5, 10)));
        assert!(catalog.write(|tx| tx.remove_hunt(first)).unwrap_err().is_conflict());
        assert!(catalog.write(|tx| tx.end_hunt(first, 9, "one\ntwo", None)).unwrap());
        assert!(!catalog.write(|tx| tx.cancel_hunt(first, 9)).unwrap(), "it is over");
        assert_eq!(next(), Some(second));
        assert!(catalog.write(|tx| tx.cancel_hunt(second, 9)).unwrap());
        assert!(!catalog.write(|tx| tx.hunt_goes_on(second, &HuntProgress::default())).unwrap());
        assert!(catalog.write(|tx| tx.begin_hunt(second, 9)).unwrap_err().is_conflict());
        assert_eq!(next(), None);
        assert!(catalog.write(|tx| tx.remove_hunt(first)).unwrap());
        assert!(catalog.read(|view| view.hunt_rules(first)).unwrap().is_empty());
        let left = catalog.read(|view| view.hunts(None, 10)).unwrap();
        assert_eq!(left.iter().map(|hunt| hunt.id).collect::<Vec<_>>(), [second]);
    }

    #[test]
    fn what_bodies_begin_with_is_kept_once_and_read_with_each() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.db")).unwrap();
        let (hunt, other) = (order(&catalog, 1), order(&catalog, 2));
        let begun = |number: u64, begins: Option<u32>| HuntDetection {
            body: format!("end {number}"),
            begins,
            ..found(number, "a", Level::High)
        };
        let run = || {
            catalog.write(|tx| {
                for (hunt, text) in [(hunt, "one "), (other, "other ")] {
                    tx.begin_hunt(hunt, 1)?;
                    tx.add_hunt_texts(hunt, &[(0, text.to_owned()), (7, "seven ".to_owned())])?;
                }
                let all = [begun(3, Some(7)), begun(2, None), begun(1, Some(0)), begun(0, Some(0))];
                tx.add_hunt_detections(hunt, &all)
            })
        };
        assert!(run().unwrap().is_empty() && run().unwrap().is_empty(), "begun anew it has nothing");
        let query = HuntQuery { is_oldest_first: true, count: 10, ..HuntQuery::default() };
        let bodies: Vec<String> = catalog
            .read(|view| view.hunt_detections(hunt, &query))
            .unwrap()
            .into_iter()
            .map(|one| one.body)
            .collect();
        assert_eq!(bodies, ["one end 0", "one end 1", "end 2", "seven end 3"]);
        let one = catalog.read(|view| view.hunt_detection(hunt, Id::from(3))).unwrap().unwrap();
        assert_eq!((&*one.body, one.begins), ("seven end 3", None));
    }

    #[test]
    fn detections_are_paged_in_either_order_and_know_their_signals() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.db")).unwrap();
        let hunt = order(&catalog, 1);
        catalog
            .write(|tx| {
                tx.begin_hunt(hunt, 1)?;
                let levels = [Level::Low, Level::High];
                let all: Vec<_> = (0..10).map(|at| found(at, "a", levels[at as usize % 2])).collect();
                tx.add_hunt_detections(hunt, &all)?;
                tx.put_signal(&crate::catalog::NewSignal {
                    id: Id::from(3),
                    rule: "a",
                    title: "A",
                    level: Level::High,
                    ts: 1,
                    first_seen: 0,
                    last_seen: 0,
                    group: "",
                    tactic: None,
                    risk: 1,
                    total: 1,
                    revision: 0,
                    entities: &[],
                    body: "{}",
                })
                .map(drop)
            })
            .unwrap();
        let check = |query: HuntQuery, expect: &[u128]| {
            let (mut query, mut got) = (HuntQuery { count: 3, ..query }, Vec::new());
            loop {
                let page = catalog.read(|view| view.hunt_detections(hunt, &query)).unwrap();
                query.after = page.last().map(|last| (last.ts, last.id));
                got.extend(page.iter().map(|one| u128::from_be_bytes(one.id.0)));
                if page.len() < 3 {
                    break;
                }
            }
            assert_eq!(got, expect, "{query:?}");
        };
        check(HuntQuery::default(), &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        check(HuntQuery { is_oldest_first: true, ..HuntQuery::default() }, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        check(HuntQuery { level: Some(Level::Medium), ..HuntQuery::default() }, &[9, 7, 5, 3, 1]);
        check(HuntQuery { is_signal: Some(true), ..HuntQuery::default() }, &[3]);
        check(
            HuntQuery { is_signal: Some(false), level: Some(Level::High), ..HuntQuery::default() },
            &[9, 7, 5, 1],
        );
        check(HuntQuery { rule: Some("b".to_owned()), ..HuntQuery::default() }, &[]);
    }
}
