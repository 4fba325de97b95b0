//! What can go wrong, told apart by what a caller does about it.

use std::{fmt, io};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Something was not stored, or could not be read. [`fmt::Display`] says what, `source` why.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No space left.
    Full,
    /// More is waiting than may wait.
    Overloaded,
    /// More at once than is ever taken.
    TooLarge,
    /// Stored bytes are not what was stored.
    Damaged,
    /// What is named is not there.
    Missing,
    /// Somebody else has changed it, or it is there already.
    Conflict,
    /// The caller asks for something that has no meaning.
    Invalid,
    /// Files that another process has, or that a newer version wrote.
    Refused,
    /// Everything else that a disk or the database says.
    Failed,
}

impl Error {
    /// Whether there is no space left. Nothing was stored; it can be tried again when there is.
    pub fn is_full(&self) -> bool {
        self.kind == Kind::Full
    }

    /// Whether more is waiting to be written than may wait. Nothing was stored; it can be tried again soon.
    pub fn is_overloaded(&self) -> bool {
        self.kind == Kind::Overloaded
    }

    /// Whether it is more at once than is ever taken. Nothing was stored; in smaller parts it can be.
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// Whether stored bytes are damaged.
    pub fn is_damaged(&self) -> bool {
        self.kind == Kind::Damaged
    }

    /// Whether what is named is not there.
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// Whether it is there already, or has been changed by somebody else since it was read.
    pub fn is_conflict(&self) -> bool {
        self.kind == Kind::Conflict
    }

    /// Whether the call itself has no meaning; trying again does not help.
    pub fn is_invalid(&self) -> bool {
        self.kind == Kind::Invalid
    }

    /// Whether the files belong to another process or to a newer version of this program.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }

    pub(crate) fn overloaded(what: impl Into<String>) -> Self {
        Self::new(Kind::Overloaded, what)
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::new(Kind::TooLarge, what)
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::new(Kind::Damaged, what)
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::new(Kind::Missing, what)
    }

    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, what)
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, what)
    }

    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::new(Kind::Refused, what)
    }

    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::new(Kind::Failed, what)
    }

    /// An error of a disk; a full one is told apart.
    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::Full,
            io::ErrorKind::NotFound => Kind::Missing,
            io::ErrorKind::InvalidData => Kind::Damaged,
            _ => Kind::Failed,
        };
        Self::new(kind, what).because(source)
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same once more, for each of several callers that waited for one write.
    pub(crate) fn again(&self) -> Self {
        let source = self.source.as_ref().map(ToString::to_string);
        Self { kind: self.kind, what: self.what.clone(), source: source.map(Into::into) }
    }

    fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
