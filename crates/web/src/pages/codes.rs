//! Terms and code lists.

use crate::{
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
    url,
};
use maud::{Markup, html};
use shirube_plan::CodeList;

/// All lists, actors and units.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(view(&app.view(cx))))
}

/// One list.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let name = cx.param("list");
    let list = app.pack.code_lists.get(name).ok_or_else(|| Error::no("区分表", "code list", name))?;
    Ok(Reply::page(view_list(&app.view(cx), list)))
}

/// Draws the overview.
pub fn view(v: &View) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let body = html! {
        (parts::heading(l.t("この計画で使う言葉", "The words of this plan"), l.t("用語・区分", "Terms and code lists")))
        h2 { (l.t("画面の言葉", "Words of these pages")) }
        (glossary(v))
        h2 { (l.t("担当", "Who is responsible")) }
        div class="scroll" {
            table {
                caption class="visually-hidden" { (l.t("担当", "Who is responsible")) }
                (parts::thead(&[(l.t("略号", "Mark"), false), (l.t("名称", "Name"), false)]))
                tbody { @for actor in &v.pack.actors { tr { th scope="row" { (l.p(&actor.short)) } td { (l.p(&actor.label)) } } } }
            }
        }
        h2 { (l.t("区分表", "Code lists")) }
        ul class="plain" {
            @for list in v.pack.code_lists.values() {
                li { a href=(cx.to(&format!("/codes/{}", url::segment(&list.name)))) { (l.p(&list.label)) } " " span class="muted small" { (fmt::counted(l, list.codes.len(), "件", "code", "codes")) } }
            }
        }
    };
    layout::page(v, l.t("用語・区分", "Terms and code lists"), "codes", &[], body)
}

/// Words of the portal itself, with what they mean.
fn glossary(v: &View) -> Markup {
    let l = v.cx.l;
    let terms = [
        (
            l.t("公表値", "Published figure"),
            l.t(
                "文書に印刷された数値。印刷のまま、刻みと出典とともに保存する。",
                "A value that a document printed, kept as printed with its precision and citation.",
            ),
        ),
        (
            l.t("照合", "Audit"),
            l.t(
                "公表値と、記録から再計算した値とを、印刷の刻みで比べること。一致・相違・記録なしのいずれかになる。",
                "A published figure against its recomputation, at the printed precision: match, differs, or records not held.",
            ),
        ),
        (
            l.t("算出の過程", "Derivation"),
            l.t(
                "指標を計算する手順を順に示したもの。各段階の行は記録か公表値につながる。",
                "The steps of an indicator in order; the rows of each step lead to records or published figures.",
            ),
        ),
        (
            l.t("時点", "As of"),
            l.t(
                "その日の終わりまでに記録されていた内容での表示。事実の日付（年度など）とは別のもの。",
                "What had been recorded by the end of that day. Not the date of a fact, such as its fiscal year.",
            ),
        ),
        (l.t("台帳", "Register"), l.t("同じ種類の記録をまとめたもの。", "A type of record.")),
    ];
    let absences = [
        shirube_plan::Absence::Unknown,
        shirube_plan::Absence::NotCollected,
        shirube_plan::Absence::NotApplicable,
        shirube_plan::Absence::Suppressed,
    ];
    let meaning = [
        l.t("値があるはずだが分からない。", "There is a value, but it is not known."),
        l.t("集めていない（調査していない）。", "Nobody collected it."),
        l.t("その項目には当てはまらない。", "The question does not apply."),
        l.t("値はあるが、秘密を守るため示さない。", "There is a value, held back for confidentiality."),
    ];
    html! {
        dl class="facts" {
            @for (term, text) in terms { dt { (term) } dd { (text) } }
            @for (absence, text) in absences.into_iter().zip(meaning) { dt { (fmt::absence(l, Some(absence))) } dd { (text) } }
            dt { (fmt::absence(l, None)) } dd { (l.t("計算の結果に値がない。", "The calculation gives no value.")) }
            dt { span class="digits" { "0" } } dd { (l.t("数えた結果がゼロ。空欄とは違う。", "Counted, and there was none. Not a blank.")) }
        }
    }
}

/// Draws one list.
pub fn view_list(v: &View, list: &CodeList) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let described = list.codes.iter().any(|c| c.description.is_some());
    let cited = list.codes.iter().any(|c| !c.cites.is_empty());
    let wider = list.codes.iter().any(|c| c.parent.is_some());
    let name_of = |code: &str| list.codes.iter().find(|c| c.code == code).map_or(code.to_string(), |c| l.p(&c.label).to_string());
    let dimensions: Vec<_> = v.pack.dimensions.values().filter(|d| d.codes == list.name).collect();
    let body = html! {
        (parts::heading(l.t("区分表", "Code list"), l.p(&list.label)))
        @if !dimensions.is_empty() {
            p { (l.t("使われる内訳：", "Used by the breakdowns: ")) @for (i, d) in dimensions.iter().enumerate() { @if i > 0 { (l.t("、", ", ")) } (l.p(&d.label)) } }
        }
        div class="scroll" {
            table {
                caption class="visually-hidden" { (l.p(&list.label)) }
                thead {
                    tr {
                        th scope="col" { (l.t("コード", "Code")) }
                        th scope="col" { (l.t("名称", "Name")) }
                        @if wider { th scope="col" { (l.t("上位", "Part of")) } }
                        @if described { th scope="col" { (l.t("定義", "Definition")) } }
                        @if cited { th scope="col" { (l.t("出典", "Source")) } }
                    }
                }
                tbody {
                    @for code in &list.codes {
                        tr id={ "code-" (code.code) } {
                            th scope="row" { code { (code.code) } }
                            td { (l.p(&code.label)) }
                            @if wider { td { @if let Some(parent) = &code.parent { (name_of(parent)) } } }
                            @if described { td { @if let Some(text) = &code.description { (l.p(text)) } } }
                            @if cited { td { (parts::cites_short(v, &code.cites)) } }
                        }
                    }
                }
            }
        }
    };
    layout::page(v, l.p(&list.label), "codes", &[(l.t("用語・区分", "Terms").into(), cx.to("/codes"))], body)
}
