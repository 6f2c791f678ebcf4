//! An indicator: what it says, how it is judged, how it comes about, and what documents printed.

use crate::{
    ctx::Ctx,
    derivation,
    disclosed::Telling,
    draw::Drawing,
    error::Error,
    figures, fmt, judgement,
    layout::{self, View},
    measures::Measured,
    parts,
    reply::Reply,
    routes,
    state::{App, Traced},
    url,
    what_if::{self, Trial},
};
use maud::{Markup, html};
use shirube_indicator::{AuditLine, IndicatorError, Overrides};
use shirube_plan::{Direction, Indicator};

/// Rows of a step that are shown.
const ROWS: usize = 10;
/// Rows of a step for who asks for more; all of them are in the register's list.
const MORE_ROWS: usize = 1000;

/// Everything the page draws.
pub struct Sheet<'a> {
    /// The indicator with its values.
    pub measured: Measured<'a>,
    /// What must be known beside them where they are not told exactly.
    pub telling: Option<Telling>,
    /// Its steps, or why they could not be run.
    pub derivation: Traced,
    /// What documents printed, against the recomputation.
    pub lines: Vec<&'a AuditLine>,
    /// What the reader tries instead of the assumptions.
    pub trial: Trial,
    /// The values under the trial.
    pub varied: Option<Measured<'a>>,
}

/// The page of an indicator.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let whole = app.whole(cx)?;
    let indicator = app.indicator(cx, &whole, id)?;
    let trial = Trial::of(cx, &app.pack, indicator);
    let audit = app.audit(cx, &whole);
    let sheet = Sheet {
        measured: app.measure(cx, &whole, indicator, &Overrides::new()),
        telling: app.telling(cx, &whole, indicator)?,
        derivation: app.derivation(
            cx,
            &whole,
            indicator,
            &Overrides::new(),
            if cx.query.get("rows") == Some(derivation::MORE) { MORE_ROWS } else { ROWS },
        )?,
        lines: audit.lines.iter().filter(|l| l.indicator.as_deref() == Some(id)).collect(),
        varied: trial.overrides().map(|o| app.measure(cx, &whole, indicator, &o)),
        trial,
    };
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), &sheet)))
}

/// Draws it.
pub fn view(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let indicator = sheet.measured.indicator;
    let body = html! {
        (parts::heading(parts::indicator_kind(l, indicator.kind), l.p(&indicator.label)))
        p class="tags" {
            (sheet.measured.state().tag(l))
            @for (_, node) in indicator.nodes.iter().filter_map(|id| v.pack.node(id)) {
                a class="tag" href=(parts::node_href(v, &node.id)) { (parts::node_number(l, node).unwrap_or_else(|| l.p(&node.label).to_string())) }
            }
        }
        p class="lead" { (l.p(&indicator.definition)) }
        @if let Some(telling) = &sheet.telling { (telling.note(l)) }
        @match sheet.measured.measure() {
            Ok(measure) => {
                @let drawing = Drawing { v, indicator, measure };
                @if measure.computed.observations.is_empty() && sheet.telling.is_none() {
                    div class="callout care" { p { (l.t("この時点の記録からは、まだ値がありません。", "The records of this moment give no value yet.")) } }
                }
                (crate::chart::patterns())
                section id="values" { h2 { (l.t("値", "Values")) } (drawing.whole()) (drawing.by_dimension()) }
                section id="judgement" { h2 { (l.t("判定", "Judgement")) } (judgement::view(v, indicator, &measure.judgement)) }
            },
            Err(error) => { (failure(v, error)) },
        }
        @if !indicator.assumptions.is_empty() && sheet.telling.is_none() { section id="what-if" { h2 { (l.t("前提を変えて試す", "Try other assumptions")) } (what_if::view(v, sheet)) } }
        section id="derivation" {
            h2 { (l.t("算出の過程", "Derivation")) }
            @if sheet.varied.is_some() {
                p class="callout" role="note" { (l.t("ここに示すのは、試算ではなく、もとの前提による計算です。", "What follows is computed with the pack's own assumptions, without the trial.")) }
            }
            @match &sheet.derivation { Ok((derivation, withheld)) => (derivation::view(v, indicator, derivation, withheld)), Err(error) => (failure(v, error)) }
        }
        section id="published" {
            h2 { (l.t("公表値との照合", "Published against recomputed")) }
            @if sheet.lines.is_empty() { p class="muted" { (l.t("この指標で再計算する公表値はありません。", "No published figure is recomputed by this indicator.")) } }
            @else { (figures::table(v, &sheet.lines, figures::Columns { line: false, indicator: false, source: true })) }
        }
        section id="about-it" { h2 { (l.t("定義と出典", "Definition and sources")) } (facts(v, indicator)) (parts::cites(v, &indicator.cites)) }
        (downloads(v, indicator))
    };
    layout::page(v, l.p(&indicator.label), "indicators", &[(l.t("指標", "Indicators").into(), cx.to("/indicators"))], body)
}

/// Why there is no value, with the place in the pack and the mend. The words are the pack author's.
fn failure(v: &View, error: &IndicatorError) -> Markup {
    let l = v.cx.l;
    html! {
        div class="callout care" {
            p { b { (l.t("計算できませんでした。", "It could not be computed.")) } " " (l.t("ほかの指標には影響しません。", "Other indicators are not affected.")) }
            p lang="en" { code { (error.place.file) ":" (error.place.line) } " " (error.mistake) "; " (error.mistake.mend()) }
        }
    }
}

fn facts(v: &View, indicator: &Indicator) -> Markup {
    let l = v.cx.l;
    html! {
        dl class="facts" {
            dt { (l.t("単位", "Unit")) } dd { (parts::unit(v, &indicator.unit).map_or(indicator.unit.as_str(), |u| l.p(&u.label))) }
            dt { (l.t("良い向き", "Better")) }
            dd {
                @match indicator.direction {
                    Direction::Up => (l.t("大きいほど良い", "higher")),
                    Direction::Down => (l.t("小さいほど良い", "lower")),
                    Direction::None => (l.t("定めなし", "not declared")),
                }
            }
            @if !indicator.dimensions.is_empty() {
                dt { (l.t("内訳", "Breakdown")) }
                dd {
                    @for (i, name) in indicator.dimensions.iter().enumerate() {
                        @if i > 0 { (l.t("、", ", ")) }
                        @match v.pack.dimensions.get(name) {
                            Some(d) => a href=(v.cx.to(&format!("/codes/{}", url::segment(&d.codes)))) { (l.p(&d.label)) },
                            None => (name),
                        }
                    }
                }
            }
            @if let Some(text) = &indicator.frequency { dt { (l.t("頻度", "Frequency")) } dd { (l.p(text)) } }
            @if let Some(text) = &indicator.surveyor { dt { (l.t("調査主体", "Surveyed by")) } dd { (l.p(text)) } }
            @if let Some(lag) = indicator.lag { dt { (l.t("効果が現れるまで", "Years until effect")) } dd { (parts::lag(l, lag)) } }
            @if let Some(n) = indicator.min_n { dt { (l.t("少数とみなす件数", "Small n below")) } dd { (n) } }
            @for target in &indicator.targets {
                dt { (l.t("目標", "Target")) }
                dd { (fmt::period(l, &target.period)) " " (fmt::value(l, target.value, parts::unit(v, &indicator.unit))) " " (parts::cites(v, &target.cites)) }
            }
            @for b in &indicator.breaks {
                dt { (l.t("系列の断絶", "Break of the series")) }
                dd { (fmt::period(l, &b.period)) (l.t("から：", " on: ")) (l.p(&b.reason)) " " (parts::cites(v, &b.cites)) }
            }
            dt { (l.t("番号", "Id")) } dd { code { (indicator.id) } }
        }
    }
}

fn downloads(v: &View, indicator: &Indicator) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let path = |format: &str| cx.to(&format!("/indicators/{}/download/{format}", url::segment(&indicator.id)));
    html! {
        @if routes::named("indicator_download").is_some() {
            section id="downloads" class="no-print" {
                h2 { (l.t("ダウンロード", "Downloads")) }
                p class="tags" {
                    @for (format, name) in [("csv", "CSV"), ("xlsx", "XLSX"), ("json", "JSON")] { a class="button quiet" href=(path(format)) { (name) } }
                }
            }
        }
    }
}
