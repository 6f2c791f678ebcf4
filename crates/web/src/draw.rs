//! Indicators as figures: a chart and, always beside it, the table it draws.

use crate::{
    chart::{self, Frame, Matrix, Path, Point, Series, Tick},
    fmt,
    layout::View,
    measures::Measure,
    parts,
};
use maud::{Markup, PreEscaped, html};
use shirube_indicator::{
    Period,
    judge::{self, SeriesJudgement},
};
use shirube_plan::{Chart, Dims, Indicator, Unit};

/// What the figures of one indicator share.
pub struct Drawing<'a> {
    /// Request and pack.
    pub v: &'a View<'a>,
    /// The indicator.
    pub indicator: &'a Indicator,
    /// Its values and judgement.
    pub measure: &'a Measure,
}

impl<'a> Drawing<'a> {
    fn unit(&self) -> Option<&'a Unit> {
        self.v.pack.units.get(&self.indicator.unit)
    }

    /// The whole over time: chart and table. Nothing where there is no value for the whole.
    pub fn whole(&self) -> Markup {
        let Some(series) = self.measure.judgement.headline() else { return html! {} };
        let l = self.v.cx.l;
        let title = format!("{}{}", l.p(&self.indicator.label), l.t("の推移", " over time"));
        let frame = self.over_time(&[series], "whole", title, self.describe(series));
        let known = frame.series.iter().flat_map(|s| &s.points).filter(|p| p.value().is_some()).count();
        let drawn = match self.indicator.chart {
            _ if frame.x.len() < 2 || (known < 2 && frame.path.is_none()) => html! {},
            Some(Chart::None) => html! {},
            Some(Chart::Bar) => chart::columns(&frame),
            _ => chart::line(&frame),
        };
        self.beside(&frame, drawn, self.time_table(series))
    }

    /// One figure per dimension, for values broken down by it alone.
    pub fn by_dimension(&self) -> Markup {
        let l = self.v.cx.l;
        let single = |d: &str| -> Vec<&SeriesJudgement> {
            self.measure.judgement.series.iter().filter(|s| s.dims.len() == 1 && s.dims.contains_key(d)).collect()
        };
        let crossed = match self.indicator.dimensions.as_slice() {
            [rows, columns] => self.crossed(rows, columns),
            _ => html! {},
        };
        let matrix = self.indicator.chart == Some(Chart::Matrix);
        html! {
            @if matrix { (crossed) }
            @for (i, dimension) in self.indicator.dimensions.iter().enumerate() {
                @let series = single(dimension);
                @if !series.is_empty() {
                    @let name = parts::dimension_name(self.v, dimension);
                    section {
                        h3 { @if l.is_ja() { (name) "別" } @else { "By " (lower(name)) } }
                        (self.breakdown(&series, dimension, i))
                    }
                }
            }
            @if !matrix { (crossed) }
        }
    }

    fn breakdown(&self, series: &[&SeriesJudgement], dimension: &str, number: usize) -> Markup {
        let l = self.v.cx.l;
        let title = format!("{}{}{}", l.p(&self.indicator.label), l.t("：", ": "), parts::dimension_name(self.v, dimension));
        let periods = self.periods(series);
        let id = format!("by-{number}");
        let table = self.code_table(series, dimension, &periods);
        if self.indicator.chart == Some(Chart::None) {
            return table;
        }
        let many_periods = periods.len() > 3 && series.len() <= chart::MOST_SERIES && self.indicator.chart != Some(Chart::Bar);
        let frame = if many_periods {
            self.over_time(series, &id, title, String::new())
        } else {
            self.over_codes(series, dimension, &id, title, &periods)
        };
        let drawn = if many_periods { chart::line(&frame) } else { chart::bars(&frame) };
        self.beside(&frame, drawn, table)
    }

    /// Periods of some series, in order.
    fn periods(&self, series: &[&SeriesJudgement]) -> Vec<String> {
        let mut all: Vec<String> = vec![];
        for point in series.iter().flat_map(|s| &s.points) {
            if !all.contains(&point.period) {
                all.push(point.period.clone());
            }
        }
        all.sort_by(|a, b| position(a).total_cmp(&position(b)).then_with(|| a.cmp(b)));
        all
    }

    /// Series over time, with breaks and the path to the last target.
    fn over_time(&self, series: &[&SeriesJudgement], id: &str, title: String, desc: String) -> Frame {
        let l = self.v.cx.l;
        let mut periods = self.periods(series);
        let target = series.iter().find_map(|s| s.targets.last());
        if let Some(target) = target
            && !periods.contains(&target.period)
        {
            periods.push(target.period.clone());
            periods.sort_by(|a, b| position(a).total_cmp(&position(b)));
        }
        let path = target.map(|target| {
            let mut points: Vec<(f64, f64)> = target.path.iter().map(|r| (position(&r.period), r.value)).collect();
            if points.is_empty() {
                points.push((position(&target.period), target.value));
            }
            Path { label: format!("{} {}", l.t("目標", "target"), fmt::value(l, target.value, self.unit())), points }
        });
        let breaks = self
            .indicator
            .breaks
            .iter()
            .filter_map(|b| Some((periods.iter().position(|p| position(p) >= position(&b.period))?, l.p(&b.reason).to_string())))
            .collect();
        let lines: Vec<Series> = series
            .iter()
            .map(|s| Series { label: self.name(&s.dims), points: periods.iter().map(|p| self.point(s, p)).collect() })
            .collect();
        let x = chart::place_periods(periods.iter().map(String::as_str), fmt::period_short);
        self.scaled(Frame { id: id.to_string(), title, desc, x, series: lines, breaks, path, ..Frame::default() })
    }

    /// Codes as bars, one bar per period (the latest only where codes are many).
    fn over_codes(&self, series: &[&SeriesJudgement], dimension: &str, id: &str, title: String, periods: &[String]) -> Frame {
        let l = self.v.cx.l;
        let most = if series.len() > 8 { 1 } else { 3 };
        let shown = &periods[periods.len().saturating_sub(most)..];
        let x = series.iter().enumerate().map(|(i, s)| Tick {
            label: parts::code_name(self.v, dimension, s.dims.get(dimension).map_or("", String::as_str)).to_string(),
            at: i as f64,
        });
        let bars = shown.iter().map(|p| Series { label: fmt::period(l, p), points: series.iter().map(|s| self.point(s, p)).collect() });
        let title =
            if shown.len() == 1 { format!("{title}{}{}{}", l.t("（", " ("), fmt::period(l, &shown[0]), l.t("）", ")")) } else { title };
        self.scaled(Frame { id: id.to_string(), title, x: x.collect(), series: bars.collect(), ..Frame::default() })
    }

    fn scaled(&self, mut frame: Frame) -> Frame {
        let values = frame
            .series
            .iter()
            .flat_map(|s| s.points.iter().filter_map(Point::value))
            .chain(frame.path.iter().flat_map(|p| p.points.iter().map(|(_, v)| *v)));
        let greatest = values.fold(0.0_f64, |m, v| m.max(v.abs()));
        frame.axis = fmt::axis(self.v.cx.l, self.unit(), greatest);
        frame
    }

    fn point(&self, series: &SeriesJudgement, period: &str) -> Point {
        let l = self.v.cx.l;
        match series.points.iter().find(|p| p.period == period) {
            None => Point::Blank,
            Some(judge::Point { value: Some(value), small_n, projected, .. }) => {
                Point::Value { value: *value, text: fmt::value(l, *value, self.unit()), small: *small_n, projected: *projected }
            }
            Some(point) => Point::Absent {
                sign: fmt::absence_sign(point.status),
                word: shirube_indicator::format::absence(point.status, l.0).to_string(),
            },
        }
    }

    fn name(&self, dims: &Dims) -> String {
        if dims.is_empty() { self.v.cx.l.p(&self.indicator.label).to_string() } else { parts::dims(self.v, dims) }
    }

    /// What the line shows, in words.
    fn describe(&self, series: &SeriesJudgement) -> String {
        let l = self.v.cx.l;
        let read = |r: &judge::Reading| format!("{} {}", fmt::period(l, &r.period), fmt::value(l, r.value, self.unit()));
        let missing: Vec<String> = series.points.iter().filter(|p| p.value.is_none()).map(|p| fmt::period(l, &p.period)).collect();
        let mut words = match (&series.trend, &series.latest) {
            (Some(trend), _) => format!("{}{}{}{}", read(&trend.from), l.t("から", " to "), read(&trend.to), l.t("へ。", ".")),
            (None, Some(latest)) => format!("{}{}", read(latest), l.t("。", ".")),
            (None, None) => l.t("値がない。", "No value.").to_string(),
        };
        if !missing.is_empty() {
            words += &format!("{}{}{}", l.t("値のない時期：", " Without a value: "), missing.join(l.t("、", ", ")), l.t("。", "."));
        }
        if let Some(target) = series.targets.last() {
            words += &format!(
                "{}{} {}{}",
                l.t("目標は", " The target is "),
                fmt::period(l, &target.period),
                fmt::value(l, target.value, self.unit()),
                l.t("。", ".")
            );
        }
        words
    }

    /// Chart and table side by side.
    fn beside(&self, frame: &Frame, drawn: Markup, table: Markup) -> Markup {
        if drawn.0.is_empty() {
            return table;
        }
        html! {
            figure class={ "figure" @if frame.x.len() > 8 { " figure-wide" } } {
                div { figcaption { (frame.title) } (drawn) }
                (table)
            }
        }
    }

    /// All values of a series, with what a reader must know of each.
    fn time_table(&self, series: &SeriesJudgement) -> Markup {
        let (v, l) = (self.v, self.v.cx.l);
        let found = |period: &str| self.measure.computed.find(period, &series.dims);
        let has = |pick: fn(&shirube_indicator::Observation) -> Option<f64>| {
            series.points.iter().any(|p| found(&p.period).is_some_and(|o| pick(o).is_some()))
        };
        let ratio = has(|o| o.numerator) || has(|o| o.denominator);
        let counted = has(|o| o.n);
        let noted = series.points.iter().any(|p| p.small_n || p.projected || p.after_break);
        html! {
            div class="scroll" {
                table {
                    caption {
                        (l.p(&self.indicator.label))
                        @if let Some(unit) = self.unit() { span class="unit-word" { (l.t("（単位：", "(in ")) (l.p(&unit.label)) (l.t("）", ")")) } }
                    }
                    thead {
                        tr {
                            th scope="col" { (l.t("時期", "Period")) }
                            th scope="col" class="num" { (l.t("値", "Value")) }
                            @if ratio { th scope="col" class="num" { (l.t("分子", "Numerator")) } th scope="col" class="num" { (l.t("分母", "Denominator")) } }
                            @if counted { th scope="col" class="num" { (l.t("件数 n", "n")) } }
                            @if noted { th scope="col" { (l.t("注意", "Note")) } }
                        }
                    }
                    tbody {
                        @for point in &series.points {
                            @let o = found(&point.period);
                            tr {
                                th scope="row" class="nowrap" { (fmt::period(l, &point.period)) }
                                td class="num" { (self.value_cell(point.value, point.status)) }
                                @if ratio { td class="num" { (plain(o.and_then(|o| o.numerator))) } td class="num" { (plain(o.and_then(|o| o.denominator))) } }
                                @if counted { td class="num" { (plain(point.n)) } }
                                @if noted { td { (notes(v, point)) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Codes down, periods across.
    fn code_table(&self, series: &[&SeriesJudgement], dimension: &str, periods: &[String]) -> Markup {
        let l = self.v.cx.l;
        html! {
            div class="scroll" tabindex="0" role="region" aria-label=(parts::dimension_name(self.v, dimension)) {
                table {
                    caption { (l.p(&self.indicator.label)) }
                    thead { tr { th scope="col" { (parts::dimension_name(self.v, dimension)) } @for p in periods { th scope="col" class="num" { (fmt::period(l, p)) } } } }
                    tbody {
                        @for s in series {
                            tr {
                                th scope="row" { (self.name(&s.dims)) }
                                @for p in periods { td class="num" { (self.cell(&s.dims, s.points.iter().find(|q| &q.period == p))) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A value with what it is made of: `52.3% (23/44)`.
    fn cell(&self, dims: &Dims, point: Option<&judge::Point>) -> Markup {
        let l = self.v.cx.l;
        let Some(point) = point else { return html! {} };
        let made = self.measure.computed.find(&point.period, dims).and_then(|o| Some((o.numerator?, o.denominator?)));
        html! {
            (self.value_cell(point.value, point.status))
            @if let Some((a, b)) = made { br; span class="muted small" { (fmt::plain(a)) "/" (fmt::plain(b)) } }
            @if point.small_n { br; span class="tag care" { (l.t("少数", "small n")) } }
        }
    }

    fn value_cell(&self, value: Option<f64>, status: Option<shirube_plan::Absence>) -> Markup {
        let l = self.v.cx.l;
        match value {
            Some(value) => html! { (fmt::value(l, value, self.unit())) },
            None => fmt::absence(l, status),
        }
    }

    /// Two dimensions: one matrix per period, the same shades for all, totals only where the indicator gives them.
    fn crossed(&self, rows: &str, columns: &str) -> Markup {
        let l = self.v.cx.l;
        let all = &self.measure.judgement.series;
        let full: Vec<&SeriesJudgement> = all.iter().filter(|s| s.dims.len() == 2).collect();
        if full.is_empty() {
            return html! {};
        }
        let codes = |dimension: &str| self.codes(&full, dimension);
        let (row_codes, column_codes) = (codes(rows), codes(columns));
        let value =
            |dims: &Dims, period: &str| all.iter().find(|s| &s.dims == dims).and_then(|s| s.points.iter().find(|p| p.period == period));
        let cell = |dims: Dims, period: &str| {
            let point = value(&dims, period);
            let none = || html! { span class="muted" { span aria-hidden="true" { "·" } span class="visually-hidden" { (l.t("該当なし", "none")) } } };
            let content = point.map_or_else(none, |p| self.bare(p));
            chart::Cell { content: PreEscaped(content.0), value: point.and_then(|p| p.value) }
        };
        let dims = |pairs: &[(&str, &str)]| -> Dims { pairs.iter().map(|(d, c)| (d.to_string(), c.to_string())).collect() };
        let greatest = full.iter().flat_map(|s| s.points.iter().filter_map(|p| p.value)).fold(0.0, f64::max);
        let totals = |codes: &[String], dimension: &str, period: &str| {
            let cells: Vec<chart::Cell> = codes.iter().map(|c| cell(dims(&[(dimension, c)]), period)).collect();
            cells.iter().any(|c| c.value.is_some()).then_some(cells)
        };
        let shaded = self.indicator.chart == Some(Chart::Matrix);
        html! {
            h3 { (parts::dimension_name(self.v, rows)) " × " (parts::dimension_name(self.v, columns)) }
            @if shaded { p class="small muted" { (l.t(
                "濃いほど値が大きい。合計は、指標が定めているものだけを示す。空いた欄（·）は該当する行がないことを表す。",
                "Darker is larger. Totals are shown only where the indicator defines them. An open cell (·) means that there is no such row.",
            )) } }
            div class="matrices" {
                @for period in self.periods(&full) {
                    (chart::matrix(&Matrix {
                        caption: format!("{}{}{}{}", l.p(&self.indicator.label), l.t("（", " ("), fmt::period(l, &period), l.t("）", ")")),
                        row_head: parts::dimension_name(self.v, rows).to_string(),
                        column_head: parts::dimension_name(self.v, columns).to_string(),
                        rows: row_codes.iter().map(|c| parts::code_name(self.v, rows, c).to_string()).collect(),
                        columns: column_codes.iter().map(|c| parts::code_name(self.v, columns, c).to_string()).collect(),
                        cells: row_codes.iter().map(|r| column_codes.iter().map(|c| cell(dims(&[(rows, r), (columns, c)]), &period)).collect()).collect(),
                        column_totals: totals(&column_codes, columns, &period),
                        row_totals: totals(&row_codes, rows, &period),
                        total: Some(cell(Dims::new(), &period)),
                        total_word: l.t("計", "Total").to_string(),
                    }, if shaded { greatest } else { 0.0 }))
                }
            }
        }
    }

    /// A number alone, without its unit: the caption of a matrix carries that.
    fn bare(&self, point: &judge::Point) -> Markup {
        match point.value {
            Some(value) => html! { (fmt::bare(value, self.unit())) },
            None => fmt::absence(self.v.cx.l, point.status),
        }
    }

    /// Codes of a dimension that occur, in the order of their list.
    fn codes(&self, series: &[&SeriesJudgement], dimension: &str) -> Vec<String> {
        let used = |code: &str| series.iter().any(|s| s.dims.get(dimension).is_some_and(|c| c == code));
        let list = self.v.pack.dimensions.get(dimension).and_then(|d| self.v.pack.code_lists.get(&d.codes));
        list.map(|l| l.codes.iter().filter(|c| used(&c.code)).map(|c| c.code.clone()).collect()).unwrap_or_default()
    }
}

fn plain(value: Option<f64>) -> Markup {
    html! { @match value { Some(value) => (fmt::plain(value)), None => "" } }
}

/// What a reader must know of a point.
fn notes(v: &View, point: &judge::Point) -> Markup {
    let l = v.cx.l;
    html! {
        @if point.after_break { span class="tag care" { span aria-hidden="true" { "≠" } " " (l.t("ここから比較不可", "break")) } " " }
        @if point.small_n { span class="tag care" { span aria-hidden="true" { "○" } " " (l.t("少数", "small n")) } " " }
        @if point.projected { span class="tag" { (l.t("推計", "projected")) } }
    }
}

fn position(period: &str) -> f64 {
    Period::parse(period).map_or(f64::MAX, |p| p.position())
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
