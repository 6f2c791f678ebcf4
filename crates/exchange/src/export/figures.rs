//! Figures as tables: observations of indicators, published figures, the audit.

use super::{About, Column, Kind, Table, Value};
use shirube_indicator::{Audit, AuditVerdict, Computed};
use shirube_plan::{Absence, Dims, Pack, Pair};
use shirube_snapshot::Moment;
use std::collections::BTreeSet;

/// A table ready to be written.
pub type Figures = (Table, Vec<Vec<Value>>);

fn pair(ja: &str, en: &str) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

fn column(name: &str, ja: &str, en: &str, kind: Kind) -> Column {
    Column::new(name, pair(ja, en), kind)
}

fn begin(pack: &Pack, label: Pair, moment: Moment) -> Table {
    Table { label, about: origin(pack, moment), ..Table::default() }
}

/// Pack, its version and the moment: what a figure is reproducible against.
pub(super) fn origin(pack: &Pack, moment: Moment) -> About {
    let mut about = About::default();
    about.pair("pack", "パック", "Pack", pack.meta.label.clone());
    about.fact("pack_version", "版", "Version", format!("{} ({})", pack.meta.version, pack.digest));
    about.fact("as_of", "時点", "As of", format!("{} (event {})", moment.day(), moment.seq));
    if pack.meta.fictional {
        about.pair("fictional", "注意", "Note", pair("すべて架空の内容です。", "Everything in it is invented."));
    }
    about
}

/// Dimension columns, in the order of the names.
fn dimensions<'a>(pack: &Pack, used: impl IntoIterator<Item = &'a Dims>) -> Vec<Column> {
    let names: BTreeSet<&str> = used.into_iter().flat_map(|d| d.keys()).map(String::as_str).collect();
    let label = |name: &str| pack.dimensions.get(name).map(|d| d.label.clone()).unwrap_or_default();
    names.into_iter().map(|name| Column::new(name, label(name), Kind::Text)).collect()
}

fn cells(columns: &[Column], dims: &Dims) -> Vec<Value> {
    columns.iter().map(|c| dims.get(&c.name).cloned().into()).collect()
}

fn number(value: Option<f64>, status: Option<Absence>) -> Value {
    match (value, status) {
        (Some(x), _) => x.into(),
        (None, Some(absence)) => Value::Missing(absence.as_str().to_owned()),
        (None, None) => Value::Blank,
    }
}

/// Observations of one or more indicators. Columns: `indicator`, `period`, the dimensions, `value`, `unit`,
/// `numerator`, `denominator`, `n`.
pub fn observations(pack: &Pack, computed: &[Computed], moment: Moment) -> Figures {
    let mut table = begin(pack, pair("指標", "Indicators"), moment);
    if let [one] = computed
        && let Some(indicator) = pack.indicators.get(&one.indicator)
    {
        table.label = indicator.label.clone();
        table.about.pair("definition", "定義", "Definition", indicator.definition.clone());
    }
    let dims = dimensions(pack, computed.iter().flat_map(|c| c.observations.iter().map(|o| &o.dims)));
    table.columns = vec![column("indicator", "指標", "Indicator", Kind::Text), column("period", "期間", "Period", Kind::Text)];
    table.columns.extend(dims.iter().cloned());
    table.columns.extend([
        column("value", "値", "Value", Kind::Decimal(None)),
        column("unit", "単位", "Unit", Kind::Text),
        column("numerator", "分子", "Numerator", Kind::Decimal(None)),
        column("denominator", "分母", "Denominator", Kind::Decimal(None)),
        column("n", "件数", "n", Kind::Decimal(None)),
    ]);
    let mut rows = vec![];
    for one in computed {
        let unit = pack.indicators.get(&one.indicator).map(|i| i.unit.clone());
        for o in &one.observations {
            let mut row = vec![one.indicator.clone().into(), o.period.clone().into()];
            row.extend(cells(&dims, &o.dims));
            row.extend([number(o.value, o.status), unit.clone().into(), o.numerator.into(), o.denominator.into(), o.n.into()]);
            rows.push(row);
        }
    }
    (table, rows)
}

/// Every published figure. Columns: `id`, `series`, `period`, the dimensions, `printed`, `value`, `unit`, `source`,
/// `heading`, `quote`, `line`.
pub fn published(pack: &Pack, moment: Moment) -> Figures {
    let mut table = begin(pack, pair("公表値", "Published figures"), moment);
    let dims = dimensions(pack, pack.figures.iter().map(|f| &f.dims));
    table.columns = vec![
        column("id", "番号", "Id", Kind::Text),
        column("series", "系列", "Series", Kind::Text),
        column("period", "期間", "Period", Kind::Text),
    ];
    table.columns.extend(dims.iter().cloned());
    table.columns.extend([
        column("printed", "印字", "As printed", Kind::Text),
        column("value", "値", "Value", Kind::Decimal(None)),
        column("unit", "単位", "Unit", Kind::Text),
        column("source", "出典", "Source", Kind::Text),
        column("heading", "見出し", "Heading", Kind::Text),
        column("quote", "引用", "Quote", Kind::Long),
        column("line", "行", "Line", Kind::Plain),
    ]);
    let row = |f: &shirube_plan::Figure| {
        let mut row: Vec<Value> = vec![f.id.clone().into(), f.series.clone().into(), f.period.clone().into()];
        row.extend(cells(&dims, &f.dims));
        let unit = pack.series.get(&f.series).map(|s| s.unit.clone());
        row.extend([
            f.printed.clone().into(),
            number(f.value, f.status),
            unit.into(),
            f.cite.source.clone().into(),
            f.cite.heading.clone().into(),
            f.cite.quote.clone().into(),
            f.cite.line.map(|n| n as i64).into(),
        ]);
        row
    };
    let rows = pack.figures.iter().map(row).collect();
    (table, rows)
}

/// The audit, one row per published figure. Columns: `figure`, `verdict` (`match`, `differs`, `not_held`),
/// `finding`, `printed`, `value`, `computed`, `difference`, `unit`, `indicator`, `source`.
pub fn audit(pack: &Pack, audit: &Audit, moment: Moment) -> Figures {
    let mut table = begin(pack, pair("照合", "Audit"), moment);
    table.columns = vec![
        column("figure", "公表値", "Figure", Kind::Text),
        column("verdict", "判定", "Verdict", Kind::Text),
        column("finding", "説明", "Finding", Kind::Text),
        column("printed", "印字", "As printed", Kind::Text),
        column("value", "値", "Value", Kind::Decimal(None)),
        column("computed", "再計算", "Recomputed", Kind::Decimal(None)),
        column("difference", "差", "Difference", Kind::Decimal(None)),
        column("unit", "単位", "Unit", Kind::Text),
        column("indicator", "指標", "Indicator", Kind::Text),
        column("source", "出典", "Source", Kind::Text),
    ];
    let row = |line: &shirube_indicator::AuditLine| -> Vec<Value> {
        let (verdict, finding) = match &line.verdict {
            AuditVerdict::Match => ("match", None),
            AuditVerdict::Differs { finding } => ("differs", finding.clone()),
            AuditVerdict::NotHeld => ("not_held", None),
        };
        vec![
            line.figure.clone().into(),
            verdict.into(),
            finding.into(),
            line.printed.clone().into(),
            number(line.value, line.status),
            number(line.computed, line.computed_status),
            line.difference.into(),
            line.unit.clone().into(),
            line.indicator.clone().into(),
            line.source.clone().into(),
        ]
    };
    let rows = audit.lines.iter().map(row).collect();
    (table, rows)
}
