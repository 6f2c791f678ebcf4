//! All indicators, filtered by goal, kind and state.

use crate::{
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    listing::one_of,
    measures::{Measured, State, rank},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_indicator::Overrides;
use shirube_plan::{IndicatorKind, Node, Pack};

/// The list.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let whole = app.whole(cx)?;
    let wanted = Wanted::of(&app.pack, cx)?;
    let mut all: Vec<Measured> = app
        .indicators(cx, &whole)
        .filter(|i| wanted.lets(i.kind, &i.nodes))
        .map(|i| app.measure(cx, &whole, i, &Overrides::new()))
        .collect();
    all.retain(|m| wanted.state.as_deref().is_none_or(|s| m.state().slug() == s));
    all.sort_by_key(|m| rank(m.indicator.kind));
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), &wanted, &all)))
}

/// What the reader asked for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Plan node.
    pub node: Option<String>,
    /// Kind, as in addresses.
    pub kind: Option<String>,
    /// State, as in addresses.
    pub state: Option<String>,
}

impl Wanted {
    fn of(pack: &Pack, cx: &Ctx) -> Result<Wanted, Error> {
        let nodes = pack.periods.iter().flat_map(|p| &p.nodes).map(|n| n.id.as_str());
        Ok(Wanted {
            node: one_of(&cx.query, "node", nodes)?,
            kind: one_of(&cx.query, "kind", KINDS.map(kind_slug))?,
            state: one_of(&cx.query, "state", State::ALL.map(State::slug))?,
        })
    }

    fn lets(&self, kind: IndicatorKind, nodes: &[String]) -> bool {
        // Checks are arithmetic for the audit: shown when asked for, else only there.
        let kind_fits = match &self.kind {
            Some(wanted) => kind_slug(kind) == wanted,
            None => kind != IndicatorKind::Check,
        };
        kind_fits && self.node.as_ref().is_none_or(|n| nodes.contains(n))
    }
}

fn kind_slug(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Kgi => "kgi",
        IndicatorKind::Kpi => "kpi",
        IndicatorKind::Reference => "reference",
        IndicatorKind::FollowUp => "follow-up",
        IndicatorKind::Check => "check",
    }
}

const KINDS: [IndicatorKind; 5] =
    [IndicatorKind::Kgi, IndicatorKind::Kpi, IndicatorKind::FollowUp, IndicatorKind::Reference, IndicatorKind::Check];

/// Draws the list.
pub fn view(v: &View, wanted: &Wanted, all: &[Measured]) -> Markup {
    let l = v.cx.l;
    let body = html! {
        (parts::heading(l.t("何をどう測るか", "What is measured, and how"), l.t("指標", "Indicators")))
        (filters(v, wanted))
        p role="status" { (fmt::counted(l, all.len(), "件の指標", "indicator", "indicators")) }
        @if all.is_empty() { p class="muted" { (l.t("条件に合う指標はありません。", "No indicator fits.")) } } @else { (table(v, all)) }
    };
    layout::page(v, l.t("指標", "Indicators"), "indicators", &[], body)
}

fn filters(v: &View, wanted: &Wanted) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let measured = |n: &&Node| v.pack.indicators.values().any(|i| i.nodes.contains(&n.id));
    html! {
        form class="filters" method="get" action=(cx.form_action()) data-autosubmit="" {
            label {
                (l.t("計画の項目", "Plan node"))
                select name="node" {
                    option value="" { (l.t("すべて", "All")) }
                    @for period in &v.pack.periods {
                        optgroup label=(l.p(&period.label)) {
                            @for node in period.nodes.iter().filter(measured) {
                                option value=(node.id) selected[wanted.node.as_deref() == Some(&node.id)] { (parts::node_name(l, node)) }
                            }
                        }
                    }
                }
            }
            label {
                (l.t("種類", "Kind"))
                select name="kind" {
                    option value="" { (l.t("検算以外すべて", "All but checks")) }
                    @for kind in KINDS { option value=(kind_slug(kind)) selected[wanted.kind.as_deref() == Some(kind_slug(kind))] { (parts::indicator_kind(l, kind)) } }
                }
            }
            label {
                (l.t("判定", "State"))
                select name="state" {
                    option value="" { (l.t("すべて", "All")) }
                    @for state in State::ALL { @if state != State::Words { option value=(state.slug()) selected[wanted.state.as_deref() == Some(state.slug())] { (state.word(l)) } } }
                }
            }
            (layout::hidden_as_of(v))
            button { (l.t("絞り込む", "Filter")) }
            @if wanted.node.is_some() || wanted.kind.is_some() || wanted.state.is_some() { a href=(cx.to("/indicators")) { (l.t("条件を外す", "Clear")) } }
        }
    }
}

/// Indicators with latest value, change and state.
pub fn table(v: &View, all: &[Measured]) -> Markup {
    let l = v.cx.l;
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(l.t("指標の一覧", "List of indicators")) {
            table class="wide" data-sort="" {
                caption class="visually-hidden" { (l.t("指標の一覧", "List of indicators")) }
                thead {
                    tr {
                        th scope="col" { (l.t("指標", "Indicator")) }
                        th scope="col" { (l.t("種類", "Kind")) }
                        th scope="col" { (l.t("時期", "Period")) }
                        th scope="col" class="num" { (l.t("最新の値", "Latest")) }
                        th scope="col" class="num" { (l.t("前の時期から", "Change")) }
                        th scope="col" { (l.t("判定", "State")) }
                    }
                }
                tbody { @for m in all { (row(v, m)) } }
            }
        }
    }
}

fn row(v: &View, m: &Measured) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &m.indicator.unit);
    let series = m.headline();
    let latest = series.and_then(|s| s.latest.as_ref());
    html! {
        tr {
            th scope="row" { a href=(parts::indicator_href(v, &m.indicator.id)) { (l.p(&m.indicator.label)) } }
            td class="small" { (parts::indicator_kind(l, m.indicator.kind)) }
            td class="nowrap" data-v=[latest.map(|r| r.period.as_str())] { @if let Some(r) = latest { (fmt::period(l, &r.period)) } }
            td class="num" data-v=[latest.map(|r| r.value)] {
                @match (latest, series) {
                    (Some(r), _) => (fmt::value(l, r.value, unit)),
                    (None, Some(s)) => (fmt::absence(l, s.points.last().and_then(|p| p.status))),
                    (None, None) => span class="muted" { (l.t("内訳のみ", "parts only")) },
                }
            }
            td class="num" data-v=[series.and_then(|s| s.change)] { @if let Some(change) = series.and_then(|s| s.change) { (fmt::change(l, change, unit)) } }
            td { (m.state().tag(l)) }
        }
    }
}
