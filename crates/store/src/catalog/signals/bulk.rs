//! One change of many signals: those that were chosen, exactly, and back again.

use rusqlite::{params, params_from_iter};

use super::filter::details;
use super::triage::{Actor, Change};
use super::{Filter, code, count_at};
use crate::catalog::sql::int;
use crate::catalog::{Tx, View};
use crate::{Error, Id, Result};

/// Signals as they were chosen. What comes later and fits the filter too is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its number.
    pub number: i64,
    /// How many.
    pub count: u64,
}

/// What a bulk action did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Its number, to undo it by.
    pub action: i64,
    /// How many signals it changed: all of the selection that are still there.
    pub changed: u64,
}

/// What undoing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// How many are again as they were.
    pub restored: u64,
    /// How many somebody has changed since: they stay as they are.
    pub skipped: u64,
}

impl View<'_> {
    /// A selection that was made before.
    ///
    /// # Errors
    /// What the database says.
    pub fn selection(&self, number: i64) -> Result<Option<Selection>> {
        let sql = "SELECT n, count FROM selections WHERE n = ?1";
        self.one(sql, [number], |row| Ok(Selection { number: row.get(0)?, count: count_at(row, 1)? }))
    }
}

impl Tx<'_> {
    /// Freezes what a filter finds now. More than `count_max` is refused.
    ///
    /// # Errors
    /// [`Error::is_invalid`] if there are more, or for a filter with an unknown word; what the database says.
    pub fn select_signals(&self, filter: &Filter, count_max: u64, actor: &Actor<'_>) -> Result<Selection> {
        let condition = self.condition(filter)?;
        let number = self.add_selection(actor)?;
        let sql = format!(
            "INSERT INTO selection_items (selection, signal) SELECT {number}, s.n FROM signals s{} WHERE {} LIMIT {}",
            details(filter),
            condition.sql,
            int(count_max.saturating_add(1))
        );
        let count = self.run(&sql, params_from_iter(condition.params))? as u64;
        if count > count_max {
            return Err(Error::invalid(format!("more than {count_max} signals at once")));
        }
        self.finish_selection(number, count)
    }

    /// Freezes signals that were picked one by one. Those that are not there are not counted.
    ///
    /// # Errors
    /// What the database says.
    pub fn pick_signals(&self, ids: &[Id], actor: &Actor<'_>) -> Result<Selection> {
        let number = self.add_selection(actor)?;
        let sql = "INSERT OR IGNORE INTO selection_items (selection, signal) SELECT ?1, n FROM signals WHERE id = ?2";
        let mut count = 0;
        for id in ids {
            count += self.run(sql, params![number, id.0])? as u64;
        }
        self.finish_selection(number, count)
    }

    fn add_selection(&self, actor: &Actor<'_>) -> Result<i64> {
        let sql = "INSERT INTO selections (at, who, count) VALUES (?1, ?2, 0)";
        self.insert(sql, params![actor.at, self.name(actor.name)?])
    }

    fn finish_selection(&self, number: i64, count: u64) -> Result<Selection> {
        self.run("UPDATE selections SET count = ?2 WHERE n = ?1", params![number, int(count)])?;
        Ok(Selection { number, count })
    }

    /// Changes all signals of a selection.
    ///
    /// # Errors
    /// [`Error::is_missing`] if there is no such selection, [`Error::is_invalid`] as for one signal, what the database says.
    pub fn change_selection(&self, selection: i64, change: &Change<'_>, actor: &Actor<'_>) -> Result<Bulk> {
        change.check()?;
        if self.selection(selection)?.is_none() {
            return Err(Error::missing(format!("there is no selection {selection}")));
        }
        let (who, assignee) = (self.name(actor.name)?, self.name_or_null(change.assignee.flatten())?);
        let (status, verdict) = (change.status.map(code), change.verdict.map(code));
        let action = self.insert(
            "INSERT INTO actions (selection, at, who, changed) VALUES (?1, ?2, ?3, 0)",
            params![selection, actor.at, who],
        )?;
        let changed = self.run(
            "INSERT INTO action_items (action, signal, status, verdict, assignee, reason, version_after) \
             SELECT ?1, s.n, s.status, s.verdict, s.assignee, d.reason, s.version + 1 FROM selection_items i \
             JOIN signals s ON s.n = i.signal JOIN signal_details d ON d.n = s.n WHERE i.selection = ?2",
            params![action, selection],
        )? as u64;
        self.run(
            "UPDATE signals SET status = coalesce(?2, status), \
             verdict = CASE WHEN ?2 IS NULL THEN verdict ELSE ?3 END, \
             assignee = CASE WHEN ?4 THEN ?5 ELSE assignee END, version = version + 1 \
             WHERE n IN (SELECT signal FROM action_items WHERE action = ?1)",
            params![action, status, verdict, change.assignee.is_some(), assignee],
        )?;
        if status.is_some() {
            self.run(
                "UPDATE signal_details SET reason = ?2 WHERE n IN (SELECT signal FROM action_items WHERE action = ?1)",
                params![action, change.reason],
            )?;
        }
        self.run(
            "INSERT INTO signal_history (signal, at, who, action, status, verdict, assignee, note) \
             SELECT signal, ?2, ?3, ?1, ?4, ?5, ?6, ?7 FROM action_items WHERE action = ?1",
            params![action, actor.at, who, status, verdict, assignee, change.text()],
        )?;
        self.run("UPDATE actions SET changed = ?2 WHERE n = ?1", params![action, int(changed)])?;
        Ok(Bulk { action, changed })
    }

    /// Puts the signals of a bulk action back as they were, but for those that somebody has changed since.
    ///
    /// # Errors
    /// [`Error::is_missing`] if there was no such action, [`Error::is_conflict`] if it is undone already, what the
    /// database says.
    pub fn undo_action(&self, action: i64, actor: &Actor<'_>) -> Result<Undone> {
        let sql = "UPDATE actions SET undone_at = ?2 WHERE n = ?1 AND undone_at IS NULL RETURNING changed";
        let Some(changed) = self.one(sql, params![action, actor.at], |row| count_at(row, 0))? else {
            let found = self.one("SELECT 1 FROM actions WHERE n = ?1", [action], |_| Ok(()))?;
            return Err(match found {
                Some(()) => Error::conflict(format!("action {action} is undone already")),
                None => Error::missing(format!("there was no action {action}")),
            });
        };
        // What is not restored is taken off the list first, so that all that follows speaks of the same signals.
        self.run(
            "DELETE FROM action_items WHERE action = ?1 AND NOT EXISTS \
             (SELECT 1 FROM signals s WHERE s.n = signal AND s.version = version_after)",
            [action],
        )?;
        self.run(
            "UPDATE signal_details SET reason = i.reason FROM action_items i \
             WHERE i.action = ?1 AND signal_details.n = i.signal",
            [action],
        )?;
        let restored = self.run(
            "UPDATE signals SET status = i.status, verdict = i.verdict, assignee = i.assignee, version = version + 1 \
             FROM action_items i WHERE i.action = ?1 AND signals.n = i.signal",
            [action],
        )? as u64;
        self.run(
            "INSERT INTO signal_history (signal, at, who, action, status, verdict, assignee, note) \
             SELECT signal, ?2, ?3, ?1, status, verdict, assignee, 'undone' FROM action_items WHERE action = ?1",
            params![action, actor.at, self.name(actor.name)?],
        )?;
        Ok(Undone { restored, skipped: changed - restored })
    }
}
