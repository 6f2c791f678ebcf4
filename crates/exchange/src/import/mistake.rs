//! Mistakes in a file, each at its row and column, with the mend in both languages.

use shirube_plan::Pair;
use shirube_record::Mistake;

/// A mistake in a row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct RowError {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: usize,
    /// Heading of the column as the file has it, or the column's name if the file lacks it; none when the whole
    /// row is meant.
    pub column: Option<String>,
    /// What stands in the cell, shortened if long.
    pub value: Option<String>,
    /// A stable word for machines.
    pub code: &'static str,
    /// What is wrong.
    pub problem: Pair,
    /// How to mend it.
    pub mend: Pair,
}

/// Characters of a value that are shown.
const SHOWN: usize = 100;

impl RowError {
    pub(super) fn header(row: usize, heading: &str, mistake: HeaderMistake) -> Self {
        let (problem, mend) = mistake.texts();
        RowError { row, column: Some(heading.to_owned()), value: None, code: mistake.code(), problem, mend }
    }
    pub(super) fn cell(row: usize, column: Option<&str>, value: &str, mistake: &CellMistake) -> Self {
        let (problem, mend) = mistake.texts();
        RowError { row, column: column.map(str::to_owned), value: shown(value), code: mistake.code(), problem, mend }
    }
    /// The record changed after the file was prepared.
    pub(super) fn changed(row: usize) -> Self {
        let problem = pair("準備した後にこの記録が変更されました", "this record was changed after the file was prepared");
        let mend = pair("もう一度取り込みを準備してください", "prepare the import again");
        RowError { row, column: None, value: None, code: "changed-meanwhile", problem, mend }
    }
    /// The policies do not let the importer write it.
    pub(super) fn denied(row: usize) -> Self {
        let problem = pair(
            "この行の記録を書く権限がありません（ほかの組織の記録か、今の状態では変えられない記録です）",
            "you may not write this record: it is another organisation’s, or may not be changed in its state",
        );
        let mend = pair("自組織の記録にするか、この行を除いてください", "make it your own organisation’s, or leave the row out");
        RowError { row, column: None, value: None, code: "denied", problem, mend }
    }
    /// The policies do not let the importer move it to the state in the file.
    pub(super) fn unmoved(row: usize, column: Option<&str>, state: &str) -> Self {
        let problem = pair(
            format!("この記録を「{state}」の状態へ移す権限がありません"),
            format!("you may not move this record to the state “{state}”"),
        );
        let mend = pair("今の状態のままにするか、この行を除いてください", "leave it in its state, or leave the row out");
        RowError::field(row, column, state, "denied", problem, mend)
    }
    /// The importer may not see fields of the record that the row would write.
    pub(super) fn unseen(row: usize, column: Option<&str>, value: &str, fields: &[Pair]) -> Self {
        let list = |label: fn(&Pair) -> &String, with: &str| fields.iter().map(|f| label(f).as_str()).collect::<Vec<_>>().join(with);
        let problem = pair(
            format!("「{}」はこの記録では見られない項目なので、書けません", list(|f| &f.ja, "」「")),
            format!("you may not see “{}” in this record, so you may not write it", list(|f| &f.en, "”, “")),
        );
        let mend = pair("この列かこの行を除いてください", "leave the column or the row out");
        RowError::field(row, column, value, "denied", problem, mend)
    }
    pub(super) fn field(row: usize, column: Option<&str>, value: &str, code: &'static str, problem: Pair, mend: Pair) -> Self {
        RowError { row, column: column.map(str::to_owned), value: shown(value), code, problem, mend }
    }
}

fn shown(value: &str) -> Option<String> {
    let value = value.trim();
    let mut short: String = value.chars().take(SHOWN).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

/// A heading that does not say which column it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.texts().0.en, self.texts().1.en)]
pub enum HeaderMistake {
    /// No column is called so.
    Unknown {
        /// The heading.
        heading: String,
        /// Label of the register.
        register: Pair,
        /// What it could have been.
        near: Option<String>,
    },
    /// More than one column is called so.
    Ambiguous {
        /// The heading.
        heading: String,
        /// Names of the columns.
        columns: Vec<String>,
    },
    /// Another column of the file is the same.
    Repeated {
        /// The heading.
        heading: String,
        /// Heading of the first.
        first: String,
    },
    /// The file has no column for a field that new records must fill in.
    Lacking {
        /// The column: label, with the name in brackets.
        column: Pair,
    },
}

impl HeaderMistake {
    fn code(&self) -> &'static str {
        match self {
            HeaderMistake::Unknown { .. } => "unknown-column",
            HeaderMistake::Ambiguous { .. } => "ambiguous-column",
            HeaderMistake::Repeated { .. } => "repeated-column",
            HeaderMistake::Lacking { .. } => "lacking-column",
        }
    }

    /// What is wrong, how to mend it.
    fn texts(&self) -> (Pair, Pair) {
        match self {
            HeaderMistake::Unknown { heading, register, near } => (
                pair(
                    format!("台帳「{}」に列「{heading}」はありません", register.ja),
                    format!("register “{}” has no column “{heading}”", register.en),
                ),
                match near {
                    Some(near) => pair(
                        format!("「{near}」ではありませんか。取り込まない列なら、そのように指定するか除いてください"),
                        format!("did you mean “{near}”? If it is not to be imported, say so or remove it"),
                    ),
                    None => pair(
                        "列の名前か表示名にしてください。取り込まない列なら、そのように指定するか除いてください",
                        "use a column's name or label; if it is not to be imported, say so or remove it",
                    ),
                },
            ),
            HeaderMistake::Ambiguous { heading, columns } => (
                pair(format!("「{heading}」は複数の列に当てはまります"), format!("“{heading}” means more than one column")),
                pair(
                    format!("列の名前で書いてください: {}", columns.join("、")),
                    format!("write the column's name: {}", columns.join(", ")),
                ),
            ),
            HeaderMistake::Repeated { heading, first } => (
                pair(format!("「{heading}」は「{first}」と同じ列です"), format!("“{heading}” is the same column as “{first}”")),
                pair("どちらか一方にしてください", "keep one of them"),
            ),
            HeaderMistake::Lacking { column } => (
                pair(
                    format!("必須の項目「{}」の列がファイルにありません", column.ja),
                    format!("the file has no column “{}”, which must be filled in", column.en),
                ),
                pair(
                    "この列を加えて値を入れるか、この列に当たる見出しを直してください",
                    "add it with its values, or correct the heading that was meant for it",
                ),
            ),
        }
    }
}

/// A cell or row that is wrong for a reason of the file, not of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.texts().0.en, self.texts().1.en)]
pub enum CellMistake {
    /// A value beyond the last column of the header.
    BeyondHeader {
        /// Columns of the header.
        columns: usize,
    },
    /// An error value of the spreadsheet.
    ErrorValue {
        /// The value.
        text: String,
    },
    /// A formula whose result was never stored.
    Uncomputed,
    /// Two rows with the same key.
    RepeatedKey {
        /// Row of the first.
        first: usize,
    },
    /// No record has this number.
    NoSuchNumber {
        /// The number.
        number: String,
    },
    /// The number belongs to a record with another key.
    NumberOfAnother {
        /// The number.
        number: String,
    },
    /// The register has no such state.
    NoSuchState {
        /// The word.
        text: String,
        /// States there are, with labels.
        states: Vec<(String, Pair)>,
    },
    /// No transition leads from the record's state to the one in the file.
    NoTransition {
        /// Present state.
        from: String,
        /// State in the file.
        to: String,
        /// States it could go to.
        possible: Vec<String>,
    },
    /// The citation of an existing record is not changed by an import.
    OriginChanged,
    /// More than one record has what the reference says.
    AmbiguousReference {
        /// Numbers of the records.
        records: Vec<String>,
    },
    /// The same value of a unique field in two rows.
    RepeatedValue {
        /// Row of the first.
        first: usize,
    },
}

impl CellMistake {
    /// A stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            CellMistake::BeyondHeader { .. } => "beyond-header",
            CellMistake::ErrorValue { .. } => "error-value",
            CellMistake::Uncomputed => "uncomputed-formula",
            CellMistake::RepeatedKey { .. } => "repeated-key",
            CellMistake::NoSuchNumber { .. } => "no-such-number",
            CellMistake::NumberOfAnother { .. } => "number-of-another",
            CellMistake::NoSuchState { .. } => "no-such-state",
            CellMistake::NoTransition { .. } => "no-transition",
            CellMistake::OriginChanged => "citation-changed",
            CellMistake::AmbiguousReference { .. } => "ambiguous-reference",
            CellMistake::RepeatedValue { .. } => "repeated-value",
        }
    }

    /// What is wrong, how to mend it.
    pub fn texts(&self) -> (Pair, Pair) {
        match self {
            CellMistake::BeyondHeader { columns } => (
                pair(
                    format!("見出しは {columns} 列ですが、その右にも値があります"),
                    format!("there is a value to the right of the header's {columns} columns"),
                ),
                pair(
                    "区切りを含む値を引用符で囲むか、見出しを補ってください",
                    "quote values that contain the delimiter, or add the heading",
                ),
            ),
            CellMistake::ErrorValue { text } => (
                pair(format!("表計算の誤り値 {text} です"), format!("this is the spreadsheet's error {text}")),
                pair("式を直すか値に置き換えてください", "mend the formula or write the value"),
            ),
            CellMistake::Uncomputed => (
                pair("式の計算結果が保存されていません", "the result of this formula was not saved"),
                pair(
                    "表計算ソフトで開いて保存し直すか、値に置き換えてください",
                    "open the file in a spreadsheet and save it, or write the value",
                ),
            ),
            CellMistake::RepeatedKey { first } => (
                pair(format!("{first} 行目と同じキーです"), format!("row {first} has the same key")),
                pair("1 件を 1 行にまとめるか、キーを直してください", "write one row per record, or correct the key"),
            ),
            CellMistake::NoSuchNumber { number } => (
                pair(format!("番号「{number}」の記録はありません"), format!("no record has the number “{number}”")),
                pair(
                    "番号を確かめてください。新しい記録にするなら空欄にしてください",
                    "check the number; leave it blank to create a record",
                ),
            ),
            CellMistake::NumberOfAnother { number } => (
                pair(
                    format!("番号「{number}」は、キーの異なる別の記録のものです"),
                    format!("the number “{number}” belongs to a record with another key"),
                ),
                pair(
                    "新しい記録にするなら番号を空欄に、その記録を直すならキーを元に戻してください（キーの変更は記録の画面で行えます）",
                    "leave the number blank to create a record, or restore the key to amend that one (a key is changed on the record's page)",
                ),
            ),
            CellMistake::NoSuchState { text, states } => {
                let list =
                    |get: fn(&Pair) -> &String| states.iter().map(|(name, label)| format!("{} ({name})", get(label))).collect::<Vec<_>>();
                (
                    pair(format!("「{text}」という状態はありません"), format!("there is no state “{text}”")),
                    pair(
                        format!("次のいずれかにしてください: {}", list(|p| &p.ja).join("、")),
                        format!("use one of: {}", list(|p| &p.en).join(", ")),
                    ),
                )
            }
            CellMistake::NoTransition { from, to, possible } => (
                pair(format!("状態を {from} から {to} へ移すことはできません"), format!("a record cannot move from state {from} to {to}")),
                if possible.is_empty() {
                    pair(format!("{from} のままにしてください"), format!("leave it at {from}"))
                } else {
                    pair(
                        format!("{from} のままか {} にしてください", possible.join("、")),
                        format!("leave it at {from} or use {}", possible.join(", ")),
                    )
                },
            ),
            CellMistake::OriginChanged => (
                pair("すでにある記録の出典は取り込みで変えられません", "the citation of an existing record is not changed by an import"),
                pair("元の値に戻すか、この列を除いてください", "restore the value or remove the column"),
            ),
            CellMistake::AmbiguousReference { records } => (
                pair(
                    format!("複数の記録に当てはまります: {}", records.join("、")),
                    format!("this means more than one record: {}", records.join(", ")),
                ),
                pair("記録の番号で書いてください", "write the record's number"),
            ),
            CellMistake::RepeatedValue { first } => (
                pair(
                    format!("{first} 行目と同じ値ですが、重複は許されません"),
                    format!("row {first} has the same value, which must be unique"),
                ),
                pair("どちらかを直してください", "correct one of them"),
            ),
        }
    }
}

fn pair(ja: impl Into<String>, en: impl Into<String>) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

/// A mistake of a field, without copying what it refuses.
pub(super) fn of_field(row: usize, column: Option<&str>, value: &str, mistake: &Mistake) -> RowError {
    RowError::field(row, column, value, mistake.code(), mistake.problem(), mistake.mend())
}
