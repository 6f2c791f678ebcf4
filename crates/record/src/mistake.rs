//! Mistakes in values: what is wrong and how to mend it, in both languages.

use shirube_plan::Pair;

/// One mistake a person can make when filling a field.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each variant's texts say what it is
pub enum Mistake {
    Required,
    NotANumber { text: String },
    NotWhole { text: String },
    Grouping { text: String },
    TooSmall { min: String },
    TooGreat { max: String },
    TooManyPlaces { places: u8 },
    NotADate { text: String },
    NotAYear { text: String },
    NotABoolean { text: String },
    NotACode { text: String, allowed: Vec<(String, Pair)> },
    AmbiguousLabel { text: String, codes: Vec<String> },
    RepeatedCode { code: String },
    NotACountry { text: String },
    NotACurrency { text: String },
    NotACorporateNumber { text: String },
    WrongCheckDigit { text: String, expected: u8 },
    NotAnEmail { text: String },
    NotAPhone { text: String },
    NotAReference { text: String },
    NoSuchRecord { register: String, text: String },
    NotAHash { text: String },
    FileTooLarge { size: i64, max: u64 },
    FileIncomplete,
    TooLong { max: usize, length: usize },
    Pattern { help: Option<Pair> },
    HiddenCharacter { code: String },
    MissingWord { word: String },
    WrongKind { expected: Pair },
    NotText,
    Computed,
    NoSuchColumn { column: String },
    Check { name: String, message: Pair },
    Taken { number: Option<String>, record: i64, fields: Vec<Pair> },
}

fn pair(ja: impl Into<String>, en: impl Into<String>) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

fn codes(allowed: &[(String, Pair)]) -> Pair {
    const SHOWN: usize = 12;
    let list = |label: fn(&Pair) -> &String| {
        let mut words: Vec<String> = allowed.iter().take(SHOWN).map(|(code, pair)| format!("{} ({code})", label(pair))).collect();
        if allowed.len() > SHOWN {
            words.push("…".into());
        }
        words
    };
    pair(format!("次のいずれかを選んでください: {}", list(|p| &p.ja).join("、")), format!("choose one of: {}", list(|p| &p.en).join(", ")))
}

impl Mistake {
    /// A stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Mistake::Required => "required",
            Mistake::NotANumber { .. } => "not-a-number",
            Mistake::NotWhole { .. } => "not-whole",
            Mistake::Grouping { .. } => "grouping",
            Mistake::TooSmall { .. } => "too-small",
            Mistake::TooGreat { .. } => "too-great",
            Mistake::TooManyPlaces { .. } => "too-many-places",
            Mistake::NotADate { .. } => "not-a-date",
            Mistake::NotAYear { .. } => "not-a-year",
            Mistake::NotABoolean { .. } => "not-a-boolean",
            Mistake::NotACode { .. } => "not-a-code",
            Mistake::AmbiguousLabel { .. } => "ambiguous-label",
            Mistake::RepeatedCode { .. } => "repeated-code",
            Mistake::NotACountry { .. } => "not-a-country",
            Mistake::NotACurrency { .. } => "not-a-currency",
            Mistake::NotACorporateNumber { .. } => "not-a-corporate-number",
            Mistake::WrongCheckDigit { .. } => "wrong-check-digit",
            Mistake::NotAnEmail { .. } => "not-an-email",
            Mistake::NotAPhone { .. } => "not-a-phone",
            Mistake::NotAReference { .. } => "not-a-reference",
            Mistake::NoSuchRecord { .. } => "no-such-record",
            Mistake::NotAHash { .. } => "not-a-hash",
            Mistake::FileTooLarge { .. } => "file-too-large",
            Mistake::FileIncomplete => "file-incomplete",
            Mistake::TooLong { .. } => "too-long",
            Mistake::Pattern { .. } => "pattern",
            Mistake::HiddenCharacter { .. } => "hidden-character",
            Mistake::MissingWord { .. } => "missing-word",
            Mistake::WrongKind { .. } => "wrong-kind",
            Mistake::NotText => "not-text",
            Mistake::Computed => "computed",
            Mistake::NoSuchColumn { .. } => "no-such-column",
            Mistake::Check { .. } => "check",
            Mistake::Taken { .. } => "taken",
        }
    }

    /// What is wrong.
    pub fn problem(&self) -> Pair {
        match self {
            Mistake::Required => pair("入力が必要です", "this must be filled in"),
            Mistake::NotANumber { text } => pair(format!("「{text}」は数値ではありません"), format!("“{text}” is not a number")),
            Mistake::NotWhole { text } => pair(format!("「{text}」は整数ではありません"), format!("“{text}” is not a whole number")),
            Mistake::Grouping { text } => pair(
                format!("「{text}」は桁区切りの位置が正しくありません"),
                format!("the separators of “{text}” are not at the thousands"),
            ),
            Mistake::TooSmall { min } => pair(format!("{min} より小さい値です"), format!("this is less than {min}")),
            Mistake::TooGreat { max } => pair(format!("{max} より大きい値です"), format!("this is more than {max}")),
            Mistake::TooManyPlaces { places } => {
                pair(format!("小数は {places} 桁までです"), format!("this has more than {places} decimals"))
            }
            Mistake::NotADate { text } => pair(format!("「{text}」は日付ではありません"), format!("“{text}” is not a date")),
            Mistake::NotAYear { text } => pair(format!("「{text}」は年度ではありません"), format!("“{text}” is not a fiscal year")),
            Mistake::NotABoolean { text } => {
                pair(format!("「{text}」は「はい」「いいえ」のどちらでもありません"), format!("“{text}” is neither yes nor no"))
            }
            Mistake::NotACode { text, .. } => pair(format!("「{text}」は選択肢にありません"), format!("“{text}” is not among the choices")),
            Mistake::AmbiguousLabel { text, codes } => pair(
                format!("「{text}」は複数の選択肢に当てはまります: {}", codes.join("、")),
                format!("“{text}” names more than one choice: {}", codes.join(", ")),
            ),
            Mistake::RepeatedCode { code } => pair(format!("「{code}」が重複しています"), format!("“{code}” stands twice")),
            Mistake::NotACountry { text } => {
                pair(format!("「{text}」は国・地域ではありません"), format!("“{text}” is not a country or region"))
            }
            Mistake::NotACurrency { text } => {
                pair(format!("「{text}」は通貨コードではありません"), format!("“{text}” is not a currency code"))
            }
            Mistake::NotACorporateNumber { text } => {
                pair(format!("「{text}」は法人番号ではありません"), format!("“{text}” is not a corporate number"))
            }
            Mistake::WrongCheckDigit { text, .. } => {
                pair(format!("法人番号「{text}」の検査数字が合いません"), format!("the check digit of corporate number “{text}” is wrong"))
            }
            Mistake::NotAnEmail { text } => {
                pair(format!("「{text}」はメールアドレスではありません"), format!("“{text}” is not an e-mail address"))
            }
            Mistake::NotAPhone { text } => {
                pair(format!("「{text}」は電話番号ではありません"), format!("“{text}” is not a telephone number"))
            }
            Mistake::NotAReference { text } => {
                pair(format!("「{text}」は記録を指していません"), format!("“{text}” does not refer to a record"))
            }
            Mistake::NoSuchRecord { text, .. } => {
                pair(format!("「{text}」という記録は見つかりません"), format!("there is no record “{text}”"))
            }
            Mistake::NotAHash { text } => pair(format!("「{text}」は SHA-256 ではありません"), format!("“{text}” is not a SHA-256")),
            Mistake::FileTooLarge { size, max } => pair(
                format!("ファイルの大きさ {size} バイトは上限 {max} バイトを超えています"),
                format!("the file has {size} bytes, more than the limit of {max}"),
            ),
            Mistake::FileIncomplete => pair("添付ファイルの情報が足りません", "the attachment is incomplete"),
            Mistake::TooLong { max, length } => pair(
                format!("{length} 文字あり、上限の {max} 文字を超えています"),
                format!("this has {length} characters, more than the limit of {max}"),
            ),
            Mistake::Pattern { .. } => pair("決められた形になっていません", "this does not have the required form"),
            Mistake::HiddenCharacter { code } => {
                pair(format!("目に見えない文字（{code}）が含まれています"), format!("this holds a character that cannot be seen ({code})"))
            }
            Mistake::MissingWord { word } => {
                pair(format!("「{word}」は空欄の理由ではありません"), format!("“{word}” is not a reason for a blank"))
            }
            Mistake::WrongKind { expected } => {
                pair(format!("{}が入るべき欄です", expected.ja), format!("{} is expected here", expected.en))
            }
            Mistake::NotText => pair("この欄は文字では入力できません", "this field cannot be written as text"),
            Mistake::Computed => pair("この欄は自動で計算されます", "this field is computed"),
            Mistake::NoSuchColumn { column } => {
                pair(format!("列「{column}」はこの台帳にありません"), format!("the register has no column “{column}”"))
            }
            Mistake::Check { message, .. } => message.clone(),
            Mistake::Taken { number, record, fields } => {
                let labels = |label: fn(&Pair) -> &str, comma| fields.iter().map(label).collect::<Vec<_>>().join(comma);
                let (ja, en) = (labels(|f| &f.ja, "、"), labels(|f| &f.en, ", "));
                match number.clone().or_else(|| (*record != 0).then(|| record.to_string())) {
                    Some(other) => {
                        pair(format!("{ja}が同じ記録 {other} がすでにあります"), format!("record {other} already has the same: {en}"))
                    }
                    None => pair(
                        format!("{ja}が同じ、閲覧できない記録がすでにあります"),
                        format!("a record that you may not see already has the same: {en}"),
                    ),
                }
            }
        }
    }

    /// What to do about it.
    pub fn mend(&self) -> Pair {
        match self {
            Mistake::Required => pair(
                "値を入れるか、空欄の理由を (不明) (未収集) (非該当) (秘匿) で示してください",
                "fill it in, or say why it is blank: (unknown), (not collected), (not applicable), (suppressed)",
            ),
            Mistake::NotANumber { .. } => pair("1,234 や 1.5万 のように書いてください", "write it like 1,234 or 0.5"),
            Mistake::NotWhole { .. } => pair("小数のない数を書いてください", "write a number without decimals"),
            Mistake::Grouping { .. } => pair(
                "1,234,567 のように 3 桁ごとに区切るか、区切りを除いてください",
                "separate every three digits (1,234,567) or leave the separators out",
            ),
            Mistake::TooSmall { min } => pair(format!("{min} 以上にしてください"), format!("write {min} or more")),
            Mistake::TooGreat { max } => pair(format!("{max} 以下にしてください"), format!("write {max} or less")),
            Mistake::TooManyPlaces { places } => {
                pair(format!("小数点以下 {places} 桁に丸めてください"), format!("round it to {places} decimals"))
            }
            Mistake::NotADate { .. } => {
                pair("2023-03-01 または 令和5年3月1日 のように書いてください", "write it like 2023-03-01 or 令和5年3月1日")
            }
            Mistake::NotAYear { .. } => pair("2023 または 令和5年度 のように書いてください", "write it like 2023, FY2023 or 令和5年度"),
            Mistake::NotABoolean { .. } => pair("はい または いいえ と書いてください", "write yes or no"),
            Mistake::NotACode { allowed, .. } => codes(allowed),
            Mistake::AmbiguousLabel { .. } => pair("コードで書いてください", "write the code"),
            Mistake::RepeatedCode { .. } => pair("一度だけ書いてください", "write it once"),
            Mistake::NotACountry { .. } => {
                pair("JP のような2文字のコードか国名を書いてください", "write a two-letter code such as JP, or the country's name")
            }
            Mistake::NotACurrency { .. } => pair("JPY や USD のように英字3文字で書いてください", "write three letters such as JPY or USD"),
            Mistake::NotACorporateNumber { .. } => pair("13桁の数字を書いてください", "write its 13 digits"),
            Mistake::WrongCheckDigit { expected, .. } => pair(
                format!("番号を確かめてください(残りの桁が正しければ先頭は {expected} です)"),
                format!("check the number (if the other digits are right it begins with {expected})"),
            ),
            Mistake::NotAnEmail { .. } => pair("name@example.jp のように書いてください", "write it like name@example.jp"),
            Mistake::NotAPhone { .. } => pair("03-1234-5678 のように書いてください", "write it like 03-1234-5678"),
            Mistake::NotAReference { .. } => pair("一覧から記録を選んでください", "choose a record from the list"),
            Mistake::NoSuchRecord { .. } => {
                pair("先にその記録を登録するか、キーを確かめてください", "register that record first, or check its key")
            }
            Mistake::NotAHash { .. } => pair("16進64桁にしてください", "write 64 hexadecimal digits"),
            Mistake::FileTooLarge { .. } => pair("小さいファイルにしてください", "attach a smaller file"),
            Mistake::FileIncomplete => pair("ファイルを選び直してください", "choose the file again"),
            Mistake::TooLong { max, .. } => pair(format!("{max} 文字以内にしてください"), format!("shorten it to {max} characters")),
            Mistake::HiddenCharacter { .. } => {
                pair("打ち直すか、文字だけを貼り付け直してください", "type it again, or paste it as plain text")
            }
            // A pattern is for programs: the field's own words say it to people.
            Mistake::Pattern { help: Some(help) } => {
                pair(format!("次の説明のとおりに書いてください: {}", help.ja), format!("write it as the field says: {}", help.en))
            }
            Mistake::Pattern { help: None } => pair("ほかの記録と同じ形で書いてください", "write it as other records have it"),
            Mistake::MissingWord { .. } => pair(
                "unknown、not_collected、not_applicable、suppressed のいずれかにしてください",
                "write unknown, not_collected, not_applicable or suppressed",
            ),
            Mistake::WrongKind { .. } => pair("値を入れ直してください", "enter the value again"),
            Mistake::NotText => pair("項目ごとの列に分けて入力してください", "use the columns of its parts"),
            Mistake::Computed => pair("この列を除いてください", "leave this column out"),
            Mistake::NoSuchColumn { .. } => pair("台帳の列の名前か表示名にしてください", "use a column's name or label"),
            Mistake::Check { .. } => pair("関係する欄を見直してください", "look over the fields this concerns"),
            Mistake::Taken { number: None, record: 0, .. } => pair("値を変えてください", "change the value"),
            Mistake::Taken { .. } => pair("その記録を直すか、値を変えてください", "amend that record, or change the value"),
        }
    }
}

/// Text that is not a value of its field.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {}", .problem.en, .mend.en)]
pub struct InputError {
    /// The mistake.
    pub mistake: Box<Mistake>,
    /// What is wrong.
    pub problem: Pair,
    /// What to do about it.
    pub mend: Pair,
}

impl From<Mistake> for InputError {
    fn from(mistake: Mistake) -> Self {
        InputError { problem: mistake.problem(), mend: mistake.mend(), mistake: Box::new(mistake) }
    }
}

/// A mistake in a record, at its place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{column}{}: {}: {}", .row.map_or(String::new(), |r| format!(" (row {r})")), .problem.en, .mend.en)]
pub struct FieldError {
    /// Field of the register, where the message appears; empty when the whole record is meant.
    pub field: String,
    /// Column that is wrong: the field's own or one of its parts; within a group, the column of the row.
    pub column: String,
    /// Row of a group, from 1.
    pub row: Option<usize>,
    /// The mistake.
    pub mistake: Mistake,
    /// What is wrong.
    pub problem: Pair,
    /// What to do about it.
    pub mend: Pair,
}

impl FieldError {
    /// A mistake at a place.
    pub fn new(field: impl Into<String>, column: impl Into<String>, row: Option<usize>, mistake: Mistake) -> Self {
        FieldError { field: field.into(), column: column.into(), row, problem: mistake.problem(), mend: mistake.mend(), mistake }
    }
}
