//! What can go wrong with jobs.

use crate::error::{Error, pair};
use std::{io, path::Path};

/// A job that cannot be found, begun or kept.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such job (any more).
    #[error("there is no job {0}")]
    NoSuchJob(String),
    /// What was sent is not kept any more.
    #[error("the file of job {0} is not kept any more; send it again")]
    FileGone(String),
    /// The job is under way already.
    #[error("job {0} is under way already")]
    Running(String),
    /// Its notes do not read.
    #[error("the notes of the job cannot be read: {0}")]
    Unreadable(String),
    /// Its notes cannot be written.
    #[error("the notes of the job cannot be written: {0}")]
    Unwritable(String),
    /// The system refused.
    #[error("{path}: {error}")]
    File {
        /// Path.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

pub(super) fn file_error(path: &Path) -> impl FnOnce(io::Error) -> JobError {
    let path = path.display().to_string();
    move |error| JobError::File { path, error }
}

impl From<JobError> for Error {
    fn from(error: JobError) -> Error {
        match error {
            JobError::NoSuchJob(id) => Error::no("処理", "job", &id),
            JobError::FileGone(_) => Error::refused(
                409,
                "file-gone",
                pair("ファイルは残っていません", "The file is no longer kept"),
                pair("この処理で送られたファイルはもう保存されていません。", "The file of this job is no longer kept."),
                pair("取り込みの画面からもう一度送ってください。", "Send it again from the import page."),
            ),
            JobError::Running(_) => Error::refused(
                409,
                "running",
                pair("処理中です", "Under way already"),
                pair("この処理はすでに始まっています。", "This job is under way already."),
                pair("終わるまでお待ちください。", "Wait until it has ended."),
            ),
            other => Error::internal(other),
        }
    }
}
