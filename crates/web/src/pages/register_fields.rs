//! What the fields of a register mean, what it checks, and the life of its records.

use super::desk::{register, register_crumbs};
use crate::{
    api::schema::kind,
    cells,
    ctx::Ctx,
    error::Error,
    form::fields::sensitivity,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
    text::L,
    url,
};
use maud::{Markup, html};
use shirube_plan::{Field, FieldKind, Register};

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    Ok(Reply::page(view(&app.view(cx), register)))
}

fn view(v: &View, register: &Register) -> Markup {
    let l = v.cx.l;
    let title = l.t("項目の説明", "What the fields mean");
    let body = html! {
        (parts::heading(l.p(&register.label), title))
        p class="lead" { (l.p(&register.description)) }
        h2 { (l.t("項目", "Fields")) }
        div class="scroll" {
            table class="wide" {
                caption class="visually-hidden" { (l.t("項目", "Fields")) }
                thead { tr {
                    th scope="col" { (l.t("項目", "Field")) }
                    th scope="col" { (l.t("列の名前", "Column")) }
                    th scope="col" { (l.t("型", "Type")) }
                    th scope="col" { (l.t("きまり", "Rules")) }
                } }
                tbody { @for field in &register.fields { (row(v, field, "")) } }
            }
        }
        @if !register.checks.is_empty() {
            h2 { (l.t("項目をまたぐ確認", "Checks across fields")) }
            ul { @for check in &register.checks { li { (l.p(&check.message)) " " code { (check.sql) } } } }
        }
        @if !register.states.is_empty() {
            h2 { (l.t("状態とその移り変わり", "States and transitions")) }
            p { @for (i, state) in register.states.iter().enumerate() { @if i > 0 { " " } (cells::state(v, register, Some(&state.name))) } }
            ul class="plain" {
                @for t in &register.transitions {
                    li {
                        b { (l.p(&t.label)) } (l.t("：", ": "))
                        @for (i, from) in t.from.iter().enumerate() { @if i > 0 { (l.t("・", ", ")) } (cells::state_name(l, register, from)) }
                        span aria-hidden="true" { " → " } span class="visually-hidden" { (l.t("から", " to ")) } (cells::state_name(l, register, &t.to))
                        @if !t.require.is_empty() {
                            " " span class="small muted" { (l.t("必要な項目：", "requires ")) (required(l, register, &t.require)) }
                        }
                    }
                }
            }
        }
        @if !register.key.is_empty() {
            h2 { (l.t("同じ記録とみなすもの", "What makes two records the same")) }
            p { (required(l, register, &register.key)) }
        }
    };
    layout::page(v, title, "registers", &register_crumbs(v, register), body)
}

fn required(l: L, register: &Register, names: &[String]) -> String {
    let labels: Vec<&str> = names.iter().map(|n| register.field(n).map_or(n.as_str(), |f| l.p(&f.label))).collect();
    labels.join(l.t("・", ", "))
}

fn row(v: &View, field: &Field, prefix: &str) -> Markup {
    let l = v.cx.l;
    let name = format!("{prefix}{}", field.name);
    html! {
        tr id={ "field-" (name) } {
            th scope="row" {
                b { (l.p(&field.label)) } (sensitivity(l, field.sensitivity))
                @if let Some(help) = &field.help { div class="small muted" { (l.p(help)) } }
            }
            td { code { (name) } @for column in field.columns().iter().skip(1) { br; code { (prefix) (column.name) } } }
            td { (type_word(v, field)) }
            td { (rules(v, field)) }
        }
        @if let FieldKind::Group { fields } = &field.kind {
            @for inner in fields { (row(v, inner, &format!("{name}."))) }
        }
    }
}

fn type_word(v: &View, field: &Field) -> Markup {
    use FieldKind as K;
    let l = v.cx.l;
    let word = match &field.kind {
        K::Text { .. } => l.t("一行の文字", "text"),
        K::LongText { .. } => l.t("長い文字", "long text"),
        K::Integer { .. } => l.t("整数", "whole number"),
        K::Decimal { .. } => l.t("小数", "decimal"),
        K::Money { .. } => l.t("金額と通貨", "money with currency"),
        K::Boolean => l.t("はい・いいえ", "yes or no"),
        K::Date { .. } => l.t("日付", "date"),
        K::FiscalYear { .. } => l.t("年度", "fiscal year"),
        K::Choice { .. } => l.t("一つを選ぶ", "one of a list"),
        K::Choices { .. } => l.t("いくつか選ぶ", "several of a list"),
        K::Country => l.t("国・地域", "country or region"),
        K::Organisation => l.t("組織", "organisation"),
        K::Person => l.t("人と連絡先", "person and contact"),
        K::Reference { .. } => l.t("ほかの記録", "another record"),
        K::Attachment { .. } => l.t("ファイル", "file"),
        K::Group { .. } => l.t("繰り返す行", "repeating rows"),
        K::Derived { .. } => l.t("計算", "computed"),
    };
    html! {
        (word) " " code class="small muted" { (kind(&field.kind)) }
        @match &field.kind {
            K::Choice { codes } | K::Choices { codes } => { " " a href=(v.cx.to(&format!("/codes/{}", url::segment(codes)))) { (v.pack.code_lists.get(codes).map_or(codes.as_str(), |c| l.p(&c.label))) } }
            K::Reference { register } => { " " a href=(cells::register_href(v, register)) { (v.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label))) } }
            _ => {}
        }
    }
}

fn rules(v: &View, field: &Field) -> Markup {
    use FieldKind as K;
    let l = v.cx.l;
    let bounds = |min: Option<String>, max: Option<String>| match (min, max) {
        (None, None) => None,
        (min, max) => Some(format!("{} – {}", min.unwrap_or_default(), max.unwrap_or_default())),
    };
    let range = match &field.kind {
        K::Integer { min, max, .. } | K::FiscalYear { min, max } => bounds(min.map(|n| n.to_string()), max.map(|n| n.to_string())),
        K::Decimal { min, max, .. } | K::Money { min, max, .. } => bounds(min.map(|x| x.to_string()), max.map(|x| x.to_string())),
        K::Date { min, max } => bounds(min.clone(), max.clone()),
        K::Text { max_length, .. } | K::LongText { max_length } => Some(format!("{max_length}{}", l.t("字まで", " characters at most"))),
        _ => None,
    };
    html! {
        @if field.required { span class="tag" { (l.t("必須", "required")) } " " }
        @if field.unique { span class="tag" { (l.t("重複なし", "unique")) } " " }
        @if let Some(range) = range { span class="small nowrap" { (range) } " " }
        @match &field.kind {
            K::Text { pattern: Some(pattern), .. } => { code { (pattern) } }
            K::Derived { sql, .. } => { code { (sql) } }
            _ => {}
        }
    }
}
