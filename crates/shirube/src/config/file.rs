//! Reads the settings' file, key by key over its lines.

use super::{Found, KEYS, Key, Mistake, Origin, beside, nearest};
use std::{ops::Range, path::Path};
use toml::de::{DeTable, DeValue};

/// Takes in what a file says. `own`: it is the data folder's, which cannot say where the data folder is. Of a file that is
/// not read to its end nothing is taken, and any setting may stand in it.
pub fn read(found: &mut Found, path: &Path, own: bool) {
    let any = || KEYS.iter().map(|key| key.name);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) => {
            let mistake = Mistake::Unreadable { path: path.to_owned(), cause: cause.to_string() };
            return found.refuse(any(), &Origin::File(path.to_owned(), 0), mistake);
        }
    };
    let line = |span: &Range<usize>| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1;
    let origin = |span: Range<usize>| Origin::File(path.to_owned(), line(&span));
    let (root, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        let origin = error.span().map_or_else(|| Origin::File(path.to_owned(), 0), origin);
        let mistake = Mistake::Syntax { origin: origin.clone(), problem: error.message().to_string() };
        found.refuse(any(), &origin, mistake);
    }
    if !errors.is_empty() {
        return;
    }
    let mut open = vec![(String::new(), root.get_ref())];
    while let Some((prefix, table)) = open.pop() {
        for (name, value) in table {
            let full = format!("{prefix}{}", name.get_ref());
            let origin = origin(name.span());
            let inside = format!("{full}.");
            if let (DeValue::Table(table), true) = (value.get_ref(), KEYS.iter().any(|k| k.name.starts_with(&inside))) {
                open.push((inside, table));
                continue;
            }
            let Some(key) = KEYS.iter().find(|k| k.name == full) else {
                let mend = nearest(&full, KEYS.iter().map(|k| k.name.to_string()));
                found.mistakes.push(Mistake::Unknown { origin, name: full, mend });
                continue;
            };
            match written(key, value.get_ref()) {
                _ if own && key.name == "data" => {
                    let mistake = Mistake::MovesItself { origin: origin.clone() };
                    found.refuse([key.name], &origin, mistake);
                }
                Ok(text) if ["data", "pack", "passwords.leaked", "anchor.file"].contains(&key.name) && text != "none" => {
                    found.take(key, &beside(path, &text), origin)
                }
                Ok(text) => found.take(key, &text, origin),
                Err(problem) => {
                    let mistake = Mistake::Value { origin: origin.clone(), name: key.name, problem, example: key.example };
                    found.refuse([key.name], &origin, mistake);
                }
            }
        }
    }
}

/// A value of the file as the text that the environment would hold.
fn written(key: &Key, value: &DeValue) -> Result<String, String> {
    let one = |value: &DeValue| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| n.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(items) if key.list => {
            let words: Option<Vec<String>> = items.iter().map(|item| one(item.get_ref())).collect();
            words.map(|w| w.join(",")).ok_or_else(|| "is no list of texts".to_string())
        }
        _ if key.list => Err("is no list".to_string()),
        other => one(other).ok_or_else(|| format!("is {}", other.type_str())),
    }
}
