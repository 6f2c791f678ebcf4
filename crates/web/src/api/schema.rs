//! JSON Schemas of a register's records, as the API sends and takes them.

use serde_json::{Map, Value, json};
use shirube_plan::{Field, FieldKind, Lang, Pack, Pair, Part, Register, Sensitivity, Storage};

/// Members every record has beside its columns: name, schema, description.
const OWN: [(&str, &str, &str, &str); 12] = [
    ("_id", "integer", "識別番号", "Identifier, never reused"),
    ("_register", "string", "台帳", "Register"),
    ("_number", "string?", "番号", "Number"),
    ("_state", "string?", "状態", "Lifecycle state"),
    ("_version", "integer", "版（ETag と同じ）", "Version, the same as the ETag"),
    ("_seq", "integer", "この版を作った出来事", "Event that made this version"),
    ("_created_at", "string", "登録日時（UTC）", "Created (UTC)"),
    ("_updated_at", "string", "更新日時（UTC）", "Last changed (UTC)"),
    ("_source", "string?", "出典", "Source of the transcription"),
    ("_heading", "string?", "見出し", "Heading in the source"),
    ("_quote", "string?", "引用", "Words in the source"),
    ("_synthetic", "boolean", "例示データ", "Demonstration record"),
];

/// What an answer holds: the record's own members and all its columns, computed ones too.
pub fn record(register: &Register, pack: &Pack, lang: Lang) -> Value {
    let mut properties = Map::new();
    for (name, kind, ja, en) in OWN {
        let description = if lang == Lang::Ja { ja } else { en };
        let kind = match kind.strip_suffix('?') {
            Some(kind) => json!([kind, "null"]),
            None => json!(kind),
        };
        properties.insert(name.into(), json!({ "type": kind, "description": description }));
    }
    properties.extend(columns(&register.fields, pack, lang, true));
    json!({
        "type": "object",
        "title": register.label.get(lang),
        "description": register.description.get(lang),
        "properties": properties,
        "required": ["_id", "_register", "_version", "_seq"],
    })
}

/// What creating takes: the columns a person fills in, and where the record was transcribed from.
pub fn new_record(register: &Register, pack: &Pack, lang: Lang) -> Value {
    let mut properties = columns(&register.fields, pack, lang, false);
    for name in ["_source", "_heading", "_quote"] {
        properties.insert(name.into(), json!({ "type": "string" }));
    }
    properties.insert("_synthetic".into(), json!({ "type": "boolean" }));
    let required: Vec<&str> = register.fields.iter().filter(|f| f.required).map(|f| f.name.as_str()).collect();
    json!({ "type": "object", "title": register.label.get(lang), "properties": properties, "required": required, "additionalProperties": false })
}

fn columns(fields: &[Field], pack: &Pack, lang: Lang, computed: bool) -> Map<String, Value> {
    let mut properties = Map::new();
    for field in fields {
        let described = |mut schema: Value| {
            schema["title"] = json!(field.label.get(lang));
            if let Some(help) = &field.help {
                schema["description"] = json!(help.get(lang));
            }
            if field.sensitivity != Sensitivity::Public {
                schema["x-sensitivity"] = json!(sensitivity(field.sensitivity));
            }
            schema
        };
        match &field.kind {
            FieldKind::Derived { stored_as, .. } if computed => {
                properties.insert(field.name.clone(), described(json!({ "type": [storage(*stored_as), "null"], "readOnly": true })));
            }
            FieldKind::Derived { .. } => {}
            FieldKind::Choices { codes } => {
                properties.insert(
                    field.name.clone(),
                    described(or_missing(json!({ "type": "array", "items": code(codes, pack), "uniqueItems": true }))),
                );
            }
            FieldKind::Group { fields } => {
                let inner = columns(fields, pack, lang, computed);
                let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name.as_str()).collect();
                let row = json!({ "type": "object", "properties": inner, "required": required, "additionalProperties": false });
                properties.insert(field.name.clone(), described(or_missing(json!({ "type": "array", "items": row }))));
            }
            kind => {
                for column in field.columns() {
                    let schema = match column.part {
                        Part::Main => described(or_missing(main(kind, pack))),
                        part => described(part_schema(part)),
                    };
                    properties.insert(column.name, schema);
                }
            }
        }
    }
    properties
}

fn main(kind: &FieldKind, pack: &Pack) -> Value {
    use FieldKind as K;
    let mut schema = match kind {
        K::Text { max_length, pattern } => {
            let mut schema = json!({ "type": "string", "maxLength": max_length });
            if let Some(pattern) = pattern {
                schema["pattern"] = json!(format!("^(?:{pattern})$"));
            }
            return schema;
        }
        K::LongText { max_length } => return json!({ "type": "string", "maxLength": max_length }),
        K::Boolean => return json!({ "type": "integer", "enum": [0, 1] }),
        K::Date { .. } => return json!({ "type": "string", "format": "date" }),
        K::Choice { codes } => return code(codes, pack),
        K::Country => return json!({ "type": "string", "pattern": "^[A-Z]{2}$" }),
        K::Reference { register } => return json!({ "type": "integer", "minimum": 1, "x-register": register }),
        K::Organisation | K::Person | K::Attachment { .. } => return json!({ "type": "string", "maxLength": 300 }),
        K::Integer { .. } | K::FiscalYear { .. } | K::Money { places: 0, .. } => json!({ "type": "integer" }),
        K::Decimal { .. } | K::Money { .. } => json!({ "type": "number" }),
        K::Choices { .. } | K::Group { .. } | K::Derived { .. } => return json!({}),
    };
    let (min, max) = match kind {
        K::Integer { min, max, .. } | K::FiscalYear { min, max } => (min.map(|n| json!(n)), max.map(|n| json!(n))),
        K::Decimal { min, max, .. } | K::Money { min, max, .. } => (min.map(|x| json!(x)), max.map(|x| json!(x))),
        _ => (None, None),
    };
    for (name, bound) in [("minimum", min), ("maximum", max)] {
        if let Some(bound) = bound {
            schema[name] = bound;
        }
    }
    schema
}

fn part_schema(part: Part) -> Value {
    match part {
        Part::Currency => json!({ "type": ["string", "null"], "pattern": "^[A-Z]{3}$" }),
        Part::CorporateNumber => json!({ "type": ["string", "null"], "pattern": "^[0-9]{13}$" }),
        Part::Email => json!({ "type": ["string", "null"], "format": "email" }),
        Part::Sha256 => json!({ "type": ["string", "null"], "pattern": "^[0-9a-f]{64}$" }),
        Part::Size => json!({ "type": ["integer", "null"], "minimum": 0 }),
        Part::Main | Part::Phone | Part::Media => json!({ "type": ["string", "null"] }),
    }
}

fn code(list: &str, pack: &Pack) -> Value {
    let codes: Vec<&str> = pack.code_lists.get(list).map(|l| l.codes.iter().map(|c| c.code.as_str()).collect()).unwrap_or_default();
    json!({ "type": "string", "enum": codes, "x-codes": list })
}

/// A value, or the reason why there is none, or nothing.
fn or_missing(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "$ref": "#/components/schemas/Missing" }, { "type": "null" }] })
}

fn storage(storage: Storage) -> &'static str {
    match storage {
        Storage::Text => "string",
        Storage::Integer => "integer",
        Storage::Real => "number",
    }
}

/// The word of a sensitivity in packs.
pub fn sensitivity(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Public => "public",
        Sensitivity::Internal => "internal",
        Sensitivity::Commercial => "commercial",
        Sensitivity::Personal => "personal",
    }
}

/// What a register is, for programs: labels in both languages, fields with their columns, lifecycle.
pub fn register(register: &Register) -> Value {
    let pair = |p: &Pair| json!({ "ja": p.ja, "en": p.en });
    json!({
        "name": register.name,
        "label": pair(&register.label),
        "description": pair(&register.description),
        "desk": register.desk.as_ref().map(pair),
        "key": register.key,
        "title": register.title,
        "sort": register.sort.as_ref().map(|(column, descending)| json!({ "column": column, "descending": descending })),
        "nodes": register.nodes,
        "fields": register.fields.iter().map(field).collect::<Vec<_>>(),
        "checks": register.checks.iter().map(|c| json!({ "name": c.name, "sql": c.sql, "field": c.field, "message": pair(&c.message) })).collect::<Vec<_>>(),
        "states": register.states.iter().map(|s| json!({ "name": s.name, "label": pair(&s.label) })).collect::<Vec<_>>(),
        "transitions": register.transitions.iter().map(|t| json!({
            "name": t.name, "label": pair(&t.label), "from": t.from, "to": t.to, "require": t.require,
        })).collect::<Vec<_>>(),
    })
}

fn field(field: &Field) -> Value {
    use FieldKind as K;
    let mut json = json!({
        "name": field.name,
        "type": kind(&field.kind),
        "label": { "ja": field.label.ja, "en": field.label.en },
        "help": field.help.as_ref().map(|h| json!({ "ja": h.ja, "en": h.en })),
        "required": field.required,
        "unique": field.unique,
        "sensitivity": sensitivity(field.sensitivity),
        "columns": field.columns().iter().map(|c| json!({ "name": c.name, "type": c.storage.sql() })).collect::<Vec<_>>(),
    });
    match &field.kind {
        K::Choice { codes } | K::Choices { codes } => json["codes"] = json!(codes),
        K::Reference { register } => json["register"] = json!(register),
        K::Group { fields } => json["fields"] = fields.iter().map(self::field).collect(),
        K::Derived { sql, .. } => json["sql"] = json!(sql),
        K::Integer { unit, .. } | K::Decimal { unit, .. } => json["unit"] = json!(unit),
        _ => {}
    }
    json
}

/// The word of a type in packs.
pub fn kind(kind: &FieldKind) -> &'static str {
    use FieldKind as K;
    match kind {
        K::Text { .. } => "text",
        K::LongText { .. } => "longtext",
        K::Integer { .. } => "integer",
        K::Decimal { .. } => "decimal",
        K::Money { .. } => "money",
        K::Boolean => "boolean",
        K::Date { .. } => "date",
        K::FiscalYear { .. } => "fiscal_year",
        K::Choice { .. } => "choice",
        K::Choices { .. } => "choices",
        K::Country => "country",
        K::Organisation => "organisation",
        K::Person => "person",
        K::Reference { .. } => "reference",
        K::Attachment { .. } => "attachment",
        K::Group { .. } => "group",
        K::Derived { .. } => "derived",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_name_columns_as_files_and_sql_do() {
        let pack = crate::testing::desk();
        let schema = record(&pack.registers["project"], &pack, Lang::En);
        for column in pack.registers["project"].columns() {
            assert!(schema["properties"].get(&column.name).is_some(), "{}", column.name);
        }
        let properties = &schema["properties"];
        assert_eq!(properties["stage"]["anyOf"][0]["enum"], json!(["basic", "applied", "practice"]));
        assert_eq!(
            properties["grants"]["anyOf"][0]["items"]["properties"]["amount"]["anyOf"][0],
            json!({ "type": "integer", "minimum": 0.0 })
        );
        assert_eq!(properties["leader"]["x-sensitivity"], "personal");
        assert_eq!(properties["rich"]["readOnly"], true);
    }

    #[test]
    fn what_is_computed_cannot_be_sent() {
        let pack = crate::testing::desk();
        let schema = new_record(&pack.registers["project"], &pack, Lang::En);
        assert!(schema["properties"].get("rich").is_none());
        assert_eq!(schema["required"], json!(["title", "year", "stage"]));
    }
}
