//! What can go wrong for a reader, told in both languages; RFC 9457 for programs.

use crate::text::L;
use shirube_plan::Pair;
use shirube_snapshot::SnapshotError;
use shirube_store::StoreError;

/// A request that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The page or thing does not exist (or not yet, at the moment asked for).
    #[error("not found: {}", .0.en)]
    NotFound(Pair),
    /// A parameter cannot be read.
    #[error("bad request: {}", .problem.en)]
    BadRequest {
        /// What is wrong.
        problem: Pair,
        /// What to write instead.
        mend: Pair,
    },
    /// The reader may not see or do this.
    #[error("forbidden: {}", .0.en)]
    Forbidden(Pair),
    /// The address knows other methods only.
    #[error("method not allowed")]
    Method,
    /// A fault of ours; the detail goes to the log, not to the page.
    #[error("internal: {0}")]
    Internal(String),
}

/// Builds a [`Pair`] from two texts.
pub fn pair(ja: impl Into<String>, en: impl Into<String>) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

impl Error {
    /// Something of a kind with an id that is not there.
    pub fn no(kind_ja: &str, kind_en: &str, id: &str) -> Error {
        Error::NotFound(pair(format!("{kind_ja}「{id}」はありません。"), format!("There is no {kind_en} “{id}”.")))
    }

    /// Anything unexpected.
    pub fn internal(cause: impl std::fmt::Display) -> Error {
        Error::Internal(cause.to_string())
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound(_) => 404,
            Error::BadRequest { .. } => 400,
            Error::Forbidden(_) => 403,
            Error::Method => 405,
            Error::Internal(_) => 500,
        }
    }

    /// Stable name for programs; also the anchor on the help page.
    pub fn slug(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "not-found",
            Error::BadRequest { .. } => "bad-request",
            Error::Forbidden(_) => "forbidden",
            Error::Method => "method-not-allowed",
            Error::Internal(_) => "internal",
        }
    }

    /// Heading.
    pub fn title(&self) -> Pair {
        match self {
            Error::NotFound(_) => pair("見つかりません", "Not found"),
            Error::BadRequest { .. } => pair("指定を読み取れません", "The request cannot be read"),
            Error::Forbidden(_) => pair("権限がありません", "Not allowed"),
            Error::Method => pair("この操作はできません", "This method is not possible here"),
            Error::Internal(_) => pair("内部エラー", "Internal error"),
        }
    }

    /// What happened.
    pub fn problem(&self) -> Pair {
        match self {
            Error::NotFound(what) | Error::Forbidden(what) => what.clone(),
            Error::BadRequest { problem, .. } => problem.clone(),
            Error::Method => pair("このアドレスは別の方法でだけ使えます。", "This address answers other methods only."),
            Error::Internal(_) => pair(
                "処理中に問題が起きました。入力や記録が失われたわけではありません。詳しい内容はプログラムのログにあります。",
                "Something went wrong while answering. No record was lost. The details are in the program's log.",
            ),
        }
    }

    /// What to do.
    pub fn mend(&self) -> Pair {
        match self {
            Error::NotFound(_) => pair(
                "アドレスを確かめるか、検索で探してください。過去の時点を見ているときは、まだ記録されていなかった可能性があります。",
                "Check the address or use the search. If you are looking at an earlier moment, it may not have been recorded yet.",
            ),
            Error::BadRequest { mend, .. } => mend.clone(),
            Error::Forbidden(_) => pair("管理者に確認してください。", "Ask the person who runs this portal."),
            Error::Method => pair("画面のリンクやボタンから操作してください。", "Use the links and buttons of the pages."),
            Error::Internal(_) => pair(
                "もう一度試し、続くようなら管理者に知らせてください。",
                "Try again; if it stays, tell the person who runs this portal.",
            ),
        }
    }

    /// The RFC 9457 document.
    pub fn problem_json(&self, l: L, instance: &str) -> serde_json::Value {
        serde_json::json!({
            "type": format!("/about#problem-{}", self.slug()),
            "title": l.p(&self.title()),
            "status": self.status(),
            "detail": format!("{} {}", l.p(&self.problem()), l.p(&self.mend())).trim(),
            "instance": instance,
        })
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::Denied { .. } => Error::Forbidden(pair("この操作や閲覧は許可されていません。", "You may not see or do this.")),
            StoreError::NoSuchRegister(name) => Error::no("台帳", "register", &name),
            StoreError::NoSuchRecord { record, .. } => Error::no("記録", "record", &record.to_string()),
            StoreError::Redacted { record, .. } => Error::NotFound(pair(format!("記録 {record} は消去されました。"), format!("Record {record} was redacted."))),
            StoreError::NoSuchFile(name) => Error::no("添付ファイル", "attached file", &name),
            StoreError::Snapshot(SnapshotError::BadMoment(text)) => Error::BadRequest {
                problem: pair(format!("時点「{text}」を読み取れません。"), format!("The moment “{text}” cannot be read.")),
                mend: pair("2026-11-01 のように日付で指定してください。", "Write a date such as 2026-11-01."),
            },
            other => Error::internal(other),
        }
    }
}

#[cfg(test)]
pub(crate) fn samples() -> Vec<Error> {
    vec![
        Error::no("指標", "indicator", "x"),
        Error::BadRequest {
            problem: pair("日付が読めません。", "The date cannot be read."),
            mend: pair("2026-11-01 のように書いてください。", "Write it like 2026-11-01."),
        },
        Error::Forbidden(pair("この台帳は見られません。", "You may not see this register.")),
        Error::Method,
        Error::Internal("disk /dev/sda is full".into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::Lang;

    #[test]
    fn every_error_tells_place_and_mend_in_both_languages() {
        for error in samples() {
            for text in [error.title(), error.problem(), error.mend()] {
                assert!(!text.ja.is_empty() && !text.en.is_empty(), "{error}");
                assert!(!crate::text::is_japanese(&text.en), "{error}");
            }
            let json = error.problem_json(L(Lang::En), "/x");
            assert_eq!(json["status"], error.status());
            assert_eq!(json["type"], format!("/about#problem-{}", error.slug()));
        }
    }

    #[test]
    fn faults_of_ours_do_not_leak_their_detail() {
        let error = Error::Internal("disk /dev/sda is full".into());
        assert!(!error.problem_json(L(Lang::En), "/x").to_string().contains("/dev/sda"));
    }
}
