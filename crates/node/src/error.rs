//! What can go wrong, told apart by what a caller does about it.

use std::fmt;
use std::io;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Something could not be done. [`fmt::Display`] says what, `source` why.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    Store(sigyn_store::Error),
    Io(String, io::Error),
    Invalid(String),
    Missing(String),
    TooMany(String),
    Conflict(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, error: io::Error) -> Self {
        Self(Kind::Io(what.into(), error))
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self(Kind::Invalid(what.into()))
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self(Kind::Missing(what.into()))
    }

    pub(crate) fn too_many(what: impl Into<String>) -> Self {
        Self(Kind::TooMany(what.into()))
    }

    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self(Kind::Conflict(what.into()))
    }

    /// What happened and why, down to the last cause, in a line.
    pub fn told(&self) -> String {
        told(self)
    }

    /// What the store says, if it is the store that failed.
    pub fn store(&self) -> Option<&sigyn_store::Error> {
        match &self.0 {
            Kind::Store(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the call itself has no meaning; trying again does not help.
    pub fn is_invalid(&self) -> bool {
        matches!(self.0, Kind::Invalid(_)) || self.store().is_some_and(sigyn_store::Error::is_invalid)
    }

    /// Whether too much waits already; later it may be taken.
    pub fn is_overloaded(&self) -> bool {
        matches!(self.0, Kind::TooMany(_)) || self.store().is_some_and(sigyn_store::Error::is_overloaded)
    }

    /// Whether somebody else was faster.
    pub fn is_conflict(&self) -> bool {
        matches!(self.0, Kind::Conflict(_)) || self.store().is_some_and(sigyn_store::Error::is_conflict)
    }

    /// Whether something in store is not as it was written.
    pub fn is_damaged(&self) -> bool {
        self.store().is_some_and(sigyn_store::Error::is_damaged)
    }

    /// Whether what is named is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self.0, Kind::Missing(_)) || self.store().is_some_and(sigyn_store::Error::is_missing)
    }
}

/// An error and its causes in a line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl From<sigyn_store::Error> for Error {
    fn from(error: sigyn_store::Error) -> Self {
        Self(Kind::Store(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Store(error) => error.fmt(f),
            Kind::Io(what, _)
            | Kind::Invalid(what)
            | Kind::Missing(what)
            | Kind::TooMany(what)
            | Kind::Conflict(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Store(error) => std::error::Error::source(error),
            Kind::Io(_, error) => Some(error),
            Kind::Invalid(_) | Kind::Missing(_) | Kind::TooMany(_) | Kind::Conflict(_) => None,
        }
    }
}
