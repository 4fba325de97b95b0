//! The tables, by version. A step is never changed once it has been released: the next one is added behind it.

use rusqlite::Connection;

use crate::catalog::sql::failed;
use crate::{Error, Result};

/// Marks the file as ours, where SQLite files have a number for that: "Sigy".
const APPLICATION: i32 = 0x5369_6779;

/// What brings a database from version n to n + 1.
const STEPS: &[&str] = &[
    concat!(
        include_str!("schema/signals.sql"),
        include_str!("schema/operation.sql"),
        include_str!("schema/people.sql")
    ),
    include_str!("schema/hunts.sql"),
    include_str!("schema/respond.sql"),
    include_str!("schema/hunt_texts.sql"),
];

pub(super) fn migrate(connection: &Connection) -> Result<()> {
    let number =
        |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(failed);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION && tables > 0 {
        return Err(Error::refused("this database belongs to another program"));
    }
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(steps) = STEPS.get(done..) else {
        return Err(Error::refused(format!(
            "the catalog has version {version}; this program knows versions up to {}",
            STEPS.len()
        )));
    };
    for (at, step) in steps.iter().enumerate() {
        // All of a step or nothing of it, its number included.
        let next = done + at + 1;
        let script = format!(
            "BEGIN IMMEDIATE; {step} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {next}; COMMIT;"
        );
        if let Err(error) = connection.execute_batch(&script) {
            // If even this fails the connection is closed with the error, and nothing of the step remains.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(failed(error));
        }
    }
    Ok(())
}
