//! Who did something, as far as a reader may know them: by name, with the way to their record, or in a word.

use crate::{cells, error::Error, layout::View};
use maud::{Markup, html};
use rusqlite::types::Value;
use shirube_record::Cell;
use shirube_snapshot::Snapshot;
use shirube_store::Version;
use std::collections::{BTreeMap, BTreeSet};

/// How the names of people begin, under which events are recorded.
const PERSON: &str = "person:";

/// People whose accounts a reader sees, by login: record and name.
#[derive(Clone, Debug, Default)]
pub struct Actors(BTreeMap<String, (i64, Option<String>)>);

impl Actors {
    /// Those who made versions of a record.
    pub fn of<'a>(reader: &Snapshot, versions: impl IntoIterator<Item = &'a Version>) -> Result<Actors, Error> {
        let logins: BTreeSet<&str> = versions.into_iter().filter_map(|version| version.actor.strip_prefix(PERSON)).collect();
        if logins.is_empty() {
            return Ok(Actors::default());
        }
        let marks = vec!["?"; logins.len()].join(", ");
        let values: Vec<Value> = logins.iter().map(|login| Value::Text(login.to_string())).collect();
        let found = reader.cells("office_account", &["login", "name"], &format!("WHERE t.login IN ({marks})"), &values)?;
        let known = found.into_iter().filter_map(|account| {
            let mut cells = account.cells.into_iter();
            let (Some(Some(Cell::Text(login))), name) = (cells.next(), cells.next().flatten()) else { return None };
            let name = if let Some(Cell::Text(name)) = name { Some(name) } else { None };
            Some((login, (account.id, name)))
        });
        Ok(Actors(known.collect()))
    }

    /// One of them, or what else recorded something.
    pub fn draw(&self, v: &View, id: &str) -> Markup {
        let l = v.cx.l;
        let Some(login) = id.strip_prefix(PERSON) else { return html! { (words(v, id)) } };
        let own = v.cx.asking.signed().filter(|signed| signed.login == login);
        match (self.0.get(login), own) {
            (Some((account, name)), _) => html! {
                a href=(cells::record_href(v, "office_account", *account)) { (l.foreign(name.as_deref().unwrap_or(login))) }
            },
            (None, Some(own)) => html! { a href=(v.cx.to("/me")) { (l.foreign(&own.name)) } },
            (None, None) if login == "public" => html! { (l.t("サインインしていない人", "someone who was not signed in")) },
            (None, None) => html! { (l.t("関係者", "someone who works on the plan")) },
        }
    }
}

/// What recorded something where it was nobody in person, or nobody who may be told of.
fn words(v: &View, id: &str) -> String {
    let l = v.cx.l;
    match id.split_once(':') {
        Some(("pack", pack)) => format!("{}{pack}", l.t("パックの読み込み ", "the pack's own records, ")),
        Some(("program", what)) => format!("{}{what}", l.t("プログラム：", "the program: ")),
        None if id == "owner" => l.t("この環境の管理者", "local owner").to_string(),
        None if id == "person" => l.t("関係者", "someone who works on the plan").to_string(),
        _ => id.to_string(),
    }
}
