//! What the store refuses, told to people and programs: one stable code per reason.

use crate::{
    error::{Error, Refusal, pair},
    fmt,
    text::L,
};
use shirube_plan::{Lang, Pair};
use shirube_snapshot::SnapshotError;
use shirube_store::{FileRefused, StoreError, TrailError};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        use StoreError as E;
        match error {
            E::Denied { .. } => crate::who::forbidden(),
            E::NoSuchRegister(name) => Error::no("台帳", "register", &name),
            E::NoSuchRecord { record, .. } => Error::no("記録", "record", &record.to_string()),
            E::NoSuchFile(name) => Error::no("添付ファイル", "attached file", &name),
            E::NoSuchTransition { transition, .. } => Error::no("状態の移行", "transition", &transition),
            E::NoSuchState { state, .. } => Error::no("状態", "state", &state),
            E::Redacted { record, seq, .. } => Error::refused(
                410,
                "redacted",
                pair("消去された記録です", "The record was redacted"),
                pair(
                    format!("記録 {record} は消去され、内容は残っていません（出来事 {seq}）。"),
                    format!("Record {record} was redacted by event {seq}; its content is gone."),
                ),
                pair("内容を戻すことはできません。", "The content cannot be brought back."),
            ),
            E::VersionConflict { given, current, .. } => Error::refused(
                409,
                "conflict",
                pair("先に変更されています", "Someone else was first"),
                pair(
                    format!("この記録は版 {given} から版 {current} に変わっています。"),
                    format!("The record has gone from version {given} to version {current}."),
                ),
                pair(
                    "今の内容を読み直し、それに対してやり直してください。",
                    "Read the record again and repeat the change on what it says now.",
                ),
            ),
            E::Invalid(places) => {
                let n = places.len();
                Error::Refused(Box::new(Refusal {
                    status: 422,
                    code: "invalid",
                    title: pair("入力に誤りがあります", "Some values are not accepted"),
                    problem: pair(
                        format!("{n}か所が台帳の決まりに合いません。"),
                        format!("The register's rules are broken in {}.", fmt::counted(L(Lang::En), n, "", "place", "places")),
                    ),
                    mend: pair("示された箇所を直して、もう一度送ってください。", "Mend the places listed and send it again."),
                    places,
                }))
            }
            E::NothingChanged => Error::refused(
                422,
                "nothing-changed",
                pair("変更がありません", "Nothing is changed"),
                pair("送られた内容は今の記録と同じです。", "What was sent is what the record says already."),
                pair("直したい項目を変えてから送ってください。", "Change something and send it again."),
            ),
            E::WrongState { transition, from, state } => Error::refused(
                409,
                "wrong-state",
                pair("今の状態からは移せません", "Not possible from this state"),
                pair(
                    format!("「{transition}」は {} から行えます。今は「{state}」です。", from.join("、")),
                    format!("“{transition}” starts from {}; the record is in “{state}”.", from.join(", ")),
                ),
                pair("記録の今の状態を確かめてください。", "Look at the record's present state."),
            ),
            E::NotAnAttachment { field, .. } => Error::bad(
                pair(format!("項目「{field}」は添付ファイルの欄ではありません。"), format!("Field “{field}” takes no file.")),
                pair("添付ファイルの項目を指定してください。", "Name a field that takes a file."),
            ),
            E::ReasonRequired => Error::refused(
                422,
                "reason-required",
                pair("理由が必要です", "A reason is required"),
                pair("理由が書かれていません。", "No reason was given."),
                pair("なぜ変えるのかを書いてください。", "Say why it is done."),
            ),
            E::NothingPersonal { .. } => Error::refused(
                422,
                "nothing-personal",
                pair("個人情報がありません", "No personal content"),
                pair("この記録には消去できる個人情報の項目がありません。", "The record holds no personal columns."),
                pair("記録全体を消去する場合は、範囲を「記録全体」にしてください。", "To erase the whole record choose that scope."),
            ),
            E::PersonalAmongOthers { columns } => Error::refused(
                409,
                "personal-among-others",
                pair("個人情報だけを消去できません", "Personal content cannot be erased alone"),
                pair(
                    format!("{} は、個人情報の項目とされる前に記録されました。", columns.join("、")),
                    format!("{} were recorded before their fields were declared personal.", columns.join(", ")),
                ),
                pair("記録全体を消去してください。", "Redact the whole record."),
            ),
            E::Trail(TrailError::Unwritten(cause)) => {
                // What the database says is for the operator.
                tracing::error!(cause, "the trail of readings cannot be written");
                Error::refused(
                    503,
                    "trail",
                    pair("閲覧を記録できないため、表示しません", "Not shown, for the reading cannot be recorded"),
                    pair(
                        "個人情報や企業秘密の項目の閲覧は記録されます。今はその記録が書き込めません。",
                        "Readings of personal and commercial fields are recorded, and that record cannot be written at present.",
                    ),
                    pair(
                        "しばらくしてからやり直し、続く場合は運用担当に知らせてください。",
                        "Try again soon; if it goes on, tell whoever runs the portal.",
                    ),
                )
            }
            E::FileRefused(refused) => {
                let (problem, mend) = file_words(&refused);
                Error::refused(422, "file-refused", pair("ファイルを受け付けられません", "The file is not taken"), problem, mend)
            }
            E::Snapshot(error) => error.into(),
            other => Error::internal(other),
        }
    }
}

/// Why a file is not taken, and what to do.
pub fn file_words(refused: &FileRefused) -> (Pair, Pair) {
    let problem = match refused {
        FileRefused::Runs { found } => format!("ファイルの中身は {found} です。プログラムやWebページは添付できません"),
        FileRefused::Differs { declared, found } => format!("{declared} として送られましたが、中身は {found} です"),
        FileRefused::Ending { ending, found, usual } => format!(
            "ファイル名の終わりは「.{ending}」ですが、中身は {found} です。{found} のファイル名の終わりは {} です",
            usual.join("、")
        ),
        FileRefused::NotTaken { found, allowed } => {
            format!("ファイルの中身は {found} です。この項目に添付できるのは {} です", allowed.join("、"))
        }
        FileRefused::NotYours { name } => format!("ファイル「{name}」は、今送られたものでも、閲覧できる記録に添付されたものでもありません"),
    };
    (pair(problem, refused.to_string()), pair("別のファイルを選び直して送ってください", "choose another file and send it again"))
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Error {
        match error {
            SnapshotError::NoSuchRegister(name) => Error::no("台帳", "register", &name),
            SnapshotError::BadMoment(text) => {
                Error::Moment(pair(format!("時点「{text}」を読み取れません。"), format!("The moment “{text}” cannot be read.")))
            }
            SnapshotError::NotYet { asked, .. } => {
                Error::Moment(pair(format!("時点「{asked}」はまだ来ていません。"), format!("The moment “{asked}” has not come yet.")))
            }
            SnapshotError::NoSuchColumn { register, column } => Error::bad(
                pair(
                    format!("台帳「{register}」に列「{column}」はありません。"),
                    format!("Register “{register}” has no column “{column}”."),
                ),
                pair("台帳の列の名前を指定してください。", "Name a column of the register."),
            ),
            SnapshotError::BadFilterValue { column, problem, mend } => Error::bad(
                pair(format!("{column}：{}。", problem.ja), format!("{column}: {}.", problem.en)),
                pair(format!("{}。", mend.ja), format!("{}.", mend.en)),
            ),
            other => Error::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_record::{FieldError, Mistake};

    #[test]
    fn each_refusal_has_its_status_and_code() {
        let (register, record) = ("project".to_string(), 7);
        let cases: Vec<(StoreError, u16, &str)> = vec![
            (StoreError::Denied { actor: "x".into() }, 403, "forbidden"),
            (StoreError::NoSuchRecord { register: register.clone(), record }, 404, "not-found"),
            (StoreError::Redacted { register: register.clone(), record, seq: 9 }, 410, "redacted"),
            (StoreError::VersionConflict { register: register.clone(), record, given: 1, current: 2 }, 409, "conflict"),
            (StoreError::Invalid(vec![FieldError::new("title", "title", None, Mistake::Required)]), 422, "invalid"),
            (StoreError::NothingChanged, 422, "nothing-changed"),
            (StoreError::WrongState { transition: "t".into(), from: vec!["a".into()], state: "b".into() }, 409, "wrong-state"),
            (StoreError::ReasonRequired, 422, "reason-required"),
            (StoreError::NothingPersonal { register, record }, 422, "nothing-personal"),
            (StoreError::PersonalAmongOthers { columns: vec!["name".into()] }, 409, "personal-among-others"),
            (StoreError::Closed, 500, "internal"),
            (SnapshotError::BadMoment("x".into()).into(), 400, "bad-request"),
            (SnapshotError::NotYet { asked: "seq:9".into(), last: 8 }.into(), 400, "bad-request"),
        ];
        for (error, status, code) in cases {
            let error = Error::from(error);
            assert_eq!((error.status(), error.slug()), (status, code));
            assert!(!error.problem().ja.is_empty() && !crate::text::is_japanese(&error.mend().en), "{error}");
        }
    }
}
