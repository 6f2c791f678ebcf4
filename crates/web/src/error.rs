//! What can go wrong for a reader, told in both languages; RFC 9457 for programs.

use crate::text::L;
use shirube_plan::Pair;
use shirube_record::FieldError;

/// A request that could not be answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
    /// There is no such moment: it cannot be read, or is yet to come.
    #[error("no such moment: {}", .0.en)]
    Moment(Pair),
    /// The reader may not see or do this.
    #[error("forbidden: {}", .0.en)]
    Forbidden(Pair),
    /// Nobody is signed in, and only someone who is may see or do this.
    #[error("sign-in needed")]
    SignIn,
    /// The address knows other methods only.
    #[error("method not allowed")]
    Method,
    /// The request can be read, but what it asks for cannot be done.
    #[error("refused ({}): {}", .0.code, .0.problem.en)]
    Refused(Box<Refusal>),
    /// A fault of ours; the detail goes to the log, not to the page.
    #[error("internal: {0}")]
    Internal(String),
}

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable name for programs.
    pub code: &'static str,
    /// Heading.
    pub title: Pair,
    /// What is in the way.
    pub problem: Pair,
    /// What to do.
    pub mend: Pair,
    /// Where a record's values fail; empty when it is not about values.
    pub places: Vec<FieldError>,
}

/// Code of what somebody may not see or do.
pub const FORBIDDEN: &str = "forbidden";
/// Code of a form that does not carry the word of its session.
pub const STALE: &str = "stale-page";

/// Builds a [`Pair`] from two texts.
pub fn pair(ja: impl Into<String>, en: impl Into<String>) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

impl Error {
    /// Something of a kind with an id that is not there.
    pub fn no(kind_ja: &str, kind_en: &str, id: &str) -> Error {
        Error::NotFound(pair(format!("{kind_ja}「{id}」はありません。"), format!("There is no {kind_en} “{id}”.")))
    }

    /// Something that cannot be done.
    pub fn refused(status: u16, code: &'static str, title: Pair, problem: Pair, mend: Pair) -> Error {
        Error::Refused(Box::new(Refusal { status, code, title, problem, mend, places: vec![] }))
    }

    /// A parameter that cannot be read, and what to write instead.
    pub fn bad(problem: Pair, mend: Pair) -> Error {
        Error::BadRequest { problem, mend }
    }

    /// Anything unexpected.
    pub fn internal(cause: impl std::fmt::Display) -> Error {
        Error::Internal(cause.to_string())
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound(_) => 404,
            Error::BadRequest { .. } | Error::Moment(_) => 400,
            Error::Forbidden(_) => 403,
            Error::SignIn => 401,
            Error::Method => 405,
            Error::Refused(refusal) => refusal.status,
            Error::Internal(_) => 500,
        }
    }

    /// Stable name for programs; also the anchor on the help page.
    pub fn slug(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "not-found",
            Error::BadRequest { .. } | Error::Moment(_) => "bad-request",
            Error::Forbidden(_) => FORBIDDEN,
            Error::SignIn => "sign-in",
            Error::Method => "method-not-allowed",
            Error::Refused(refusal) => refusal.code,
            Error::Internal(_) => "internal",
        }
    }

    /// The word by which the request's line in the log tells of it, where that is worth looking at: somebody was not let
    /// in, or came up against a limit.
    pub fn logged_as(&self) -> Option<&'static str> {
        let told = matches!(self.status(), 401 | 403 | 413 | 429) || self.slug() == STALE;
        told.then(|| self.slug())
    }

    /// Heading.
    pub fn title(&self) -> Pair {
        match self {
            Error::NotFound(_) => pair("見つかりません", "Not found"),
            Error::Moment(_) => pair("その時点は表示できません", "No such moment"),
            Error::BadRequest { .. } => pair("指定を読み取れません", "The request cannot be read"),
            Error::Forbidden(_) => pair("権限がありません", "Not allowed"),
            Error::SignIn => pair("サインインが必要です", "Sign-in needed"),
            Error::Method => pair("この操作はできません", "This method is not possible here"),
            Error::Refused(refusal) => refusal.title.clone(),
            Error::Internal(_) => pair("内部エラー", "Internal error"),
        }
    }

    /// What happened.
    pub fn problem(&self) -> Pair {
        match self {
            Error::NotFound(what) | Error::Forbidden(what) | Error::Moment(what) => what.clone(),
            Error::BadRequest { problem, .. } => problem.clone(),
            Error::SignIn => {
                pair("サインインした人だけが見られる、または行える内容です。", "Only someone who is signed in may see or do this.")
            }
            Error::Refused(refusal) => refusal.problem.clone(),
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
            Error::Moment(_) => {
                pair("2026-11-01 のように、今日までの日付を指定してください。", "Write a date up to today, such as 2026-11-01.")
            }
            Error::SignIn => pair(
                "サインインしてください。プログラムは、有効なトークンを Authorization ヘッダーに付けてください。",
                "Sign in. Programs bring a valid token in the header `Authorization: Bearer …`.",
            ),
            Error::Forbidden(_) => pair("管理者に確認してください。", "Ask the person who runs this portal."),
            Error::Refused(refusal) => refusal.mend.clone(),
            Error::Method => pair("画面のリンクやボタンから操作してください。", "Use the links and buttons of the pages."),
            Error::Internal(_) => pair(
                "もう一度試し、続くようなら管理者に知らせてください。",
                "Try again; if it stays, tell the person who runs this portal.",
            ),
        }
    }

    /// The RFC 9457 document: beside its own members `code` (stable), `mend`, and for values of a record `errors`
    /// with the place of each.
    pub fn problem_json(&self, l: L, instance: &str) -> serde_json::Value {
        let mut json = serde_json::json!({
            "type": format!("/about#problem-{}", self.slug()),
            "title": l.p(&self.title()),
            "status": self.status(),
            "detail": l.p(&self.problem()),
            "instance": instance,
            "code": self.slug(),
            "mend": l.p(&self.mend()),
        });
        if let Error::Refused(refusal) = self
            && !refusal.places.is_empty()
        {
            json["errors"] = refusal.places.iter().map(|e| place_json(l, e)).collect();
        }
        json
    }
}

fn place_json(l: L, error: &FieldError) -> serde_json::Value {
    serde_json::json!({
        "code": error.mistake.code(),
        "field": error.field,
        "column": error.column,
        "row": error.row,
        "detail": l.p(&error.problem),
        "mend": l.p(&error.mend),
    })
}

#[cfg(test)]
pub(crate) fn samples() -> Vec<Error> {
    vec![
        Error::no("指標", "indicator", "x"),
        Error::BadRequest {
            problem: pair("日付が読めません。", "The date cannot be read."),
            mend: pair("2026-11-01 のように書いてください。", "Write it like 2026-11-01."),
        },
        Error::Moment(pair("時点「2999-01-01」はまだ来ていません。", "The moment “2999-01-01” has not come yet.")),
        Error::Forbidden(pair("この台帳は見られません。", "You may not see this register.")),
        Error::Method,
        Error::refused(
            409,
            "conflict",
            pair("衝突", "Conflict"),
            pair("別の人が先に直しました。", "Someone else was first."),
            pair("見比べてください。", "Compare both."),
        ),
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
    fn what_is_no_mistake_of_the_day_is_told_in_the_log() {
        let told: Vec<&str> = samples().iter().chain([&Error::SignIn]).filter_map(Error::logged_as).collect();
        assert_eq!(told, ["forbidden", "sign-in"]);
    }

    #[test]
    fn faults_of_ours_do_not_leak_their_detail() {
        let error = Error::Internal("disk /dev/sda is full".into());
        assert!(!error.problem_json(L(Lang::En), "/x").to_string().contains("/dev/sda"));
    }
}
