//! Why a file cannot be imported at all, in both languages.

use super::Text;
use shirube_exchange::{
    import::ImportError,
    sheet::{Damage, SheetError},
};
use shirube_store::StoreError;
use std::sync::atomic::{AtomicU64, Ordering};

fn text(ja: impl Into<String>, en: impl ToString) -> Text {
    Text { ja: ja.into(), en: en.to_string() }
}

/// A failure of ours: the cause goes to the log, and whoever sent the file is told under which number it stands there.
pub fn ours(cause: &dyn std::fmt::Display) -> Text {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = format!("{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    tracing::error!(number, %cause, "an import failed");
    text(
        format!("処理中に問題が起きました。何も登録していません。詳しい内容はプログラムのログの {number} にあります。"),
        format!("Something went wrong; nothing was written. The details are in the program’s log, number {number}."),
    )
}

/// The problem and its mend.
pub fn import(error: &ImportError) -> Text {
    match error {
        ImportError::Sheet(error) => sheet(error),
        ImportError::NoSuchRegister(name) => text(format!("台帳「{name}」はありません。"), error),
        ImportError::NoHeader { row, register, columns } => {
            let columns = columns.iter().map(|c| c.ja.as_str()).collect::<Vec<_>>().join("、");
            let register = &register.ja;
            text(format!("{row}行目は見出しではありません。台帳「{register}」の列の表示名か名前を見出しにしてください: {columns}"), error)
        }
        ImportError::Mistakes { count, .. } => text(format!("ファイルに{count}件の誤りがあります。何も登録していません。"), error),
        ImportError::ReasonRequired { count } => {
            text(format!("すでにある記録{count}件を直すには、理由が必要です。何も登録していません。"), error)
        }
        ImportError::Cancelled => text("中止しました。何も登録していません。", error),
        // Which row the store refused, and why, is for whoever sent it.
        ImportError::Batch(batch) if batch.errors.iter().all(|(_, error)| is_theirs(error)) => text(
            format!("処理できませんでした。何も登録していません（{error}）。"),
            format!("It could not be done; nothing was written ({error})."),
        ),
        ImportError::NotTheHead | ImportError::Snapshot(_) | ImportError::Rule(_) | ImportError::Batch(_) | ImportError::Export(_) => {
            ours(error)
        }
    }
}

/// Whether it is about what was sent, and not about the inside of the program.
fn is_theirs(error: &StoreError) -> bool {
    use StoreError as E;
    matches!(
        error,
        E::Invalid(_) | E::Denied { .. } | E::NoSuchRecord { .. } | E::NoSuchState { .. } | E::VersionConflict { .. } | E::ReasonRequired
    )
}

fn sheet(error: &SheetError) -> Text {
    use SheetError as E;
    let ja = match error {
        E::TooLarge { size, limit } => format!("ファイルは{size}バイトあり、上限の{limit}バイトを超えています。分けてください。"),
        E::Encoding { line } => format!("{line}行目の文字コードがUTF-8でもシフトJISでもありません。UTF-8で保存し直してください。"),
        E::OldWorkbook => "古い形式（.xls）かパスワード付きのブックです。パスワードなしの.xlsxで保存し直してください。".to_string(),
        E::NotAWorkbook => "Excelのブックではありません。.xlsxかCSVで保存してください。".to_string(),
        E::Damaged(damage) => {
            let what = match damage {
                Damage::Archive => "ファイルが途中で切れているか、ZIPとして読めません".to_string(),
                Damage::Content => "中の一部を読み取れません".to_string(),
                Damage::Order { row, before } => format!("{row}行目が{before}行目より後にあります"),
            };
            format!("ブックが壊れています（{what}）。表計算ソフトで開いて保存し直してください。")
        }
        E::UnpacksTooLarge { limit } => format!("ブックを展開すると{limit}バイトを超えます。分けるかCSVで保存してください。"),
        E::TooManyParts { limit } => {
            format!("ブックの部品が{limit}個を超えています。必要なシートだけを保存するか、CSVで保存してください。")
        }
        E::DocumentType { part } => format!("ブックの「{part}」に不要な文書型宣言があります。表計算ソフトで保存し直してください。"),
        E::NoSuchSheet { name, sheets } => format!("シート「{name}」はありません。あるのは {} です。", sheets.join("、")),
        E::TooManyCells { row, limit } => format!("{row}行目で上限の{limit}セルを超えます。分けてください。"),
        E::TooManyColumns { row, limit } => format!("{row}行目に{limit}列を超える列があります。区切り文字と引用符を確かめてください。"),
        E::UnclosedQuote { row } => format!("{row}行目の引用符（\"）が閉じられていません。閉じるか、二つ続けて書いてください。"),
        E::Empty => "行がありません。1行目に列の名前を書いてください。".to_string(),
    };
    text(ja, error)
}
