//! The forms above and below a list: words, conditions, columns.

use super::list::{Sheet, kept};
use crate::{
    cells,
    layout::{View, hidden_as_of},
    listing::{Condition, FILTER, OWN, Shown},
};
use maud::{Markup, html};
use shirube_indicator::format;
use shirube_plan::{Absence, Field, FieldKind, Storage};
use shirube_record::input::missing_word;
use shirube_snapshot::Op;

/// Conditions shown at once; the others are behind an opener.
const FIRST: usize = 3;

/// A control of the form: label, names it sends, drawing.
struct Control {
    names: Vec<String>,
    drawn: Markup,
}

/// The form of words and conditions. Conditions that have no control here go along unseen.
pub fn form(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let register = sheet.listing.register;
    let mut controls: Vec<Control> = vec![];
    if !register.states.is_empty() {
        let options: Vec<(String, String)> = register.states.iter().map(|s| (s.name.clone(), l.p(&s.label).to_string())).collect();
        controls.push(choice(v, sheet, "_state", l.t("状態", "State"), &options));
    }
    controls.extend(register.fields.iter().filter(|f| early(f)).filter_map(|f| control(v, sheet, f)));
    controls.extend(register.fields.iter().filter(|f| !early(f)).filter_map(|f| control(v, sheet, f)));
    let rest = controls.split_off(FIRST.min(controls.len()));
    let active = |c: &Control| c.names.iter().any(|n| cx.query.get(n).is_some());
    let drawn: Vec<String> = controls.iter().chain(&rest).flat_map(|c| c.names.clone()).collect();
    let open = rest.iter().any(active);
    html! {
        form class="filters no-print list-filters" method="get" action=(cx.form_action()) role="search" aria-label=(l.t("この台帳の中を探す", "Search this register")) {
            label { (l.t("言葉", "Words")) input type="search" name="q" value=(sheet.listing.text.as_deref().unwrap_or_default()); }
            @for control in &controls { (control.drawn) }
            button { (l.t("絞り込む", "Apply")) }
            @if !rest.is_empty() {
                details class="more-filters" open[open] {
                    summary { (l.t("ほかの条件", "More conditions")) }
                    div { @for control in &rest { (control.drawn) } }
                }
            }
            @for (name, value) in &kept(&cx.query).0 {
                @if name != "q" && !drawn.contains(name) && !value.trim().is_empty() { input type="hidden" name=(name) value=(value); }
            }
            (hidden_as_of(v))
        }
    }
}

/// Conditions on these say most about a list.
fn early(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Choice { .. } | FieldKind::FiscalYear { .. })
}

fn control(v: &View, sheet: &Sheet, field: &Field) -> Option<Control> {
    use FieldKind as K;
    let l = v.cx.l;
    let label = l.p(&field.label);
    let codes = |list: &str| -> Vec<(String, String)> {
        let codes = v.pack.code_lists.get(list).map(|c| c.codes.as_slice()).unwrap_or_default();
        codes.iter().map(|c| (c.code.clone(), l.p(&c.label).to_string())).collect()
    };
    Some(match &field.kind {
        K::Choice { codes: list } | K::Choices { codes: list } => choice(v, sheet, &field.name, label, &codes(list)),
        K::Country => choice(v, sheet, &field.name, label, &codes("country")),
        K::Boolean => {
            choice(v, sheet, &field.name, label, &[("1".into(), l.t("はい", "Yes").into()), ("0".into(), l.t("いいえ", "No").into())])
        }
        K::Reference { register } => {
            let offered = sheet.offered.get(register).filter(|c| !c.more && !c.options.is_empty())?;
            let options: Vec<(String, String)> = offered.options.iter().map(|c| (c.id.to_string(), c.text())).collect();
            choice(v, sheet, &field.name, label, &options)
        }
        K::Integer { .. } | K::Decimal { .. } | K::Money { .. } | K::FiscalYear { .. } | K::Date { .. } => span(v, field),
        K::Derived { stored_as, .. } if *stored_as != Storage::Text => span(v, field),
        K::Text { .. } | K::LongText { .. } | K::Organisation | K::Person | K::Derived { .. } => {
            let name = format!("{FILTER}{}", field.name);
            let drawn = html! { label { (label) input type="text" name=(name) value=(v.cx.query.get(&name).unwrap_or_default()); } };
            Control { names: vec![name], drawn }
        }
        K::Attachment { .. } | K::Group { .. } => return None,
    })
}

/// A choice of one of several. More than one at once stays as it is in the address, and is named among the conditions.
fn choice(v: &View, sheet: &Sheet, column: &str, label: &str, options: &[(String, String)]) -> Control {
    let l = v.cx.l;
    let name = format!("{FILTER}{column}");
    let chosen = sheet.listing.filters.iter().find(|c| c.name == name);
    if chosen.is_some_and(|c| c.written.len() > 1) {
        return Control { names: vec![], drawn: html! {} };
    }
    let written = chosen.and_then(|c| c.written.first()).map(String::as_str).unwrap_or_default();
    let drawn = html! {
        label {
            (label)
            select name=(name) {
                option value="" { (l.t("すべて", "All")) }
                @for (value, text) in options { option value=(value) lang=[l.lang_of(text)] selected[value == written || (!written.is_empty() && text == written)] { (text) } }
                @if !written.is_empty() && !options.iter().any(|(value, text)| value == written || text == written) { option value=(written) lang=[l.lang_of(written)] selected { (written) } }
            }
        }
    };
    Control { names: vec![name], drawn }
}

/// From and to.
fn span(v: &View, field: &Field) -> Control {
    let l = v.cx.l;
    let names: Vec<String> = ["ge", "le"].iter().map(|op| format!("{FILTER}{}.{op}", field.name)).collect();
    let words = [l.t("から", "from"), l.t("まで", "to")];
    let drawn = html! {
        div role="group" aria-label=(l.p(&field.label)) {
            span class="small muted" { (l.p(&field.label)) }
            div class="span" {
                @for (i, name) in names.iter().enumerate() {
                    @if i > 0 { span aria-hidden="true" { "–" } }
                    input type="text" name=(name) value=(v.cx.query.get(name).unwrap_or_default())
                        aria-label={ (l.p(&field.label)) " " (words[i.min(1)]) } autocomplete="off";
                }
            }
        }
    };
    Control { names, drawn }
}

/// The conditions in force, each with a link that removes it.
pub fn chips(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let listing = &sheet.listing;
    let without = |name: &str| cx.to_with(&cx.path, kept(&cx.query).with(name, None));
    html! {
        @if listing.text.is_some() || !listing.filters.is_empty() {
            ul class="chips conditions" aria-label=(l.t("今の条件", "Conditions in force")) {
                @if let Some(text) = &listing.text { (chip(v, &format!("{}「{text}」", l.t("言葉", "Words ")), &without("q"))) }
                @for condition in &listing.filters { (chip(v, &words(v, sheet, condition), &without(&condition.name))) }
                @if listing.filters.len() + usize::from(listing.text.is_some()) > 1 {
                    li { a href=(cx.to(&cx.path)) { (l.t("すべて外す", "Remove all")) } }
                }
            }
        }
    }
}

fn chip(v: &View, text: &str, href: &str) -> Markup {
    let l = v.cx.l;
    html! { li { a href=(href) { (l.foreign(text)) " " span aria-hidden="true" { "×" } span class="visually-hidden" { (l.t("を外す", " – remove")) } } } }
}

/// A condition in words.
fn words(v: &View, sheet: &Sheet, condition: &Condition) -> String {
    let l = v.cx.l;
    let label = l.p(&condition.column.label);
    let values: Vec<String> = condition.written.iter().map(|w| value(v, sheet, condition, w)).collect();
    let list = values.join(l.t("・", " or "));
    match (l.is_ja(), condition.op) {
        (true, Op::Eq | Op::In) => format!("{label}：{list}"),
        (true, Op::Ne) => format!("{label}が{list}以外"),
        (true, Op::Lt) => format!("{label}が{list}未満"),
        (true, Op::Le) => format!("{label}が{list}以下"),
        (true, Op::Gt) => format!("{label}が{list}を超える"),
        (true, Op::Ge) => format!("{label}が{list}以上"),
        (true, Op::Contains) => format!("{label}に「{list}」を含む"),
        (true, Op::Blank) => format!("{label}が空欄"),
        (true, Op::Filled) => format!("{label}に値がある"),
        (false, Op::Eq | Op::In) => format!("{label}: {list}"),
        (false, Op::Ne) => format!("{label} is not {list}"),
        (false, Op::Lt) => format!("{label} below {list}"),
        (false, Op::Le) => format!("{label} up to {list}"),
        (false, Op::Gt) => format!("{label} above {list}"),
        (false, Op::Ge) => format!("{label} from {list}"),
        (false, Op::Contains) => format!("{label} contains “{list}”"),
        (false, Op::Blank) => format!("{label} is blank"),
        (false, Op::Filled) => format!("{label} is filled"),
    }
}

fn value(v: &View, sheet: &Sheet, condition: &Condition, written: &str) -> String {
    let l = v.cx.l;
    if let Some(absence) = missing_word(written).and_then(Absence::parse) {
        return format::absence(Some(absence), l.0).to_string();
    }
    match (condition.column.name.as_str(), condition.column.field.map(|(f, _)| &f.kind)) {
        ("_state", _) => cells::state_name(l, sheet.listing.register, written).to_string(),
        ("_synthetic", _) => if ["1", "yes", "true"].contains(&written) { l.t("はい", "yes") } else { l.t("いいえ", "no") }.to_string(),
        (_, Some(FieldKind::Choice { codes } | FieldKind::Choices { codes })) => {
            v.pack.code(codes, written).map_or(written, |c| l.p(&c.label)).to_string()
        }
        (_, Some(FieldKind::Country)) => v.pack.code("country", written).map_or(written, |c| l.p(&c.label)).to_string(),
        (_, Some(FieldKind::Boolean)) => match written {
            "1" => l.t("はい", "yes").to_string(),
            "0" => l.t("いいえ", "no").to_string(),
            other => other.to_string(),
        },
        (_, Some(FieldKind::Reference { register })) => {
            let name = written.parse().ok().and_then(|id| sheet.names.get(register, id));
            name.map_or_else(|| written.to_string(), |n| n.text())
        }
        _ => written.to_string(),
    }
}

/// The choice of columns.
pub fn columns(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let register = sheet.listing.register;
    let own = OWN.iter().map(|(name, ja, en)| Shown::Own(name, ja, en));
    let own = own.filter(|c| (c.name() != "_number" || register.number.is_some()) && (c.name() != "_state" || !register.states.is_empty()));
    let all: Vec<Shown> = own.chain(register.fields.iter().map(Shown::Field)).collect();
    html! {
        details class="no-print" {
            summary { (l.t("表示する列を選ぶ", "Choose columns")) }
            form method="get" action=(cx.form_action()) {
                fieldset class="columns-choice" {
                    legend class="visually-hidden" { (l.t("表示する列", "Columns shown")) }
                    @for column in &all {
                        label { input type="checkbox" name="columns" value=(column.name()) checked[sheet.listing.columns.contains(column)]; (l.p(&column.label())) }
                    }
                }
                @for (name, value) in &kept(&cx.query).0 {
                    @if name != "columns" && !value.trim().is_empty() { input type="hidden" name=(name) value=(value); }
                }
                (hidden_as_of(v))
                p class="actions" {
                    button class="quiet" { (l.t("この列で表示する", "Show these columns")) } " "
                    a href=(cx.to_with(&cx.path, kept(&cx.query).with("columns", None))) { (l.t("はじめの列に戻す", "Back to the usual columns")) }
                }
            }
        }
    }
}
