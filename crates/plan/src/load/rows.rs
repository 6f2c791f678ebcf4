//! published/*.csv and records/*.csv.

use crate::model::*;
use crate::printed;
use crate::report::did_you_mean;
use crate::table::File;

/// A row: its place and a way to read its columns by name.
struct Row<'a> {
    place: Place,
    header: &'a csv::StringRecord,
    record: csv::StringRecord,
}

impl Row<'_> {
    fn get(&self, column: &str) -> &str {
        self.header.iter().position(|h| h == column).and_then(|i| self.record.get(i)).unwrap_or("").trim()
    }
}

/// Reads a CSV file row by row; ragged rows are reported and skipped.
fn each_row(file: &File, text: &str, mut read: impl FnMut(&Row)) -> Option<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(h) if h.iter().any(|c| !c.trim().is_empty()) => h.iter().map(str::trim).collect::<csv::StringRecord>(),
        _ => {
            file.report.add(&file.whole(), "the file has no header", "write the column names in the first line");
            return None;
        }
    };
    for record in reader.records() {
        let record = match record {
            Ok(r) => r,
            Err(e) => {
                let line = e.position().map_or(0, |p| p.line() as usize);
                file.report.add(&Place { file: file.path.clone(), line }, format!("not readable as CSV: {e}"), "quote the value correctly");
                continue;
            }
        };
        let line = record.position().map_or(0, |p| p.line() as usize);
        let place = Place { file: file.path.clone(), line };
        if record.len() != header.len() {
            file.report.add(
                &place,
                format!("the row has {} columns, the header {}", record.len(), header.len()),
                "quote values that contain a comma; fill missing columns with nothing",
            );
            continue;
        }
        read(&Row { place, header: &header, record });
    }
    Some(header)
}

const FIGURE_COLUMNS: [&str; 9] = ["series", "period", "printed", "source", "heading", "quote", "value", "status", "key"];

pub(super) fn figures(pack: &mut Pack, file: &File, text: &str) {
    let mut found = vec![];
    let header = each_row(file, text, |row| found.extend(figure(pack, file, row)));
    for column in header.iter().flatten() {
        if !FIGURE_COLUMNS.contains(&column) && !pack.dimensions.contains_key(column) {
            let hint = did_you_mean(column, FIGURE_COLUMNS.into_iter().chain(pack.dimensions.keys().map(String::as_str)));
            file.report.add(
                &Place { file: file.path.clone(), line: 1 },
                format!("column `{column}` is neither a figure's column nor a dimension"),
                format!("declare the dimension in dimensions.toml or rename the column{hint}"),
            );
        }
    }
    pack.figures.extend(found);
}

fn figure(pack: &Pack, file: &File, row: &Row) -> Option<Figure> {
    let name = row.get("series");
    let Some(series) = pack.series.get(name) else {
        let hint = did_you_mean(name, pack.series.keys().map(String::as_str));
        file.report.add(&row.place, format!("series `{name}` is not declared"), format!("declare it in a published/*.toml{hint}"));
        return None;
    };
    let period = row.get("period");
    if !is_period(period) {
        file.report.add(
            &row.place,
            format!("period `{period}` is not a year, month, day, span or `-`"),
            "write 2024, 2024-12, 2024-12-31, 2018-02-05/2022-12-31 or -",
        );
    }
    let mut dims = Dims::new();
    for column in row.header.iter().filter(|c| pack.dimensions.contains_key(*c)) {
        let code = row.get(column);
        if code.is_empty() {
            continue;
        }
        if !series.dimensions.iter().any(|d| d == column) {
            file.report.add(
                &row.place,
                format!("series `{name}` has no dimension `{column}`"),
                format!("add it to the series' `dimensions` in {}, or leave the cell blank", series.place.file),
            );
        }
        dims.insert(column.to_owned(), code.to_owned());
    }
    let printed_text = row.get("printed");
    let status = match row.get("status") {
        "" => None,
        word => Absence::parse(word).or_else(|| {
            file.report.add(
                &row.place,
                format!("status `{word}` is not known"),
                "use unknown, not_collected, not_applicable or suppressed",
            );
            None
        }),
    };
    if printed_text.is_empty() && status.is_none() {
        file.report.add(&row.place, "`printed` is empty", "copy what the document prints, or give a `status`");
    }
    let (value, precision, approximate) = value(row, file, status);
    let cite = Citation {
        source: row.get("source").into(),
        heading: row.get("heading").into(),
        quote: row.get("quote").into(),
        span: None,
        line: None,
    };
    if cite.source.is_empty() || cite.heading.is_empty() || cite.quote.is_empty() {
        file.report.add(&row.place, "the figure has no complete citation", "fill source, heading and quote");
    }
    let cite = file.texts.resolve(cite, &row.place, file.report);
    Some(Figure {
        id: figure_id(&cite.source, name, period, &dims, row.get("key")),
        series: name.to_owned(),
        period: period.to_owned(),
        dims,
        printed: printed_text.to_owned(),
        value,
        precision,
        approximate,
        status,
        cite,
        place: row.place.clone(),
    })
}

/// Value in the unit, precision, whether approximate.
fn value(row: &Row, file: &File, status: Option<Absence>) -> (Option<f64>, f64, bool) {
    if status.is_some() {
        return (None, 1.0, false);
    }
    let printed = printed::read(row.get("printed"));
    let given = row.get("value");
    if given.is_empty() {
        return match printed {
            Ok(p) => (Some(p.value), p.precision, p.approximate),
            Err(e) => {
                file.report.add(&row.place, e.to_string(), "give the number in column `value`");
                (None, 1.0, false)
            }
        };
    }
    match given.parse::<f64>() {
        Ok(v) if v.is_finite() => {
            let own = printed::read(given).map_or(1.0, |p| p.precision);
            let approximate = printed.as_ref().is_ok_and(|p| p.approximate);
            (Some(v), printed.ok().filter(|p| p.value == v).map_or(own, |p| p.precision), approximate)
        }
        _ => {
            file.report.add(&row.place, format!("`value` {given} is not a number"), "write a plain number in the unit, e.g. 0.5");
            (None, 1.0, false)
        }
    }
}

fn figure_id(source: &str, series: &str, period: &str, dims: &Dims, key: &str) -> String {
    let mut id = format!("{source}/{series}@{period}");
    if !dims.is_empty() {
        let inside: Vec<String> = dims.iter().map(|(d, c)| format!("{d}={c}")).collect();
        id += &format!("[{}]", inside.join(","));
    }
    if !key.is_empty() {
        id += &format!("~{key}");
    }
    id
}

fn is_period(s: &str) -> bool {
    let point = |s: &str| {
        let parts: Vec<&str> = s.split('-').collect();
        let sizes = [4, 2, 2];
        (1..=3).contains(&parts.len()) && parts.iter().zip(sizes).all(|(p, n)| p.len() == n && p.bytes().all(|b| b.is_ascii_digit()))
    };
    s == "-" || point(s) || s.split_once('/').is_some_and(|(a, b)| point(a) && point(b))
}

pub(super) fn records(pack: &mut Pack, file: &File, text: &str) {
    let stem = file.path.strip_prefix("records/").and_then(|p| p.strip_suffix(".csv")).unwrap_or_default();
    let register = stem.split('.').next().unwrap_or_default().to_owned();
    if !pack.registers.contains_key(&register) {
        let hint = did_you_mean(&register, pack.registers.keys().map(String::as_str));
        file.report.add(
            &file.whole(),
            format!("there is no register `{register}`"),
            format!("name the file after its register, REGISTER.csv or REGISTER.PART.csv{hint}"),
        );
        return;
    }
    let mut rows = vec![];
    let header = each_row(file, text, |row| {
        let (source, heading, quote) = (row.get("_source"), row.get("_heading"), row.get("_quote"));
        let synthetic = matches!(row.get("_synthetic"), "1" | "true");
        if !source.is_empty() || !heading.is_empty() || !quote.is_empty() {
            if heading.is_empty() || quote.is_empty() || source.is_empty() {
                file.report.add(&row.place, "the record's citation is incomplete", "fill _source, _heading and _quote");
            }
            let cite = Citation { source: source.into(), heading: heading.into(), quote: quote.into(), span: None, line: None };
            file.texts.resolve(cite, &row.place, file.report);
        } else if !synthetic && !pack.meta.fictional {
            file.report.add(&row.place, "the record has no citation", "fill _source, _heading and _quote, or mark it `_synthetic` = 1");
        }
        rows.push((row.place.line, row.record.iter().map(|c| c.trim().to_owned()).collect()));
    });
    if let Some(header) = header {
        let header = header.iter().map(str::to_owned).collect();
        pack.records.push(RecordFile { register, file: file.path.clone(), header, rows });
    }
}
