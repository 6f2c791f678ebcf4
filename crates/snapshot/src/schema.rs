//! The tables of a pack.
//!
//! Every register is one STRICT table, every `choices` or `group` field a child table `REGISTER__FIELD`. Labels
//! stand as comments in the CREATE statements, and a view per register reads well in any SQLite tool.

use shirube_plan::{Field, FieldKind, Lang, Pack, Pair, Register, Storage};
use std::{collections::BTreeSet, fmt::Write};

/// Columns every register table has, before those of its fields: name, declaration, label.
pub const OWN_COLUMNS: [(&str, &str, &str, &str); 12] = [
    ("_id", "INTEGER PRIMARY KEY", "識別番号", "identifier, never reused"),
    ("_number", "TEXT", "番号", "number"),
    ("_state", "TEXT", "状態", "lifecycle state"),
    ("_version", "INTEGER NOT NULL", "版", "version"),
    ("_seq", "INTEGER NOT NULL", "出来事", "event that made this version"),
    ("_created_at", "TEXT NOT NULL", "登録日時", "created (UTC)"),
    ("_updated_at", "TEXT NOT NULL", "更新日時", "last changed (UTC)"),
    ("_source", "TEXT", "出典", "source of the transcription"),
    ("_heading", "TEXT", "見出し", "heading in the source"),
    ("_quote", "TEXT", "引用", "words in the source"),
    ("_synthetic", "INTEGER NOT NULL DEFAULT 0", "例示データ", "1 = demonstration record"),
    ("_missing", "TEXT", "空欄の理由", "JSON: why a field is blank"),
];

/// Tables filled from the pack itself.
const PACK_TABLES: [&str; 5] = [
    "CREATE TABLE published_figure ( -- 公表値 / figures that documents printed
  id TEXT PRIMARY KEY, -- SOURCE/SERIES@PERIOD[dim=code,…]
  source TEXT NOT NULL, -- 出典 / source
  series TEXT NOT NULL, -- 系列 / series
  period TEXT NOT NULL, -- 時点 / period, corrected where the pack corrects it
  dims TEXT NOT NULL, -- 内訳 / breakdown, a JSON object
  value REAL, -- 値 / value in the unit, corrected where the pack corrects it
  printed TEXT NOT NULL, -- 印字 / exactly as printed
  unit TEXT NOT NULL, -- 単位 / unit
  status TEXT, -- 数値のない理由 / why there is no number
  heading TEXT NOT NULL, -- 見出し / heading in the source
  quote TEXT NOT NULL -- 引用 / words in the source
) STRICT",
    "CREATE TABLE assumption ( -- 前提 / inputs of estimates
  id TEXT PRIMARY KEY,
  value REAL NOT NULL, -- 値 / value
  unit TEXT NOT NULL -- 単位 / unit
) STRICT",
    "CREATE TABLE code ( -- コード / code lists
  list TEXT NOT NULL, -- コード表 / list
  code TEXT NOT NULL, -- コード / code
  label_ja TEXT NOT NULL,
  label_en TEXT NOT NULL,
  position INTEGER NOT NULL, -- 表示順 / display order, from 1
  PRIMARY KEY (list, code)
) STRICT",
    "CREATE TABLE plan_node ( -- 計画の項目 / nodes of the plan
  id TEXT PRIMARY KEY,
  period TEXT NOT NULL, -- 期 / plan period
  kind TEXT NOT NULL, -- 種別 / kind
  parent TEXT, -- 親項目 / parent node
  number TEXT, -- 計画上の番号 / as the plan numbers it
  label_ja TEXT NOT NULL,
  label_en TEXT NOT NULL
) STRICT",
    "CREATE TABLE _pack_text ( -- 検索の対象 / texts of the pack that searches look at
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  title_ja TEXT NOT NULL,
  title_en TEXT NOT NULL,
  text_ja TEXT NOT NULL,
  text_en TEXT NOT NULL
) STRICT",
];

/// Statements that create all tables and readable views of a pack, in order.
pub fn ddl(pack: &Pack) -> Vec<String> {
    let mut statements = tables(pack);
    statements.extend(pack.registers.values().map(|r| readable_view(r, Lang::Ja)));
    statements
}

/// Statements that create the tables of a pack, without the readable views.
pub fn tables(pack: &Pack) -> Vec<String> {
    let mut statements: Vec<String> = PACK_TABLES.iter().map(|s| s.to_string()).collect();
    for register in pack.registers.values() {
        statements.push(register_table(register));
        for field in &register.fields {
            statements.extend(child_table(register, field));
        }
    }
    statements
}

/// A name as an SQL identifier.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Name of the child table of a `choices` or `group` field.
pub fn child_name(register: &str, field: &str) -> String {
    format!("{register}__{field}")
}

/// What the name of a table of superseded versions begins with; the rest is the table's own name.
pub const PAST: &str = "_past_";

/// Name of the head's table of superseded rows of a table.
pub(crate) fn past_name(table: &str) -> String {
    format!("{PAST}{table}")
}

fn comment(label: &Pair) -> String {
    let one_line = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{} / {}", one_line(&label.ja), one_line(&label.en))
}

/// CREATE TABLE from a name, a comment and columns of (declaration, comment). Comments end a line, so the comma
/// stands before them.
fn create(name: &str, about: &str, columns: &[(String, String)]) -> String {
    let mut sql = format!("CREATE TABLE {} ( -- {about}\n", quoted(name));
    for (i, (declaration, about)) in columns.iter().enumerate() {
        let comma = if i + 1 < columns.len() { "," } else { "" };
        let _ = writeln!(sql, "  {declaration}{comma} -- {about}");
    }
    sql.push_str(") STRICT");
    sql
}

fn field_columns(field: &Field) -> Vec<(String, String)> {
    field.columns().iter().map(|c| (format!("{} {}", quoted(&c.name), c.storage.sql()), comment(&field.label))).collect()
}

fn register_table(register: &Register) -> String {
    let mut columns: Vec<(String, String)> =
        OWN_COLUMNS.iter().map(|(n, t, ja, en)| (format!("{n} {t}"), format!("{ja} / {en}"))).collect();
    columns.extend(register.fields.iter().flat_map(field_columns));
    create(&register.name, &comment(&register.label), &columns)
}

fn child_table(register: &Register, field: &Field) -> Option<String> {
    let mut columns = vec![
        ("_id INTEGER NOT NULL".to_string(), "識別番号 / record".to_string()),
        ("position INTEGER NOT NULL".to_string(), "順 / order, from 1".to_string()),
    ];
    columns.extend(
        child_columns(field)?.into_iter().map(|(name, storage, label)| (format!("{} {}", quoted(&name), storage.sql()), comment(&label))),
    );
    columns.push(("_seq INTEGER NOT NULL".to_string(), "出来事 / event that wrote this row".to_string()));
    columns.push(("PRIMARY KEY (_id, position)".to_string(), "1行1値 / one row per value".to_string()));
    Some(create(&child_name(&register.name, &field.name), &comment(&field.label), &columns) + ", WITHOUT ROWID")
}

/// Value columns of the child table of a field: name, storage, label; none for fields without one.
pub fn child_columns(field: &Field) -> Option<Vec<(String, Storage, Pair)>> {
    match &field.kind {
        FieldKind::Choices { .. } => Some(vec![("value".to_string(), Storage::Text, field.label.clone())]),
        FieldKind::Group { fields } => {
            Some(fields.iter().flat_map(|f| f.columns().into_iter().map(|c| (c.name, c.storage, f.label.clone()))).collect())
        }
        _ => None,
    }
}

/// A view `v_REGISTER` whose columns are labels and whose codes are words.
fn readable_view(register: &Register, lang: Lang) -> String {
    let mut used = BTreeSet::new();
    let mut columns = vec![];
    let mut add = |expression: String, label: &str, name: &str| {
        let label = if used.insert(label.to_string()) { label.to_string() } else { format!("{label} ({name})") };
        columns.push(format!("  {expression} AS {}", quoted(&label)));
    };
    for (name, _, ja, en) in OWN_COLUMNS.iter().filter(|c| ["_id", "_number", "_state", "_version"].contains(&c.0)) {
        add(quoted(name), if lang == Lang::Ja { ja } else { en }, name);
    }
    for field in &register.fields {
        for column in field.columns() {
            let name = quoted(&column.name);
            let expression = match &field.kind {
                FieldKind::Choice { codes } => {
                    let label = if lang == Lang::Ja { "label_ja" } else { "label_en" };
                    format!("coalesce((SELECT c.{label} FROM code c WHERE c.list = '{codes}' AND c.code = t.{name}), t.{name})")
                }
                _ => format!("t.{name}"),
            };
            let label = field.label.get(lang);
            if column.name == field.name {
                add(expression, label, &column.name);
            } else {
                let part = column.name.strip_prefix(&field.name).unwrap_or(&column.name).trim_start_matches('_');
                add(expression, &format!("{label} {part}"), &column.name);
            }
        }
    }
    format!(
        "CREATE VIEW {} AS -- {}\nSELECT\n{}\nFROM {} t",
        quoted(&format!("v_{}", register.name)),
        comment(&register.label),
        columns.join(",\n"),
        quoted(&register.name)
    )
}
