//! Everything that reads bytes from outside, as functions of bytes. Nothing here may panic, hang or take memory out
//! of proportion, whatever the bytes.
#![allow(dead_code)]

#[path = "../../crates/exchange/tests/common/pack.rs"]
mod pack;

use shirube_exchange::export::{ExportOptions, Format};
use shirube_exchange::import::{self, ImportOptions};
use shirube_exchange::sheet::{Limits, SheetOptions};
use shirube_exchange::silent;
use shirube_plan::{Field, FieldKind, Files, Lang};
use shirube_snapshot::{AsOf, Filter, ListQuery, Op, Snapshot};
use shirube_store::Actor;
use std::io::{Cursor, Write};

pub use pack::{files, pack};

thread_local! {
    static SNAPSHOT: Option<Snapshot> = Snapshot::empty(pack()).ok();
}

fn with_snapshot(run: impl Fn(&Snapshot)) {
    SNAPSHOT.with(|snapshot| snapshot.iter().for_each(run));
}

fn prepare(bytes: &[u8], register: &str) {
    let limits = Limits { bytes: 1 << 20, unpacked: 8 << 20, parts: 1000, cells: 200_000, columns: 2000 };
    let sheet = SheetOptions { limits, ..SheetOptions::default() };
    let options = ImportOptions { sheet, max_errors: 200, ..ImportOptions::default() };
    with_snapshot(|snapshot| {
        let Ok(prepared) = import::prepare(snapshot, &Actor::owner(), register, bytes, &options, &silent) else { return };
        let csv = ExportOptions { format: Format::Csv, ..ExportOptions::default() };
        // Whatever was read can be given back.
        let _ = import::error_file(bytes, &options.sheet, &prepared, &csv, &mut std::io::sink(), &silent);
    });
}

/// A text file into each register.
pub fn csv_import(data: &[u8]) {
    for register in ["project", "memo", "part"] {
        prepare(data, register);
    }
}

/// Bytes that claim to be a workbook.
pub fn xlsx_file(data: &[u8]) {
    let mut file = b"PK\x03\x04".to_vec();
    file.extend_from_slice(data.strip_prefix(b"PK\x03\x04").unwrap_or(data));
    prepare(&file, "project");
}

/// A sound workbook with this as its sheet (up to a zero byte) and its shared strings (after it).
pub fn xlsx_sheet(data: &[u8]) {
    let mut parts = data.splitn(2, |b| *b == 0);
    let sheet = parts.next().unwrap_or_default();
    if let Some(file) = workbook(sheet, parts.next().unwrap_or_default()) {
        prepare(&file, "project");
    }
}

/// A workbook of a sheet and shared strings.
pub fn workbook(sheet: &[u8], strings: &[u8]) -> Option<Vec<u8>> {
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let root = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let book = format!(
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{RELATIONS}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let relations = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(vec![]));
    let stored = zip::write::SimpleFileOptions::default();
    let parts = [
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ];
    for (name, content) in parts {
        zip.start_file(name, stored).ok()?;
        zip.write_all(content).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

/// Files of a pack: path, zero byte, content, zero byte, and again. Files that are not among them are those of a
/// sound pack, so that a change to one file reaches the checks between files.
pub fn pack_load(data: &[u8]) {
    let mut files: Files = files();
    let mut parts = data.split(|b| *b == 0);
    while let (Some(path), Some(content)) = (parts.next(), parts.next()) {
        files.insert(String::from_utf8_lossy(path).into_owned(), content.to_vec());
    }
    let (pack, mistakes) = shirube_plan::load(&files);
    // A pack without mistakes has tables.
    if mistakes.is_empty() {
        let _ = Snapshot::empty(std::sync::Arc::new(pack));
    }
}

/// Text typed into a field: the first byte chooses the field and part, the rest is the text.
pub fn input_parse(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let pack = pack();
    let fields: Vec<&Field> = pack.registers.values().flat_map(|r| &r.fields).flat_map(|f| inner(f).iter().chain([f])).collect();
    let Some(field) = fields.get(usize::from(*first) % fields.len()) else { return };
    let parts = field.columns().into_iter().map(|c| c.part).chain([shirube_plan::Part::Main]);
    for part in parts {
        let Ok(Some(cell)) = shirube_record::parse(field, part, &text, &pack) else { continue };
        for lang in [Lang::Ja, Lang::En] {
            let _ = shirube_record::format(field, part, &cell, lang, &pack);
        }
    }
}

fn inner(field: &Field) -> &[Field] {
    if let FieldKind::Group { fields } = &field.kind { fields } else { &[] }
}

/// A figure as printed.
pub fn printed_read(data: &[u8]) {
    let _ = shirube_plan::printed::read(&String::from_utf8_lossy(data));
}

/// A moment; the words for it read back to the same moment.
pub fn as_of(data: &[u8]) {
    if let Ok(moment) = String::from_utf8_lossy(data).parse::<AsOf>() {
        assert_eq!(moment.to_string().parse::<AsOf>().ok(), Some(moment));
    }
}

/// A list: each line a column, a comparison and values, separated by tabs; a line of one word sorts by it, a line
/// that begins with `?` is a text to look for.
pub fn list_query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut query = ListQuery { register: "project".into(), limit: 10, ..ListQuery::default() };
    for line in text.lines().take(20) {
        let mut words = line.split('\t');
        match (words.next(), words.next()) {
            (Some(line), None) => match line.strip_prefix('?') {
                Some(text) => query.text = Some(text.to_owned()),
                None => query.sort.push((line.trim_start_matches('-').to_owned(), line.starts_with('-'))),
            },
            (Some(column), Some(op)) => {
                let Some(op) = Op::parse(op) else { continue };
                query.filters.push(Filter { column: column.to_owned(), op, values: words.map(str::to_owned).collect() });
            }
            _ => {}
        }
    }
    with_snapshot(|snapshot| {
        let _ = snapshot.list(&query);
        let _ = snapshot.count(&query);
    });
}
