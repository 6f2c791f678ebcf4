//! Why a command ended without an answer.

use crate::commands::counted;
use crate::config::Mistake;
use crate::packs::PackFilesError;
use shirube_exchange::export::ExportError;
use shirube_exchange::import::ImportError;
use shirube_keyring::KeyringError;
use shirube_store::StoreError;
use std::path::PathBuf;

/// A command's failure. Exit code 2 for what the caller can mend by calling differently, 3 for the rest.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The pack's files could not be read.
    #[error(transparent)]
    PackFiles(#[from] PackFilesError),
    /// The pack has mistakes.
    #[error("the pack has {}: run `shirube check` to see and mend what is wrong", counted(*.0, "mistake", "mistakes"))]
    PackMistakes(usize),
    /// Settings cannot be taken.
    #[error("{} in the settings:\n{}", counted(.0.len(), "mistake", "mistakes"), lines(.0))]
    Settings(Vec<Mistake>),
    /// A word of the command line is not known to the pack.
    #[error("there is no {what} `{name}`: {known}")]
    Unknown {
        /// Register, indicator, assumption.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// How to find the right one.
        known: String,
    },
    /// A word of the command line cannot be read.
    #[error("{0}")]
    Misuse(String),
    /// The store.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(#[from] shirube_snapshot::SnapshotError),
    /// An indicator.
    #[error(transparent)]
    Indicator(Box<shirube_indicator::IndicatorError>),
    /// A file in.
    #[error(transparent)]
    Import(Box<ImportError>),
    /// A file out.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The folder of jobs.
    #[error(transparent)]
    Jobs(#[from] shirube_web::JobError),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] shirube_outbox::OutboxError),
    /// The mail server's settings.
    #[error(transparent)]
    Mail(#[from] shirube_outbox::mail::MailError),
    /// A key, or a file of keys.
    #[error("{place}: {cause}")]
    Key {
        /// The option or the file.
        place: String,
        /// What is wrong.
        cause: shirube_store::AgeError,
    },
    /// A file could not be read or written.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The network.
    #[error("cannot listen on {address}: {cause}; is another Shirube running? choose another address with --listen")]
    Listen {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Writing the answer.
    #[error("the answer could not be written: {0}")]
    Output(#[from] std::io::Error),
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(Box::new(error))
    }
}

impl From<shirube_indicator::IndicatorError> for Failure {
    fn from(error: shirube_indicator::IndicatorError) -> Self {
        Failure::Indicator(Box::new(error))
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        Failure::Import(Box::new(error))
    }
}

impl Failure {
    /// Whoever reads the answer has gone.
    pub fn is_closed_pipe(&self) -> bool {
        let (Failure::Output(cause) | Failure::Export(ExportError::Io(cause))) = self else { return false };
        cause.kind() == std::io::ErrorKind::BrokenPipe
    }

    /// Exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::PackFiles(_) | Failure::PackMistakes(_) | Failure::Settings(_) | Failure::Unknown { .. } | Failure::Misuse(_) => 2,
            Failure::Store(error)
                if matches!(**error, StoreError::OtherPack { .. } | StoreError::OlderPack { .. } | StoreError::PackChanged { .. }) =>
            {
                2
            }
            Failure::Store(error) if matches!(&**error, StoreError::Log(e) if e.is_misuse()) => 2,
            Failure::Store(error) if matches!(&**error, StoreError::Backup(e) if e.is_misuse()) => 2,
            Failure::Store(error) if matches!(**error, StoreError::Anchor(_)) => 2,
            Failure::Key { .. } | Failure::Keyring(KeyringError::Leaked { .. }) => 2,
            Failure::Import(error) if matches!(**error, ImportError::NoSuchRegister(_) | ImportError::ReasonRequired { .. }) => 2,
            Failure::File { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => 2,
            _ => 3,
        }
    }
}
