//! Why there is no answer.

use std::time::Duration;
use tokio_postgres::error::{DbError, SqlState};

/// Why there is no answer. What is told of a refusal holds no values: the server would repeat them in its details.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refuses, or the connection broke.
    #[error("{}", said(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The connection stands, and nothing comes. It is of no use any more.
    #[error("no answer for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// There is no connection, and it is too early to try again.
    #[error("{0}")]
    Away(String),
    /// The system gives no means to wait.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl Error {
    /// The server's code, if it was the server that refused.
    pub fn code(&self) -> Option<&SqlState> {
        self.refusal().map(DbError::code)
    }

    fn refusal(&self) -> Option<&DbError> {
        match self {
            Error::Postgres(error) => error.as_db_error(),
            Error::Silent(_) | Error::Away(_) | Error::System(_) => None,
        }
    }

    /// Whether the connection is lost, or the server goes down or comes up; else it refused what was asked.
    pub fn is_lost(&self) -> bool {
        self.code().is_none_or(|code| ["08", "57P", "25P03"].iter().any(|class| code.code().starts_with(class)))
    }

    /// Whether a connection that stood broke, so that asking at once over another one is worth it.
    pub fn is_broken(&self) -> bool {
        matches!(self, Error::Postgres(_)) && self.is_lost()
    }

    /// Whether somebody else has the lock for too long.
    pub fn is_busy(&self) -> bool {
        self.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// Whether the table asked for is not there.
    pub fn is_absent(&self) -> bool {
        self.code() == Some(&SqlState::UNDEFINED_TABLE)
    }
}

fn said(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return refusal.message().to_string();
    }
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
