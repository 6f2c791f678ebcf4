//! An indicator's values as a file.

use crate::{
    ctx::Ctx,
    disclosed::Telling,
    error::{Error, pair},
    layout::View,
    measures::Measure,
    parts,
    reply::Reply,
    state::App,
};
use shirube_exchange::{
    export::{Column, ExportOptions, Format, Kind, Table, Value, table},
    silent,
};
use shirube_indicator::{Observation, Overrides};
use shirube_plan::Indicator;

/// The file, in the format of the address.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let word = cx.param("format");
    let format = Format::parse(word).ok_or_else(|| Error::BadRequest {
        problem: pair(format!("「{word}」という形式はありません。"), format!("There is no format “{word}”.")),
        mend: pair("csv、xlsx、json のいずれかを指定してください。", "Ask for csv, xlsx or json."),
    })?;
    let whole = app.whole(cx)?;
    let indicator = app.indicator(cx, &whole, id)?;
    let measured = app.measure(cx, &whole, indicator, &Overrides::new());
    let measure = measured.measure().map_err(Error::internal)?;
    let v = app.view_of(cx, whole.moment());
    let mut bytes = Vec::new();
    let telling = app.telling(cx, &whole, indicator)?;
    let options = ExportOptions { format, lang: cx.l.0, bom: true, ..ExportOptions::default() };
    let rows = measure.computed.observations.iter().map(|o| row(&v, indicator, o));
    table(
        &described(&v, indicator, measure, telling.as_ref()),
        measure.computed.observations.len() as u64,
        rows,
        &options,
        &mut bytes,
        &silent,
    )
    .map_err(Error::internal)?;
    let name = format!("{}-{}.{}", indicator.id, measure.computed.as_of, format.as_str());
    Ok(Reply::bytes(format.media_type(), bytes.into()).as_file(name))
}

/// Columns of the contract, each dimension as code and as label, and where it all comes from.
fn described(v: &View, indicator: &Indicator, measure: &Measure, telling: Option<&Telling>) -> Table {
    let places = v.pack.units.get(&indicator.unit).map(|u| u.places);
    let mut columns = vec![Column::new("period", pair("時期", "Period"), Kind::Text)];
    for name in &indicator.dimensions {
        let label = v.pack.dimensions.get(name).map(|d| d.label.clone()).unwrap_or_else(|| pair(name.as_str(), name.as_str()));
        columns.push(Column::new(name.as_str(), label.clone(), Kind::Text));
        columns.push(Column::new(format!("{name}_label"), label, Kind::Text));
    }
    columns.push(Column::new("value", pair("値", "Value"), Kind::Decimal(places)));
    columns.push(Column::new("numerator", pair("分子", "Numerator"), Kind::Decimal(None)));
    columns.push(Column::new("denominator", pair("分母", "Denominator"), Kind::Decimal(None)));
    columns.push(Column::new("n", pair("件数", "n"), Kind::Decimal(None)));
    let mut table = Table { label: indicator.label.clone(), columns, ..Table::default() };
    let unit = v.pack.units.get(&indicator.unit).map(|u| u.label.clone()).unwrap_or_default();
    table.about.pair("indicator", "指標", "Indicator", indicator.label.clone());
    table.about.pair("definition", "定義", "Definition", indicator.definition.clone());
    table.about.pair("unit", "単位", "Unit", unit);
    table.about.pair("pack", "パック", "Pack", v.pack.meta.label.clone());
    table.about.fact("pack_version", "パックの版", "Pack version", v.pack.meta.version.clone());
    table.about.fact("pack_digest", "パックのハッシュ", "Pack digest", v.pack.digest.clone());
    table.about.fact("as_of", "時点", "As of", measure.computed.as_of.clone());
    if let Some(telling) = telling {
        table.about.pair("disclosure", "秘匿", "Disclosure", telling.words());
    }
    if v.pack.meta.fictional {
        table.about.pair("fictional", "架空", "Fictional", pair("すべて作り物", "everything is invented"));
    }
    table
}

fn row(v: &View, indicator: &Indicator, o: &Observation) -> Vec<Value> {
    let missing = |value: Option<f64>| match (value, o.status) {
        (Some(x), _) => Value::Real(x),
        (None, Some(status)) => Value::Missing(status.as_str().to_string()),
        (None, None) => Value::Blank,
    };
    let mut cells = vec![Value::from(o.period.as_str())];
    for name in &indicator.dimensions {
        let code = o.dims.get(name);
        cells.push(Value::from(code.map(String::as_str)));
        cells.push(Value::from(code.map(|c| parts::code_name(v, name, c))));
    }
    cells.extend([missing(o.value), Value::from(o.numerator), Value::from(o.denominator), Value::from(o.n)]);
    cells
}
