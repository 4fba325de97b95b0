//! A copy of the catalog, made while work goes on, to be handed out.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigyn_store::catalog::Tx;

use crate::{Error, Node, Result, now};

/// What the copy is called while it is made. Being in the data folder, nobody else can read it, and what has no room fails
/// before anything is handed out.
const NAME: &str = "catalog-copy.db";

/// A copy of the catalog. It has no name any more: its room is free again when this is dropped, whatever happens.
#[derive(Debug)]
pub struct Copy {
    /// All of it, from the start.
    pub file: File,
    /// How long it is.
    pub bytes: u64,
    _turn: Turn,
}

/// Whether a copy is being made or handed out.
#[derive(Debug, Default)]
pub(crate) struct Copying(Arc<AtomicBool>);

impl Copying {
    fn turn(&self) -> Option<Turn> {
        let taken = self.0.swap(true, Ordering::AcqRel);
        (!taken).then(|| Turn(Arc::clone(&self.0)))
    }
}

/// The only one who copies; the next may when it is dropped.
#[derive(Debug)]
struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Copies the catalog as it is at one moment. `beside` writes into the audit trail that somebody has it done, before it is, so
/// that the copy itself tells.
///
/// # Errors
/// [`Error::is_conflict`] while there is another copy, or what the disk or the catalog says.
pub fn back_up(node: &Node, beside: impl FnOnce(&Tx<'_>, i64) -> sigyn_store::Result<()>) -> Result<Copy> {
    let Some(turn) = node.copying().turn() else {
        return Err(Error::conflict("a copy is being made or fetched already"));
    };
    node.catalog().write(|tx| beside(tx, now()))?;
    sweep(node)?;
    let path = path(node);
    let copied = node.catalog().back_up(&path).map_err(Error::from);
    let opened = copied.and_then(|()| {
        let found = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, file) = found.map_err(|error| Error::io("the copy cannot be read", error))?;
        Ok(Copy { file, bytes, _turn: turn })
    });
    // Also what was written before it failed.
    let swept = sweep(node);
    let copy = opened?;
    swept?;
    Ok(copy)
}

/// Removes a copy that a crash has left.
pub(crate) fn sweep(node: &Node) -> Result<()> {
    match std::fs::remove_file(path(node)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::io(format!("{NAME} cannot be removed"), error))
        }
        _ => Ok(()),
    }
}

fn path(node: &Node) -> PathBuf {
    node.data().join(NAME)
}
