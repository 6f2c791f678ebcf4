//! Values of records as they read on pages.

use crate::{fmt, form::controls::bytes, layout::View, names::Names, text::L, url};
use maud::{Markup, html};
use shirube_indicator::format;
use shirube_plan::{Absence, Field, FieldKind, Part, Register, Sensitivity, Unit};
use shirube_record::{Cell, Content};
use std::collections::BTreeSet;

/// Address of a register's list.
pub fn register_href(v: &View, register: &str) -> String {
    v.cx.to(&register_path(register))
}

/// Path of a register's list, without language.
pub fn register_path(register: &str) -> String {
    format!("/registers/{}", url::segment(register))
}

/// Address of a record's page.
pub fn record_href(v: &View, register: &str, id: i64) -> String {
    v.cx.to(&record_path(register, id))
}

/// Path of a record's page, without language.
pub fn record_path(register: &str, id: i64) -> String {
    format!("{}/{id}", register_path(register))
}

/// Label of a lifecycle state; the word itself where the register has no such state any more.
pub fn state_name<'a>(l: L, register: &'a Register, state: &'a str) -> &'a str {
    register.states.iter().find(|s| s.name == state).map_or(state, |s| l.p(&s.label))
}

/// A lifecycle state.
pub fn state(v: &View, register: &Register, state: Option<&str>) -> Markup {
    html! { @if let Some(state) = state { span class="tag state" { (state_name(v.cx.l, register, state)) } } }
}

/// The mark of a demonstration record.
pub fn synthetic(l: L) -> Markup {
    html! { span class="tag synthetic" { (l.t("例示データ", "demonstration")) } }
}

/// What the values of a record are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Request and pack.
    pub v: &'a View<'a>,
    /// Register and id of the record, for links to its files.
    pub of: (&'a str, i64),
    /// What referred records are called.
    pub names: &'a Names,
    /// Columns that the reader may not see, `group.column` within groups.
    pub hidden: &'a BTreeSet<String>,
}

/// Text of a list cell is cut here; the record's page has it all.
const SHORT: usize = 80;

impl Values<'_> {
    fn l(&self) -> L {
        self.v.cx.l
    }

    /// A field with all its parts, as on the record's page.
    pub fn field(&self, field: &Field, content: &Content, prefix: &str) -> Markup {
        if self.is_hidden(field, prefix) {
            return html! { (hidden(self.l())) (self.purpose(field)) };
        }
        let Some(cell) = content.get(&field.name) else {
            let parts = self.parts(field, content);
            return if parts.0.is_empty() { blank(self.l()) } else { parts };
        };
        match (&field.kind, cell) {
            (FieldKind::Group { fields }, Cell::Rows(rows)) => self.rows(field, fields, rows),
            (FieldKind::Attachment { .. }, Cell::Text(name)) => self.file(field, content, name, prefix),
            (FieldKind::LongText { .. }, Cell::Text(text)) => html! { div class="long" lang=[self.l().lang_of(text)] { (text) } },
            _ => html! { (self.cell(field, cell, content)) (self.parts(field, content)) },
        }
    }

    /// Whether the reader may not see a field; within a group, `prefix` names it and the row.
    fn is_hidden(&self, field: &Field, prefix: &str) -> bool {
        match prefix.split_once('.') {
            None => self.hidden.contains(&field.name),
            Some((group, _)) => self.hidden.contains(&format!("{group}.{}", field.name)),
        }
    }

    /// Beside a hidden field about a person: where somebody who is signed in says what they look for.
    fn purpose(&self, field: &Field) -> Markup {
        let asking = &self.v.cx.asking;
        let unsaid = asking.signed().is_some() && asking.actor.clearance().purpose().is_none();
        html! {
            @if field.sensitivity == Sensitivity::Personal && unsaid {
                " " a class="small" href=(self.v.cx.to("/me")) { (self.l().t("利用目的を示す", "state a purpose")) }
            }
        }
    }

    /// A field in one line, as in a list.
    pub fn short(&self, field: &Field, content: &Content) -> Markup {
        match content.get(&field.name) {
            _ if self.is_hidden(field, "") => hidden(self.l()),
            None => blank(self.l()),
            Some(Cell::Text(text))
                if matches!(field.kind, FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Attachment { .. }) =>
            {
                self.cut(text)
            }
            Some(cell) => self.cell(field, cell, content),
        }
    }

    fn cut(&self, text: &str) -> Markup {
        let l = self.l();
        if text.chars().count() <= SHORT {
            return l.foreign(text);
        }
        let short: String = text.chars().take(SHORT).collect();
        html! { span title=(text) { (l.foreign(short.trim_end())) "…" } }
    }

    /// The main value of a field.
    fn cell(&self, field: &Field, cell: &Cell, content: &Content) -> Markup {
        let l = self.l();
        match (&field.kind, cell) {
            (_, Cell::Missing { missing }) => fmt::absence(l, Absence::parse(missing)),
            (FieldKind::Money { .. }, _) => self.money(field, cell, content),
            (FieldKind::Integer { unit, .. } | FieldKind::Decimal { unit, .. }, _) => {
                let unit = unit.as_ref().and_then(|u| self.v.pack.units.get(u));
                html! { span class="digits" { (self.text(field, Part::Main, cell)) } @if let Some(unit) = unit { span class="unit-word" { (l.p(&unit.label)) } } }
            }
            (FieldKind::Date { .. }, Cell::Text(date)) => html! { time datetime=(date) class="nowrap" { (fmt::period(l, date)) } },
            (FieldKind::Reference { register }, Cell::Integer(id)) => self.reference(register, *id),
            (FieldKind::Choices { codes }, Cell::List(list)) => html! {
                @for (i, code) in list.iter().enumerate() {
                    @if i > 0 { (l.t("、", ", ")) }
                    (self.v.pack.code(codes, code).map_or(code.as_str(), |c| l.p(&c.label)))
                }
            },
            (FieldKind::Choice { .. } | FieldKind::Country, _) => html! { (self.text(field, Part::Main, cell)) },
            // Quotients go on and on; files carry every digit.
            (FieldKind::Derived { .. }, Cell::Real(x)) => html! { span class="digits" title=(x) { (fmt::plain(*x)) } },
            (_, Cell::Integer(_) | Cell::Real(_)) => html! { span class="digits" { (self.text(field, Part::Main, cell)) } },
            _ => l.foreign(&self.text(field, Part::Main, cell)),
        }
    }

    /// A value as text.
    pub fn text(&self, field: &Field, part: Part, cell: &Cell) -> String {
        shirube_record::format(field, part, cell, self.l().0, self.v.pack)
    }

    fn money(&self, field: &Field, cell: &Cell, content: &Content) -> Markup {
        let l = self.l();
        let currency = match content.get(&format!("{}_currency", field.name)) {
            Some(Cell::Text(currency)) => currency.as_str(),
            _ => "JPY",
        };
        let word = if currency == "JPY" { l.t("円", "yen") } else { currency };
        html! { span class="digits" { (self.text(field, Part::Main, cell)) } span class="unit-word" { (word) } }
    }

    /// The other parts of a value: corporate number, e-mail, telephone; the scale of a large sum.
    fn parts(&self, field: &Field, content: &Content) -> Markup {
        let l = self.l();
        let part = |suffix: &str| match content.get(&format!("{}_{suffix}", field.name)) {
            Some(Cell::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        match &field.kind {
            FieldKind::Organisation => html! {
                @if let Some(number) = part("number") { " " span class="small muted nowrap" { (l.t("法人番号 ", "corporate number ")) (number) } }
            },
            FieldKind::Person => html! {
                @if let Some(mail) = part("email") { " " a href={ "mailto:" (mail) } { (mail) } }
                @if let Some(phone) = part("phone") { " " span class="nowrap" { (phone) } }
            },
            FieldKind::Money { .. } => html! {
                @if let Some(words) = self.scale(field, content) { " " span class="small muted nowrap" { "(" (words) ")" } }
            },
            _ => html! {},
        }
    }

    /// A large sum of yen in 億円 or 兆円; only where nothing is rounded away that matters at a glance.
    fn scale(&self, field: &Field, content: &Content) -> Option<String> {
        let value = match content.get(&field.name)? {
            Cell::Integer(n) => *n as f64,
            Cell::Real(x) => *x,
            _ => return None,
        };
        let yen = matches!(content.get(&format!("{}_currency", field.name)), Some(Cell::Text(c)) if c == "JPY");
        if !yen || value.abs() < 1e8 {
            return None;
        }
        let unit = Unit { name: "yen".into(), label: crate::error::pair("円", "yen"), places: 0, money: Some("JPY".into()) };
        Some(format::value(value, &unit, self.l().0))
    }

    /// A referred record as a link.
    pub fn reference(&self, register: &str, id: i64) -> Markup {
        match self.names.get(register, id) {
            Some(name) => html! { a href=(record_href(self.v, register, id)) { (self.l().foreign(&name.text())) } },
            // Redacted since, or not there yet at this moment.
            None => html! { span class="muted" { "#" (id) " " (self.l().t("（この時点にありません）", "(not there at this moment)")) } },
        }
    }

    fn file(&self, field: &Field, content: &Content, name: &str, prefix: &str) -> Markup {
        let (register, id) = self.of;
        let size = match content.get(&format!("{}_size", field.name)) {
            Some(Cell::Integer(size)) => u64::try_from(*size).ok(),
            _ => None,
        };
        let path = format!("{}/files/{}", record_path(register, id), url::segment(&format!("{prefix}{}", field.name)));
        html! {
            a href=(self.v.cx.to(&path)) download { (self.l().foreign(name)) }
            @if let Some(size) = size { " " span class="small muted" { "(" (bytes(size)) ")" } }
        }
    }

    /// Rows of a group as a table.
    fn rows(&self, group: &Field, fields: &[Field], rows: &[Content]) -> Markup {
        let l = self.l();
        html! {
            div class="scroll" {
                table {
                    caption class="visually-hidden" { (l.p(&group.label)) }
                    thead { tr { @for field in fields { th scope="col" class=[numeric(field).then_some("num")] { (l.p(&field.label)) } } } }
                    tbody {
                        @for (i, row) in rows.iter().enumerate() {
                            tr { @for field in fields { td class=[numeric(field).then_some("num")] { (self.field(field, row, &format!("{}.{}.", group.name, i + 1))) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The values are numbers, which stand at the right.
pub fn numeric(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. })
        || matches!(field.kind, FieldKind::Derived { stored_as, .. } if stored_as != shirube_plan::Storage::Text)
}

/// Blank without a stated reason.
pub fn blank(l: L) -> Markup {
    html! { span class="absent no-value" { span aria-hidden="true" { "—" } span class="visually-hidden" { (l.t("値なし", "no value")) } } }
}

/// A value that the reader may not see: there may be one or none.
pub fn hidden(l: L) -> Markup {
    let why = l.t("この項目を見ることは許可されていません", "you may not see this field");
    html! { span class="absent" title=(why) { (l.t("非表示", "hidden")) } }
}

/// A time of the log: Japan time, to the minute.
pub fn time(l: L, ms: i64) -> Markup {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(at) => html! { time datetime=(at.to_string()) class="nowrap" { (time_words(l, ms)) } },
        Err(_) => html! { (ms) },
    }
}

/// The same in words alone.
pub fn time_words(l: L, ms: i64) -> String {
    use jiff::{Timestamp, tz};
    let Ok(at) = Timestamp::from_millisecond(ms) else { return ms.to_string() };
    let local = tz::Offset::constant(9).to_datetime(at);
    if l.is_ja() {
        format!("{}年{}月{}日 {:02}:{:02}", local.year(), local.month(), local.day(), local.hour(), local.minute())
    } else {
        format!("{} {:02}:{:02} JST", local.date(), local.hour(), local.minute())
    }
}

/// Heading of a page whose words may be those of a record.
pub fn heading(l: L, kicker: &str, title: &str) -> Markup {
    html! { div class="head" { p class="kicker" { (l.foreign(kicker)) } h1 { (l.foreign(title)) } } }
}
