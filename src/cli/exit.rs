//! How a run ends: one exit code for each class of outcome, and the next move for each failure.
//! Never says 2 for a failure: that is "changes are pending".

use std::process::ExitCode;

use super::files::FileError;
use crate::apply::ApplyError;
use crate::journal::past::NoPast;
use crate::ops::adopt::AdoptError;
use crate::ops::export::ExportError;
use crate::ops::promote::PromoteError;
use crate::ops::rollback::RollbackError;
use crate::ops::trash::TrashError;
use crate::package::PackageError;
use crate::source::SourceError;
use crate::target::TargetError;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    Done = 0,
    Error = 1,
    Pending = 2,
    Locked = 10,
    Stale = 11,
    Refused = 12,
    BadPackage = 13,
    Partial = 14,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}

/// A run that did not do what was asked. Nothing was changed, unless the message says so.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    /// None where everything has been said already.
    pub message: Option<String>,
    pub help: Option<String>,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: Some(message.into()), help: None }
    }

    pub fn error(message: impl Into<String>) -> Failure {
        Failure::new(Code::Error, message)
    }

    /// A failure that was printed in full already.
    pub fn said(code: Code) -> Failure {
        Failure { code, message: None, help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        Failure::error(error.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::error(error.to_string())
    }
}

impl From<PackageError> for Failure {
    fn from(error: PackageError) -> Failure {
        let help = match &error {
            PackageError::NotSigned | PackageError::SignedByOthers { .. } => {
                "sign it: reconcile package sign FILE.zip --key KEY; nothing in it was used"
            }
            _ => "nothing in it was used; make the package again",
        };
        Failure::new(Code::BadPackage, error.to_string()).help(help)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        Failure::error(error.to_string())
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Failure {
        match &error {
            TargetError::Locked { .. } => {
                Failure::new(Code::Locked, error.to_string()).help("wait until it is done, and try again")
            }
            TargetError::Suspended { .. } => Failure::new(Code::Refused, error.to_string())
                .help("nothing was changed; go on with: reconcile resume -e ENV"),
            TargetError::Busy { .. } => Failure::new(Code::Locked, error.to_string())
                .help("nothing was changed; try again when the others are done"),
            TargetError::Superseded { .. } => {
                Failure::new(Code::Locked, error.to_string()).help("nothing was changed")
            }
            TargetError::Newer { .. } => Failure::error(error.to_string()).help("use the newer `reconcile`"),
            TargetError::Open { .. } | TargetError::Failed { .. } | TargetError::Record { .. } => {
                Failure::error(error.to_string())
            }
        }
    }
}

impl From<AdoptError> for Failure {
    fn from(error: AdoptError) -> Failure {
        let message = error.to_string();
        match error {
            AdoptError::NothingSelected(_) => {
                Failure::error(message).help("see what there is with `reconcile adopt --plan`")
            }
            AdoptError::Target(error) => error.into(),
        }
    }
}

impl From<PromoteError> for Failure {
    fn from(error: PromoteError) -> Failure {
        let message = error.to_string();
        match error {
            PromoteError::NothingApplied(environment) => {
                Failure::error(message).help(format!("apply to it first: reconcile apply -e {environment}"))
            }
            PromoteError::LastFailed { environment, entry } => Failure::new(Code::Refused, message)
                .help(format!("see why with `reconcile show {entry} -e {environment}`, and apply again")),
            PromoteError::Drifted { environment, .. } => Failure::new(Code::Refused, message).help(format!(
                "see what moved with `reconcile drift -e {environment}`; with --allow-drift, what was applied is promoted all the same"
            )),
            PromoteError::Target(error) => error.into(),
        }
    }
}

impl From<RollbackError> for Failure {
    fn from(error: RollbackError) -> Failure {
        let message = error.to_string();
        match error {
            RollbackError::NoPast { environment, why, .. } => match *why {
                NoPast::NoEntry(_) => {
                    Failure::error(message).help(format!("list them: reconcile history -e {environment}"))
                }
                NoPast::TooOld { .. } => Failure::new(Code::Refused, message).help(format!(
                    "roll back to a later entry, or apply the revision of then: reconcile apply -e {environment} --rev REV"
                )),
                NoPast::NameTaken { .. } => Failure::new(Code::Refused, message)
                    .help("roll the later entries back one by one, the newest first"),
            },
            RollbackError::Target(error) => error.into(),
        }
    }
}

impl From<TrashError> for Failure {
    fn from(error: TrashError) -> Failure {
        let message = error.to_string();
        match error {
            TrashError::NoNumber { environment, .. } => {
                Failure::error(message).help(format!("see them: reconcile trash list -e {environment}"))
            }
            TrashError::Target(error) => error.into(),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        let message = error.to_string();
        match error {
            ApplyError::Refused { reasons } => {
                let reasons: Vec<String> = reasons.iter().map(|r| format!("\n  {r}")).collect();
                Failure::new(Code::Refused, message + ":" + &reasons.concat()).help(
                    "allow findings by name with --allow, or change what causes them; nothing was changed",
                )
            }
            ApplyError::Stale { .. } | ApplyError::FactsMoved { .. } => {
                Failure::new(Code::Stale, message).help("plan again; nothing was changed")
            }
            ApplyError::Target(error) => error.into(),
        }
    }
}
