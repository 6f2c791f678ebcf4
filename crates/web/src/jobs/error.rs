//! What can go wrong with jobs.

use crate::error::{Error, pair};
use shirube_plan::Pair;
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
    /// Whoever asks has so many under way.
    #[error("{0} imports of yours are under way; wait until one has ended")]
    TooManyOfOne(usize),
    /// As many as may be are under way.
    #[error("as many imports are under way as the program takes; try again in a while")]
    TooMany,
    /// So many files of whoever asks wait for them.
    #[error("{0} files that you sent wait to be imported; import or cancel some of them first")]
    TooManyWaiting(usize),
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

fn too_many(problem: Pair, mend: Pair) -> Error {
    Error::refused(429, "too-many-imports", pair("取り込みが多すぎます", "Too many imports at once"), problem, mend)
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
            JobError::TooManyOfOne(n) => too_many(
                pair(format!("あなたの取り込みが{n}件、処理中です。"), format!("{n} imports of yours are under way.")),
                pair("どれかが終わってから、もう一度送ってください。", "Wait until one has ended, then send it again."),
            ),
            JobError::TooMany => too_many(
                pair("ほかの人の取り込みが、同時に処理できる数だけ進んでいます。", "As many imports are under way as the program takes."),
                pair("数分待ってから、もう一度送ってください。", "Wait some minutes, then send it again."),
            ),
            JobError::TooManyWaiting(n) => too_many(
                pair(
                    format!("あなたが送ったファイルが{n}件、取り込みを待っています。"),
                    format!("{n} files that you sent wait to be imported."),
                ),
                pair(
                    "「処理の一覧」で、要らないものを中止するか、取り込みを済ませてください。",
                    "Cancel those you do not need on the page of jobs, or import them.",
                ),
            ),
            other => Error::internal(other),
        }
    }
}
