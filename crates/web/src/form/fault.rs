//! What is wrong with a form, at the control where it is wrong.

use crate::{error::pair, text::L};
use shirube_plan::{Field, FieldKind, Pair, Part, Register};
use shirube_record::{FieldError, Mistake};

/// One thing to mend.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Name of the control; empty when the whole record is meant.
    pub control: String,
    /// What the control is called on the form.
    pub label: Pair,
    /// What is wrong.
    pub problem: Pair,
    /// What to do.
    pub mend: Pair,
}

impl Fault {
    /// A mistake in a control.
    pub fn new(register: &Register, control: &str, mistake: &Mistake) -> Fault {
        Fault::say(register, control, mistake.problem(), mistake.mend())
    }

    /// A fault in own words.
    pub fn say(register: &Register, control: &str, problem: Pair, mend: Pair) -> Fault {
        Fault { control: control.to_string(), label: label(register, control), problem, mend }
    }

    /// What is wrong and what to do, as sentences. Mistakes are worded to stand behind a name; alone they begin one.
    pub fn words(&self, l: L) -> String {
        [&self.problem, &self.mend].map(|text| sentence(l, l.p(text))).join(l.t("", " ")).trim().to_string()
    }
}

/// Words that begin and end as a sentence does.
pub fn sentence(l: L, text: &str) -> String {
    let mut letters = text.chars();
    let mut out: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !out.is_empty() && !out.ends_with(['。', '.', '!', '?']) {
        out.push_str(l.t("。", "."));
    }
    out
}

/// The control a mistake of a record belongs to.
pub fn of(register: &Register, error: &FieldError) -> Fault {
    let control = match error.row {
        Some(row) => format!("{}.{row}.{}", error.field, error.column),
        None => error.column.clone(),
    };
    Fault { control: control.clone(), label: label(register, &control), problem: error.problem.clone(), mend: error.mend.clone() }
}

/// What a control is called: its field's label, with the row of a group and the part of a value.
pub fn label(register: &Register, control: &str) -> Pair {
    if let Some((group, rest)) = control.split_once('.')
        && let Some(Field { kind: FieldKind::Group { fields }, label: name, .. }) = register.field(group)
    {
        let (row, column) = rest.split_once('.').unwrap_or((rest, ""));
        let inner = column_label(fields, column);
        return pair(format!("{} {row}行目 {}", name.ja, inner.ja), format!("{}, row {row}, {}", name.en, inner.en));
    }
    match control {
        "" => pair("記録全体", "The record"),
        "_reason" => pair("理由", "Reason"),
        "_scope" => pair("消去する範囲", "What is erased"),
        "_sure" => pair("確認", "Confirmation"),
        _ => column_label(&register.fields, control),
    }
}

fn column_label(fields: &[Field], column: &str) -> Pair {
    for field in fields {
        if field.name == column {
            return field.label.clone();
        }
        if let Some(part) = field.columns().into_iter().find(|c| c.name == column).and_then(|c| part_label(c.part)) {
            return pair(format!("{} {}", field.label.ja, part.ja), format!("{}: {}", field.label.en, part.en));
        }
    }
    pair(column, column)
}

/// Name of a part of a value; none for the value itself.
pub fn part_label(part: Part) -> Option<Pair> {
    Some(match part {
        Part::Main => return None,
        Part::Currency => pair("通貨", "currency"),
        Part::CorporateNumber => pair("法人番号", "corporate number"),
        Part::Email => pair("メールアドレス", "e-mail"),
        Part::Phone => pair("電話番号", "telephone"),
        Part::Sha256 => pair("SHA-256", "SHA-256"),
        Part::Media => pair("形式", "media type"),
        Part::Size => pair("大きさ（バイト）", "size in bytes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::Lang;

    #[test]
    fn a_fault_names_the_control_as_the_form_does() {
        let register = &crate::testing::desk().registers["project"];
        let fault = of(register, &FieldError::new("grants", "amount", Some(2), Mistake::NotANumber { text: "x".into() }));
        assert_eq!(fault.control, "grants.2.amount");
        assert_eq!(fault.label, pair("交付 2行目 金額", "Grants, row 2, Amount"));
        assert_eq!(label(register, "budget_currency"), pair("予算 通貨", "Budget: currency"));
    }

    #[test]
    fn faults_read_as_sentences() {
        let register = &crate::testing::desk().registers["project"];
        let fault = Fault::new(register, "title", &Mistake::NotANumber { text: "x".into() });
        assert_eq!(fault.words(L(Lang::En)), "“x” is not a number. Write it like 1,234 or 0.5.");
        assert_eq!(fault.words(L(Lang::Ja)), "「x」は数値ではありません。1,234 や 1.5万 のように書いてください。");
    }
}
