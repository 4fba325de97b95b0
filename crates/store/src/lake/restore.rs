//! An event put together again from its shape and the values at its leaves.

use std::collections::HashSet;

use sigyn_event::write_string;

use super::names::push_key;
use super::shred::members;
use crate::{Error, Result};

/// A value of a column in an event's row.
pub(super) enum Cell<'c> {
    Text(&'c str),
    Json(&'c str),
}

/// Writes the event of a row. `cell` gives the value of the row in a field's columns, if it has one; `rest` is the row's JSON
/// of the values without a column.
pub(super) fn restore<'c>(
    shape: &str,
    rest: Option<&str>,
    cell: &impl Fn(&str) -> Option<Cell<'c>>,
) -> Result<String> {
    let rest = rest.and_then(members).unwrap_or_default();
    let mut row =
        Row { out: String::new(), name: String::new(), used: HashSet::new(), rest: rest.into_iter(), cell };
    row.write(shape)?;
    Ok(row.out)
}

struct Row<'r, F, R> {
    out: String,
    name: String,
    /// Fields whose column has been used: a second value of the same field stands in the rest.
    used: HashSet<String>,
    rest: R,
    cell: &'r F,
}

impl<'c, 'j, F, R> Row<'_, F, R>
where
    F: Fn(&str) -> Option<Cell<'c>>,
    R: Iterator<Item = (std::borrow::Cow<'j, str>, &'j str)>,
{
    fn write(&mut self, shape: &str) -> Result<()> {
        let Some(members) = members(shape) else { return self.write_leaf() };
        self.out.push('{');
        for (at, (key, inner)) in members.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_string(&mut self.out, key);
            self.out.push(':');
            let length = self.name.len();
            push_key(&mut self.name, key);
            self.write(inner)?;
            self.name.truncate(length);
        }
        self.out.push('}');
        Ok(())
    }

    fn write_leaf(&mut self) -> Result<()> {
        if !self.used.contains(&self.name)
            && let Some(cell) = (self.cell)(&self.name)
        {
            self.used.insert(self.name.clone());
            match cell {
                Cell::Text(text) => write_string(&mut self.out, text),
                Cell::Json(json) => self.out.push_str(json),
            }
            return Ok(());
        }
        match self.rest.next() {
            Some((name, json)) if name == self.name => {
                self.out.push_str(json);
                Ok(())
            }
            _ => Err(Error::damaged(format!("an event in the lake has no value for {}", self.name))),
        }
    }
}
