//! The control of each type of value.

use super::{
    fault::part_label,
    fields::{Form, id},
};
use crate::fmt;
use maud::{Markup, html};
use shirube_plan::{Code, Field, FieldKind, Pair, Part};

/// Up to so many codes are shown at once as radio buttons; more come as a list to open.
const RADIOS: usize = 5;

/// Up to so many records are offered in the control itself; among more one searches.
pub const OFFERED: usize = 300;

/// The value is written in one control that the field's label can name.
pub fn is_one(kind: &FieldKind, form: &Form) -> bool {
    use FieldKind as K;
    match kind {
        K::Money { .. } | K::Organisation | K::Person | K::Boolean | K::Choices { .. } | K::Attachment { .. } | K::Group { .. } => false,
        K::Choice { codes } => !as_radios(form, codes),
        _ => true,
    }
}

/// Few enough to be seen all at once.
fn as_radios(form: &Form, list: &str) -> bool {
    codes(form, list).len() <= RADIOS
}

fn codes<'a>(form: &Form<'a>, list: &str) -> &'a [Code] {
    form.v.pack.code_lists.get(list).map(|l| l.codes.as_slice()).unwrap_or_default()
}

/// Draws the controls of one field (not of groups).
pub fn draw(form: &Form, control: &str, field: &Field) -> Markup {
    use FieldKind as K;
    let l = form.l();
    let help = field.help.is_some();
    match &field.kind {
        K::Text { .. } => line(form, control, help, Line::default()),
        K::LongText { .. } => html! {
            textarea id=(id(control)) name=(control) rows="5" lang=[l.lang_of(form.entered.text(control))] aria-describedby=[form.described_by(control, help)] aria-invalid=[invalid(form, control)] {
                "\n" (form.entered.text(control))
            }
        },
        K::Integer { unit, min, max } => html! {
            (line(form, control, help, Line { mode: "numeric", class: "short", ..Line::default() }))
            (unit_word(form, unit.as_deref())) (range(form, min.map(|n| n.to_string()), max.map(|n| n.to_string())))
        },
        K::Decimal { unit, min, max, .. } => html! {
            (line(form, control, help, Line { mode: "decimal", class: "short", ..Line::default() }))
            (unit_word(form, unit.as_deref())) (range(form, min.map(fmt::plain), max.map(fmt::plain)))
        },
        K::Money { min, max, currency, .. } => html! {
            div class="parts" {
                (named(form, control, l.t("金額", "Amount"), help, Line { mode: "decimal", class: "short", ..Line::default() }))
                (part(form, control, Part::Currency, Line { class: "code", list: Some("currencies"), usual: currency, ..Line::default() }))
            }
            p class="hint" { (l.t("例：1,500,000、1.5億", "e.g. 1,500,000")) @if min.is_some() || max.is_some() { (l.t("。", ";")) } (range(form, min.map(fmt::plain), max.map(fmt::plain))) }
        },
        K::Boolean => radios(form, control, &[("1", l.t("はい", "Yes")), ("0", l.t("いいえ", "No"))]),
        K::Date { min, max } => html! {
            (line(form, control, help, Line { class: "short", date: true, ..Line::default() }))
            (range(form, min.clone(), max.clone()))
            p class="hint" { (l.t("例：2025-04-01、令和7年4月1日", "e.g. 2025-04-01 or 令和7年4月1日")) }
        },
        K::FiscalYear { min, max } => html! {
            (line(form, control, help, Line { mode: "numeric", class: "short", ..Line::default() }))
            (range(form, min.map(|n| n.to_string()), max.map(|n| n.to_string())))
            p class="hint" { (l.t("例：2025、令和7年度", "e.g. 2025, FY2025 or 令和7年度")) }
        },
        K::Choice { codes: list } if as_radios(form, list) => {
            radios(form, control, &codes(form, list).iter().map(|c| (c.code.as_str(), l.p(&c.label))).collect::<Vec<_>>())
        }
        K::Choice { codes: list } => {
            let chosen = form.entered.text(control).trim();
            let known = chosen.is_empty() || codes(form, list).iter().any(|c| c.code == chosen);
            html! {
                select id=(id(control)) name=(control) aria-describedby=[form.described_by(control, help)] aria-invalid=[invalid(form, control)] {
                    option value="" { (l.t("選んでください", "Choose")) }
                    // What was sent stays, even if it is no code: the message beside it says so.
                    @if !known { option value=(chosen) selected { (chosen) } }
                    @for code in codes(form, list) { option value=(code.code) selected[code.code == chosen] { (l.p(&code.label)) } }
                }
            }
        }
        K::Choices { codes: list } => {
            let chosen: Vec<&str> = form.entered.all(control).collect();
            html! {
                div class="boxes" {
                    @for code in codes(form, list) {
                        label { input type="checkbox" name=(control) value=(code.code) checked[chosen.contains(&code.code.as_str())]; " " (l.p(&code.label)) }
                    }
                    @for other in chosen.iter().filter(|c| !c.trim().is_empty() && !codes(form, list).iter().any(|k| k.code == **c)) {
                        label { input type="checkbox" name=(control) value=(other) checked; " " (other) }
                    }
                }
            }
        }
        K::Country => html! {
            (line(form, control, help, Line { list: Some("countries"), ..Line::default() }))
            p class="hint" { (l.t("国名か2文字のコード（JP など）", "Name or two-letter code such as JP")) }
        },
        K::Organisation => html! {
            (named(form, control, l.t("名称", "Name"), help, Line::default()))
            (part(form, control, Part::CorporateNumber, Line { mode: "numeric", class: "short", ..Line::default() }))
        },
        K::Person => html! {
            (named(form, control, l.t("氏名", "Name"), help, Line::default()))
            (part(form, control, Part::Email, Line { kind: "email", ..Line::default() }))
            (part(form, control, Part::Phone, Line { kind: "tel", class: "short", ..Line::default() }))
        },
        K::Reference { register } => reference(form, control, register, help),
        K::Attachment { max_size, .. } => attachment(form, control, *max_size),
        K::Group { .. } | K::Derived { .. } => html! {},
    }
}

/// Below a choice: what its codes mean, as far as their list says so.
pub fn meanings(form: &Form, field: &Field) -> Markup {
    let l = form.l();
    let (FieldKind::Choice { codes: list } | FieldKind::Choices { codes: list }) = &field.kind else { return html! {} };
    let told: Vec<(&Code, &Pair)> = codes(form, list).iter().filter_map(|code| Some((code, code.description.as_ref()?))).collect();
    html! {
        @if !told.is_empty() {
            details class="meanings" {
                summary { (l.t("選択肢の意味", "What the choices mean")) }
                dl class="facts" { @for (code, text) in told { dt { (l.foreign(l.p(&code.label))) } dd { (l.foreign(l.p(text))) } } }
            }
        }
    }
}

/// A control of one line.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    kind: &'a str,
    mode: &'a str,
    class: &'a str,
    list: Option<&'a str>,
    date: bool,
    /// Stands there when nothing was typed.
    usual: &'a str,
}

impl Default for Line<'_> {
    fn default() -> Self {
        Line { kind: "text", mode: "", class: "", list: None, date: false, usual: "" }
    }
}

fn line(form: &Form, control: &str, help: bool, line: Line) -> Markup {
    html! {
        input type=(line.kind) id=(id(control)) name=(control) value=(Some(form.entered.text(control)).filter(|t| !t.is_empty()).unwrap_or(line.usual))
            class=[Some(line.class).filter(|c| !c.is_empty())]
            inputmode=[Some(line.mode).filter(|m| !m.is_empty())]
            list=[line.list] data-date[line.date]
            // The person a record is about is not the person who types.
            autocomplete="off"
            aria-describedby=[form.described_by(control, help)] aria-invalid=[invalid(form, control)];
    }
}

fn invalid(form: &Form, control: &str) -> Option<&'static str> {
    form.faults_at(control).next().map(|_| "true")
}

/// A control with a label of its own, within a field of several.
fn named(form: &Form, control: &str, label: &str, help: bool, options: Line) -> Markup {
    let own = format!("{control}-main");
    html! { div class="part" { label for=(id(&own)) { (label) } (with_id(form, control, &own, help, options)) } }
}

/// The main control of a field of several; the field's own id belongs to its frame.
fn with_id(form: &Form, control: &str, own: &str, help: bool, line: Line) -> Markup {
    html! {
        input type=(line.kind) id=(id(own)) name=(control) value=(form.entered.text(control))
            class=[Some(line.class).filter(|c| !c.is_empty())]
            inputmode=[Some(line.mode).filter(|m| !m.is_empty())] list=[line.list] autocomplete="off"
            aria-describedby=[form.described_by(control, help)] aria-invalid=[invalid(form, control)];
    }
}

/// A part of a value with its own label and its own mistakes.
fn part(form: &Form, control: &str, part: Part, options: Line) -> Markup {
    let suffix = match part {
        Part::Currency => "currency",
        Part::CorporateNumber => "number",
        Part::Email => "email",
        _ => "phone",
    };
    let own = format!("{control}_{suffix}");
    let l = form.l();
    html! {
        div class="part" {
            label for=(id(&own)) { @if let Some(label) = part_label(part) { (l.p(&label)) } }
            (super::fields::faults(form, &own))
            (line(form, &own, false, options))
        }
    }
}

fn radios(form: &Form, control: &str, options: &[(&str, &str)]) -> Markup {
    let l = form.l();
    let chosen = form.entered.text(control).trim();
    html! {
        div class="boxes" {
            @for (value, label) in options { label { input type="radio" name=(control) value=(value) checked[chosen == *value]; " " (label) } }
            label { input type="radio" name=(control) value="" checked[chosen.is_empty()]; " " (l.t("未記入", "Not filled in")) }
            @if !chosen.is_empty() && !options.iter().any(|(value, _)| *value == chosen) {
                label { input type="radio" name=(control) value=(chosen) checked; " " (chosen) }
            }
        }
    }
}

/// A reference: number of the record, offered from a list that browsers open without a script. Where there are too
/// many to offer, a submit button searches.
fn reference(form: &Form, control: &str, register: &str, help: bool) -> Markup {
    let l = form.l();
    let list = format!("r-{register}");
    let choices = form.choices(register);
    let value = form.entered.text(control).trim();
    html! {
        (line(form, control, help, Line { list: Some(&list), ..Line::default() }))
        @if let Some(choice) = form.references.named(register, value) { p class="hint chosen" { (l.foreign(&choice.label)) } }
        @if choices.is_some_and(|c| c.more) {
            button class="quiet" name="_find" value=(control) formaction={ "#" (id(control)) } { (l.t("候補を探す", "Search")) }
        }
        @if let Some(found) = form.references.found.get(control) {
            fieldset class="found" {
                legend { (l.t("見つかった記録", "Records found")) }
                @if found.is_empty() { p { (l.t("見つかりませんでした。別の言葉で探してください。", "Nothing found; try other words.")) } }
                div class="boxes" {
                    @for choice in found {
                        label { input type="radio" name={ "_take." (control) } value=(choice.value); " " (l.foreign(&choice.text())) }
                    }
                }
            }
        }
        p class="hint" { (l.t("番号か名前の一部を入れると候補が出ます。", "Type part of its number or name for suggestions.")) }
    }
}

fn attachment(form: &Form, control: &str, max: u64) -> Markup {
    let l = form.l();
    let name = form.entered.text(control);
    let own = format!("{control}-file");
    html! {
        @if !name.trim().is_empty() {
            p {
                (name) " "
                label { input type="checkbox" name={ "_drop." (control) } value="1"; " " (l.t("このファイルを外す", "Remove this file")) }
            }
            input type="hidden" name=(control) value=(name);
            @for suffix in ["_sha256", "_media", "_size"] {
                input type="hidden" name={ (control) (suffix) } value=(form.entered.text(&format!("{control}{suffix}")));
            }
        }
        label for=(id(&own)) class="visually-hidden" { (l.t("ファイル", "File")) }
        input type="file" id=(id(&own)) name=(control) aria-describedby=[form.described_by(control, false)];
        p class="hint" { @if l.is_ja() { (bytes(max)) "まで" } @else { "Up to " (bytes(max)) } }
    }
}

/// A number of bytes as people read it.
pub fn bytes(n: u64) -> String {
    match n {
        1_000_000.. => format!("{} MB", fmt::plain((n as f64 / 100_000.0).round() / 10.0)),
        1_000.. => format!("{} kB", fmt::plain((n as f64 / 100.0).round() / 10.0)),
        _ => format!("{n} B"),
    }
}

fn unit_word(form: &Form, unit: Option<&str>) -> Markup {
    html! { @if let Some(unit) = unit.and_then(|u| form.v.pack.units.get(u)) { span class="unit-word" { (form.l().p(&unit.label)) } } }
}

/// The range a value must be in.
fn range(form: &Form, min: Option<String>, max: Option<String>) -> Markup {
    let (ja, en) = match (min, max) {
        (None, None) => return html! {},
        (Some(min), None) => (format!("{min}以上"), format!("{min} or more")),
        (None, Some(max)) => (format!("{max}以下"), format!("{max} or less")),
        (Some(min), Some(max)) => (format!("{min}以上{max}以下"), format!("{min} to {max}")),
    };
    let text = form.l().t(&ja, &en).to_string();
    html! { " " span class="hint nowrap" { (text) } }
}

/// Lists that several controls of a form share: currencies, countries, records of registers.
pub fn shared_lists(form: &Form) -> Markup {
    let l = form.l();
    let kinds: Vec<&FieldKind> = kinds(&form.register.fields);
    html! {
        @if kinds.iter().any(|k| matches!(k, FieldKind::Money { .. })) {
            datalist id="currencies" { @for code in ["JPY", "USD", "EUR", "GBP", "CNY", "KRW", "CHF"] { option value=(code) {} } }
        }
        @if kinds.iter().any(|k| matches!(k, FieldKind::Country)) {
            datalist id="countries" { @for code in codes(form, "country") { option value=(code.code) { (l.p(&code.label)) } } }
        }
        @for (register, choices) in &form.references.registers {
            datalist id={ "r-" (register) } { @for choice in &choices.options { option value=(choice.value) lang=[l.lang_of(&choice.label)] { (choice.label) } } }
        }
    }
}

fn kinds(fields: &[Field]) -> Vec<&FieldKind> {
    let inner = fields.iter().filter_map(|f| match &f.kind {
        FieldKind::Group { fields } => Some(fields),
        _ => None,
    });
    fields.iter().chain(inner.flatten()).map(|f| &f.kind).collect()
}
