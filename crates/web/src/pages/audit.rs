//! The audit: every published figure against the records.

use crate::{
    ctx::Ctx,
    error::Error,
    figures::{self, Columns},
    fmt,
    layout::{self, View},
    listing::{one_of, whole},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_indicator::{
    Audit, AuditLine, AuditVerdict,
    audit::{CorrectionCheck, FindingCheck, NotHeldBecause},
};
use shirube_plan::{NodeKind, Pack};

/// Lines shown on a page.
const MOST: usize = 200;
/// Greatest page one may ask for; more would be no page of any pack.
const MOST_PAGES: u64 = 1_000_000;
/// Verdicts one may ask for, beside the reasons for having none.
const VERDICTS: [&str; 5] = ["match", "differs", "explained", "unexplained", "not-held"];

/// The audit page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let whole = app.whole(cx)?;
    let audit = app.audit(cx, &whole);
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), &audit, &Wanted::of(&app.pack, cx)?)))
}

/// What the reader asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    verdict: Option<String>,
    source: Option<String>,
    goal: Option<String>,
    text: Option<String>,
    page: usize,
}

impl Wanted {
    fn of(pack: &Pack, cx: &Ctx) -> Result<Wanted, Error> {
        let nodes = pack.periods.iter().flat_map(|p| &p.nodes).map(|n| n.id.as_str());
        Ok(Wanted {
            verdict: one_of(&cx.query, "verdict", VERDICTS.into_iter().chain(REASONS.map(because_slug)))?,
            source: one_of(&cx.query, "source", pack.sources.iter().map(|s| s.id.as_str()))?,
            goal: one_of(&cx.query, "goal", nodes)?,
            text: cx.query.get("q").map(str::to_string),
            page: whole(&cx.query, "page", 1, MOST_PAGES)? as usize,
        })
    }

    fn lets(&self, v: &View, line: &AuditLine) -> bool {
        self.verdict.as_deref().is_none_or(|w| slugs(line).contains(&w))
            && self.source.as_ref().is_none_or(|s| &line.source == s)
            && self.goal.as_ref().is_none_or(|g| line.goals.contains(g))
            && self.text.as_ref().is_none_or(|t| holds(v, line, t))
    }

    fn any(&self) -> bool {
        self.verdict.is_some() || self.source.is_some() || self.goal.is_some() || self.text.is_some()
    }
}

/// Every word stands in the figure's name, print or id.
fn holds(v: &View, line: &AuditLine, text: &str) -> bool {
    let series = v.pack.series.get(&line.series);
    let labels = series.map(|s| format!("{} {}", s.label.ja, s.label.en)).unwrap_or_default();
    let hay = format!("{labels} {} {} {}", line.printed, line.figure, parts::dims(v, &line.dims)).to_lowercase();
    text.to_lowercase().split_whitespace().all(|word| hay.contains(word))
}

/// Verdicts a line may be asked for by, the broadest first.
fn slugs(line: &AuditLine) -> Vec<&'static str> {
    match (&line.verdict, line.explained) {
        (AuditVerdict::Match, _) => vec!["match"],
        (AuditVerdict::Differs { .. }, true) => vec!["differs", "explained"],
        (AuditVerdict::Differs { .. }, false) => vec!["differs", "unexplained"],
        (AuditVerdict::NotHeld, _) => vec!["not-held"].into_iter().chain(line.because.map(because_slug)).collect(),
    }
}

fn because_slug(because: NotHeldBecause) -> &'static str {
    match because {
        NotHeldBecause::NoIndicator => "no-indicator",
        NotHeldBecause::NoObservation => "no-observation",
        NotHeldBecause::NoValue => "no-value",
        NotHeldBecause::RepeatsPrint => "repeats-print",
        NotHeldBecause::Failed => "failed",
    }
}

const REASONS: [NotHeldBecause; 5] = [
    NotHeldBecause::NoIndicator,
    NotHeldBecause::RepeatsPrint,
    NotHeldBecause::NoObservation,
    NotHeldBecause::NoValue,
    NotHeldBecause::Failed,
];

/// Draws it.
pub fn view(v: &View, audit: &Audit, wanted: &Wanted) -> Markup {
    let l = v.cx.l;
    let lines: Vec<&AuditLine> = audit.lines.iter().filter(|line| wanted.lets(v, line)).collect();
    let pages = lines.len().div_ceil(MOST).max(1);
    let page = wanted.page;
    let shown: Vec<&AuditLine> = lines.iter().skip((page - 1) * MOST).take(MOST).copied().collect();
    let body = html! {
        (parts::heading(l.t("公表値と記録からの再計算", "Published against recomputed"), l.t("照合", "Audit")))
        p class="lead" { (l.t(
            "文書に印刷されたすべての数値を、記録から計算し直した値と、印刷の刻みで比べています。記録を持っていない数値は「記録なし」とし、一致とはみなしません。",
            "Every figure that the documents print, against the value computed from the records, at the printed precision. A figure whose records are not held is never counted as a match.",
        )) }
        @if audit.ok { p { span class="tag better" { "✓ " (l.t("説明のつかない相違はありません", "No unexplained difference")) } } }
        @else { div class="callout care" role="note" { p { b { (l.t("確認が要るものがあります。", "Something needs a look.")) } " " (open_points(v, audit)) } } }
        (counts(v, audit))
        (failures(v, audit))
        section id="figures" {
            h2 { (l.t("公表値", "Published figures")) }
            (filters(v, wanted))
            p role="status" { (fmt::counted(l, lines.len(), "件", "figure", "figures")) @if pages > 1 && page <= pages { " · " (l.t("ページ", "page")) " " (page) "/" (pages) } }
            @if page > pages {
                div class="callout" {
                    p { (l.t("このページには公表値がありません。", "There are no figures on this page.")) " " a href={ (v.cx.here_with("page", None)) "#figures" } { (l.t("最初のページへ", "To the first page")) } }
                }
            }
            @else if shown.is_empty() { p class="muted" { (l.t("条件に合うものはありません。", "Nothing fits.")) } }
            @else { (figures::table(v, &shown, Columns { line: false, indicator: true, source: true })) (pager(v, page, pages)) }
        }
        (findings(v, &audit.findings))
        (corrections(v, &audit.corrections))
    };
    layout::page(v, l.t("照合", "Audit"), "audit", &[], body)
}

fn open_points(v: &View, audit: &Audit) -> String {
    let l = v.cx.l;
    let open = audit.counts.differs - audit.counts.explained;
    let findings = audit.findings.iter().filter(|f| !f.holds).count();
    let corrections = audit.corrections.iter().filter(|c| !c.holds).count();
    let points = [
        (open, "説明のない相違 ", "unexplained difference", "unexplained differences"),
        (findings, "条件が変わった所見 ", "finding whose guard no longer holds", "findings whose guard no longer holds"),
        (corrections, "条件が変わった訂正 ", "correction whose guard no longer holds", "corrections whose guard no longer holds"),
        (audit.failures.len(), "計算できない指標 ", "indicator that cannot be computed", "indicators that cannot be computed"),
    ];
    points
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, ja, one, many)| format!("{}{}", l.t(ja, ""), fmt::counted(l, *n, "件", one, many)))
        .collect::<Vec<_>>()
        .join(l.t("、", ", "))
}

/// Counts with links to the filtered list.
pub fn counts(v: &View, audit: &Audit) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let c = &audit.counts;
    let link = |verdict: &str| cx.to_with("/audit#figures", crate::url::Query(vec![("verdict".into(), verdict.into())]));
    let stats = [
        ("", c.figures, fmt::noun(l, c.figures, "公表値", "published figure", "published figures")),
        ("match", c.matches, fmt::noun(l, c.matches, "一致", "matches", "match")),
        ("explained", c.explained, fmt::noun(l, c.explained, "相違（説明あり）", "differs, explained", "differ, explained")),
        (
            "unexplained",
            c.differs - c.explained,
            fmt::noun(l, c.differs - c.explained, "相違（説明なし）", "differs, unexplained", "differ, unexplained"),
        ),
        ("not-held", c.not_held, l.t("記録なし", "records not held")),
    ];
    html! { ul class="stats" { @for (slug, n, word) in stats { li { a href=(link(slug)) { b { (fmt::count(n)) } (word) } } } } }
}

fn filters(v: &View, wanted: &Wanted) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let verdicts = [
        ("match", l.t("一致", "match")),
        ("differs", l.t("相違（すべて）", "differs (all)")),
        ("explained", l.t("相違（説明あり）", "differs, explained")),
        ("unexplained", l.t("相違（説明なし）", "differs, unexplained")),
        ("not-held", l.t("記録なし（すべて）", "records not held (all)")),
    ];
    html! {
        form class="filters" method="get" action={ (cx.form_action()) "#figures" } data-autosubmit="" {
            label {
                (l.t("照合", "Verdict"))
                select name="verdict" {
                    option value="" { (l.t("すべて", "All")) }
                    @for (slug, word) in verdicts { option value=(slug) selected[wanted.verdict.as_deref() == Some(slug)] { (word) } }
                    @for reason in REASONS {
                        @let slug = because_slug(reason);
                        option value=(slug) selected[wanted.verdict.as_deref() == Some(slug)] { (l.t("記録なし：", "not held: ")) (figures::because(l, reason)) }
                    }
                }
            }
            label {
                (l.t("出典", "Source"))
                select name="source" {
                    option value="" { (l.t("すべて", "All")) }
                    @for source in &v.pack.sources { option value=(source.id) selected[wanted.source.as_ref() == Some(&source.id)] { (l.p(&source.label)) } }
                }
            }
            label {
                (l.t("ゴール", "Goal"))
                select name="goal" {
                    option value="" { (l.t("すべて", "All")) }
                    @for period in &v.pack.periods {
                        optgroup label=(l.p(&period.label)) {
                            @for node in period.nodes.iter().filter(|n| n.kind == NodeKind::Goal) {
                                option value=(node.id) selected[wanted.goal.as_ref() == Some(&node.id)] { (parts::node_name(l, node)) }
                            }
                        }
                    }
                }
            }
            label { (l.t("言葉", "Words")) input type="search" name="q" value=(wanted.text.as_deref().unwrap_or_default()); }
            (layout::hidden_as_of(v))
            button { (l.t("絞り込む", "Filter")) }
            @if wanted.any() { a href=(cx.to("/audit#figures")) { (l.t("条件を外す", "Clear")) } }
        }
    }
}

fn pager(v: &View, page: usize, pages: usize) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    html! {
        @if pages > 1 {
            nav class="no-print" aria-label=(l.t("ページ", "Pages")) {
                ul class="chips" {
                    @for n in 1..=pages {
                        li { @if n == page { span class="here" aria-current="page" { (n) } } @else { a href={ (cx.here_with("page", Some(&n.to_string()))) "#figures" } { (n) } } }
                    }
                }
            }
        }
    }
}

fn failures(v: &View, audit: &Audit) -> Markup {
    let l = v.cx.l;
    html! {
        @if !audit.failures.is_empty() {
            h2 { (l.t("計算できない指標", "Indicators that cannot be computed")) }
            ul class="plain" {
                @for f in &audit.failures {
                    li { (parts::indicator_link(v, &f.indicator)) " " span lang="en" { code { (f.file) ":" (f.line) } " " (f.problem) "; " (f.mend) } }
                }
            }
        }
    }
}

/// Kind of a finding in words.
pub fn finding_kind(v: &View, kind: &str) -> &'static str {
    let l = v.cx.l;
    match kind {
        "slip" => l.t("誤記", "slip"),
        "rounding" => l.t("丸め", "rounding"),
        "definition" => l.t("定義の違い", "definition"),
        "scope" => l.t("範囲の違い", "scope"),
        "conflict" => l.t("文書間の不一致", "conflict of documents"),
        _ => l.t("その他", "other"),
    }
}

fn guard(v: &View, holds: bool) -> Markup {
    let l = v.cx.l;
    html! { @if !holds { span class="tag worse" { "！ " (l.t("書かれたときから変わった：見直しが必要", "changed since it was written: look again")) } } }
}

fn findings(v: &View, findings: &[FindingCheck]) -> Markup {
    let l = v.cx.l;
    html! {
        section id="findings" {
            h2 { (l.t("所見", "Findings")) " " span class="muted" { "(" (findings.len()) ")" } }
            p { (l.t(
                "文書の相違や誤記と、その説明です。印刷はそのまま残し、黙って直しません。",
                "Differences and oddities of the documents, explained. The print stays as it is; nothing is mended silently.",
            )) }
            ul class="plain" {
                @for finding in findings {
                    li id={ "finding-" (finding.id) } {
                        span class="tag" { (finding_kind(v, &finding.kind)) } " " (l.p(&finding.explain)) " " (guard(v, finding.holds))
                        ul class="small" {
                            @for seen in &finding.figures {
                                li {
                                    a href=(parts::figure_href(v, &seen.figure)) { code { (seen.figure) } } " "
                                    (l.t("印刷 ", "printed ")) @match &seen.printed { Some(p) => (l.foreign(p)), None => (l.t("なし", "none")) }
                                    @if let Some(c) = seen.computed { (l.t("、再計算 ", ", recomputed ")) (fmt::plain(c)) }
                                }
                            }
                        }
                        @if let Some(declared) = v.pack.findings.iter().find(|f| f.id == finding.id) { (parts::cites_folded(v, &declared.cites)) }
                    }
                }
            }
        }
    }
}

fn corrections(v: &View, corrections: &[CorrectionCheck]) -> Markup {
    let l = v.cx.l;
    html! {
        section id="corrections" {
            h2 { (l.t("訂正", "Corrections")) " " span class="muted" { "(" (corrections.len()) ")" } }
            p { (l.t(
                "指標の計算で、印刷の値や時期の代わりに使うもの。印刷が変われば、訂正は見直すまで失敗として示されます。",
                "What indicators use instead of a printed value or period. When the print changes, the correction shows as failed until it is looked at again.",
            )) }
            @if corrections.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } }
            ul class="plain" {
                @for c in corrections {
                    li {
                        a href=(parts::figure_href(v, &c.figure)) { code { (c.figure) } } " " (l.t("印刷 ", "printed ")) (l.foreign(&c.expect)) " → "
                        @if let Some(period) = &c.period { (fmt::period(l, period)) " " }
                        @if let Some(value) = c.value { (fmt::value(l, value, unit_of(v, &c.figure))) " " }
                        (guard(v, c.holds)) br; (l.p(&c.reason))
                        @if let Some(declared) = v.pack.corrections.iter().find(|d| d.figure == c.figure) { (parts::cites_folded(v, &declared.cites)) }
                    }
                }
            }
        }
    }
}

fn unit_of<'a>(v: &View<'a>, figure: &str) -> Option<&'a shirube_plan::Unit> {
    let series = v.pack.series.get(&v.pack.figure(figure)?.series)?;
    parts::unit(v, &series.unit)
}
