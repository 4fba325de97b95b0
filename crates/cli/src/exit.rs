//! What the exit code of a run says.

use std::process::ExitCode;

/// How a run ended. Scripts rely on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything asked for was done.
    Clean,
    /// 1: done, but something was refused or found.
    Findings,
    /// 2: the call or what it names is wrong; nothing was done.
    BadInput,
    /// 3: a defect in Sigyn.
    Internal,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::BadInput => 2,
            Exit::Internal => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
