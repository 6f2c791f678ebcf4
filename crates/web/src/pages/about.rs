//! How to read these pages.

use crate::{
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    measures::State,
    parts,
    reply::Reply,
    state::App,
    text::L,
};
use maud::{Markup, html};

/// The help page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(view(&app.view(cx))))
}

/// Draws it.
pub fn view(v: &View) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let body = html! {
        (parts::heading(l.t("使い方", "Help"), l.t("この画面の読み方", "How to read these pages")))
        p class="lead" {
            (l.t("標（しるべ）は、計画の約束・指標・記録をひとつの流れで結びます。画面の数値はすべて、算出の過程をたどって記録に、または文書の行に行き着きます。",
                 "Shirube joins a plan's promises, its indicators and its records in one flow. Every figure leads, through its derivation, to records or to the line of a document."))
        }
        h2 { (l.t("時点を変える", "Looking at an earlier day")) }
        p { (l.t(
            "画面上部の「時点」に日付を入れると、その日の終わり（日本時間）までに記録されていた内容で表示します。表示中は帯で知らせ、リンクをたどっても時点は保たれます。",
            "Enter a date in “As of” at the top: the pages then show what had been recorded by the end of that day (Japan time). A banner says so, and every link keeps the moment.",
        )) }
        h2 { (l.t("判定の読み方", "How states read")) }
        dl class="facts" { (states(l)) }
        h2 { (l.t("数値がないとき", "When there is no number")) }
        p {
            (fmt::absence(l, Some(shirube_plan::Absence::Unknown))) "　" (fmt::absence(l, Some(shirube_plan::Absence::NotCollected))) "　"
            (fmt::absence(l, Some(shirube_plan::Absence::NotApplicable))) "　" (fmt::absence(l, Some(shirube_plan::Absence::Suppressed))) "　" (fmt::absence(l, None))
        }
        p { (l.t(
            "これらはゼロとは別のものとして扱い、合計や割合に紛れ込ませません。意味は",
            "They are different from zero and from each other, and never slip into totals or shares. Their meaning is under ",
        )) a href=(cx.to("/codes")) { (l.t("用語・区分", "Terms and code lists")) } (l.t("にあります。", ".")) }
        h2 { (l.t("図の読み方", "How charts read")) }
        ul {
            li { (l.t("図の横には必ず同じ数値の表があります。", "A table with the same figures always stands beside a chart.")) }
            li { (l.t("中抜きの印は、母数が少なく、読むのに注意がいる値です。", "A hollow mark is a value with a small n: read it with care.")) }
            li { (l.t(
                "点線と「≠」は系列の断絶です。その前後は比べられず、線もつなぎません。",
                "A dotted line with “≠” is a break of the series: values across it do not compare, and are not joined.",
            )) }
            li { (l.t("値のない年は線を切り、理由の記号（？ … ／ ■）を置きます。", "A year without a value cuts the line and carries the sign of its reason (？ … ／ ■).")) }
        }
        h2 { (l.t("キーボードと読み上げ", "Keyboard and screen reader")) }
        p { (l.t(
            "すべての操作はキーボードでできます。横に長い表は、表に移動して矢印キーで動かせます。スクリプトがなくても同じ内容を読めます。",
            "Everything can be done from the keyboard. Wide tables scroll with the arrow keys once focused. The pages read the same without scripts.",
        )) }
        h2 { (l.t("エラーの種類", "Kinds of errors")) }
        dl class="facts" {
            @for error in kinds() {
                dt id={ "problem-" (error.slug()) } { (l.p(&error.title())) br; code { (error.status()) " " (error.slug()) } }
                dd { (l.p(&error.problem())) " " (l.p(&error.mend())) }
            }
        }
        h2 { (l.t("このパックについて", "About this pack")) }
        p { (l.p(&v.pack.meta.description)) }
        dl class="facts" {
            dt { (l.t("パック", "Pack")) } dd { (v.pack.meta.id) " " (v.pack.meta.version) }
            dt { (l.t("内容のハッシュ", "Content hash")) } dd { code { (v.pack.digest) } }
        }
    };
    layout::page(v, l.t("使い方", "Help"), "about", &[], body)
}

/// One of each kind, as the help lists them.
fn kinds() -> [Error; 5] {
    use crate::error::pair;
    [
        Error::NotFound(pair("そのアドレスのものがありません。", "Nothing is at that address.")),
        Error::BadRequest {
            problem: pair("指定（日付・絞り込みなど）を読み取れません。", "A parameter (a date, a filter) cannot be read."),
            mend: pair("画面に示される書き方で指定し直してください。", "Write it as the message shows."),
        },
        Error::Forbidden(pair("見る・変える権限がありません。", "You may not see or change this.")),
        Error::Method,
        Error::Internal(String::new()),
    ]
}

fn states(l: L) -> Markup {
    html! { @for state in State::ALL { dt { (state.tag(l)) } dd { (state.meaning(l)) } } }
}
