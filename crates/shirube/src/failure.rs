//! Why a command ended without an answer.

use crate::packs::PackFilesError;
use std::path::PathBuf;

/// A command's failure. Exit code 2 for what the caller can mend by calling differently, 3 for the rest.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The pack's files could not be read.
    #[error(transparent)]
    PackFiles(#[from] PackFilesError),
    /// The pack has mistakes.
    #[error("the pack has {0} mistakes: run `shirube check` and mend them")]
    PackMistakes(usize),
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
    Store(Box<shirube_store::StoreError>),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(#[from] shirube_snapshot::SnapshotError),
    /// An indicator.
    #[error(transparent)]
    Indicator(Box<shirube_indicator::IndicatorError>),
    /// A file in.
    #[error(transparent)]
    Import(Box<shirube_exchange::import::ImportError>),
    /// A file out.
    #[error(transparent)]
    Export(#[from] shirube_exchange::export::ExportError),
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

impl From<shirube_store::StoreError> for Failure {
    fn from(error: shirube_store::StoreError) -> Self {
        Failure::Store(Box::new(error))
    }
}

impl From<shirube_indicator::IndicatorError> for Failure {
    fn from(error: shirube_indicator::IndicatorError) -> Self {
        Failure::Indicator(Box::new(error))
    }
}

impl From<shirube_exchange::import::ImportError> for Failure {
    fn from(error: shirube_exchange::import::ImportError) -> Self {
        Failure::Import(Box::new(error))
    }
}

impl Failure {
    /// Exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::PackFiles(_) | Failure::PackMistakes(_) | Failure::Unknown { .. } | Failure::Misuse(_) => 2,
            _ => 3,
        }
    }
}
