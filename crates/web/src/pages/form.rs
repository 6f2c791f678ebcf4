//! Forms to create and to amend a record.

use super::{
    confirm, conflict,
    desk::{self, Desk, Sent},
    purpose,
    whose::Bound,
};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, FORBIDDEN, pair},
    form::{self, Entered, Fault, fault, fields},
    layout,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_access::{RecordAction, Rows};
use shirube_plan::{Field, FieldKind, Register};
use shirube_record::{Cell, Content, Origin, validate};
use shirube_snapshot::{Record, columns_of};
use shirube_store::{Command, StoreError, Version};
use std::{collections::BTreeMap, sync::Arc};

/// The blank form.
pub fn new(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let mut entered = defaults(&fillable(&desk, None));
    if let Some(bound) = bound(&desk, None)? {
        bound.fill(&desk, &mut entered)?;
    }
    Ok(Reply::page(page(&desk, None, &entered, &[], vec![], None)?))
}

/// What a new record begins with.
fn defaults(register: &Register) -> Entered {
    let mut entered = Entered::default();
    for field in &register.fields {
        match &field.kind {
            FieldKind::Money { currency, .. } => entered.push(&format!("{}_currency", field.name), currency),
            FieldKind::Group { .. } => entered.add_row(&field.name),
            _ => {}
        }
    }
    entered
}

/// A new record was sent.
pub fn create(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let sent = desk.sent()?;
    if sent.again {
        return Ok(Reply::page(page(&desk, None, &sent.entered, &[], sent.found, None)?));
    }
    let (entered, content, faults) = values(&desk, None, &fillable(&desk, None), sent)?;
    if faults.is_empty()
        && let Some(asked) = confirm::before_rights(app, &desk.cx, desk.register, &entered)?
    {
        return Ok(asked);
    }
    let answer = if faults.is_empty() {
        let command = Command::Create { register: desk.register.name.clone(), content: content.clone(), origin: Origin::default() };
        app.submit(&desk.cx, command)
    } else {
        Err(StoreError::Invalid(vec![]))
    };
    match answer {
        Ok(receipt) => Ok(done(&desk.cx, &desk.register.name, receipt.record, "created")),
        Err(StoreError::Invalid(errors)) => {
            let faults = [faults, errors.iter().map(|e| fault::of(desk.register, e)).collect()].concat();
            Ok(Reply::page(page(&desk, None, &entered, &faults, vec![], None)?).with_status(422))
        }
        Err(StoreError::FileRefused(why)) => {
            let faults = [desk::file_fault(desk.register, "", &why)];
            Ok(Reply::page(page(&desk, None, &entered, &faults, vec![], None)?).with_status(422))
        }
        Err(error) => Err(error.into()),
    }
}

/// A register with the fields alone that somebody may fill in: those they see in the record, or in any where there is
/// none yet. What is not in the form stays as it is. Rows of a group are sent together, so that a group of which a part
/// is hidden is not in the form either.
fn fillable(desk: &Desk, record: Option<&Record>) -> Register {
    let hidden = match record {
        Some(record) => Arc::clone(&record.hidden),
        None => {
            let clearance = desk.cx.asking.actor.clearance();
            Arc::new(columns_of(desk.register, |s| clearance.rows_showing(s, &desk.register.name) == Rows::None))
        }
    };
    let within = |group: &str| hidden.iter().any(|column| column.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')));
    let fields = desk.register.fields.iter().filter(|f| !hidden.contains(&f.name) && !within(&f.name)).cloned().collect();
    Register { fields, ..desk.register.clone() }
}

/// The values of a form and everything that is wrong with them without asking the store.
fn values(desk: &Desk, record: Option<&Record>, fillable: &Register, sent: Sent) -> Result<(Entered, Content, Vec<Fault>), Error> {
    let entered = sent.entered.without_blank_rows(fillable);
    let read = desk.read_fields(fillable, &entered);
    let mut faults = [sent.faults, read.faults].concat();
    let whose = bound(desk, record)?.and_then(|bound| bound.fault(desk, &read.content));
    if whose.is_some() {
        // Told on the form instead of refused, and a refusal all the same.
        desk.cx.asking.note(FORBIDDEN);
    }
    faults.extend(whose.filter(|fault| faults.iter().all(|known| known.control != fault.control)));
    if !faults.is_empty() {
        // The store would tell the rest only once these are mended; tell all at once.
        let known: Vec<String> = faults.iter().map(|f| f.control.clone()).collect();
        let more = validate(fillable, &desk.app.pack, &read.content);
        faults.extend(more.iter().map(|e| fault::of(desk.register, e)).filter(|f| !known.contains(&f.control)));
    }
    Ok((entered, read.content, faults))
}

/// What whoever fills in the form is bound to in whose the record is, as far as that is on the form.
fn bound(desk: &Desk, record: Option<&Record>) -> Result<Option<Bound>, Error> {
    let asked = desk.register.owner.as_deref().is_some_and(|owner| fillable(desk, record).field(owner).is_some());
    match record {
        _ if !asked => Ok(None),
        None => Bound::of(desk, RecordAction::Create, desk.register.states.first().map(|s| s.name.as_str())),
        Some(record) => Bound::of(desk, RecordAction::Amend, record.state.as_deref()),
    }
}

/// To the record's page, with a word of confirmation.
pub fn done(cx: &Ctx, register: &str, record: i64, word: &str) -> Reply {
    Reply::see_other(cx.to_with(&cells::record_path(register, record), crate::url::Query(vec![("done".into(), word.into())])))
}

/// The form filled with the record as it is.
pub fn amend(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let record = desk.record_to(RecordAction::Amend)?;
    let references = desk.references(&Entered::default(), &record.content, vec![])?;
    let entered = form::fill(&fillable(&desk, Some(&record)), &app.pack, &record.content, &references);
    Ok(Reply::page(page(&desk, Some(&record), &entered, &[], vec![], None)?))
}

/// Changes to a record were sent.
pub fn amend_sent(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let record = desk.record_to(RecordAction::Amend)?;
    let sent = desk.sent()?;
    // A form drawn again stands on the version it was made on, so that a change in between is not overlooked.
    let version = sent.entered.text("_version").parse().unwrap_or(record.version);
    let standing = Record { version, ..record.clone() };
    if sent.again {
        return Ok(Reply::page(page(&desk, Some(&standing), &sent.entered, &[], sent.found, None)?));
    }
    let fillable = fillable(&desk, Some(&record));
    let (entered, content, mut faults) = values(&desk, Some(&record), &fillable, sent)?;
    faults.extend(desk::reason_missing(desk.register, &entered));
    let base = stored(&desk, &record, version)?;
    let changes = changes(&fillable, &base, &content);
    if faults.is_empty()
        && let Some(asked) = confirm::before_rights(app, &desk.cx, desk.register, &entered)?
    {
        return Ok(asked);
    }
    let answer = if faults.is_empty() {
        app.submit(
            &desk.cx,
            Command::Amend {
                register: desk.register.name.clone(),
                record: record.id,
                version,
                content: changes.clone(),
                reason: entered.filled("_reason").map(str::to_string),
            },
        )
    } else {
        Err(StoreError::Invalid(vec![]))
    };
    match answer {
        Ok(receipt) => Ok(done(&desk.cx, &desk.register.name, receipt.record, "amended")),
        Err(StoreError::Invalid(errors)) => {
            let faults = [faults, errors.iter().map(|e| fault::of(desk.register, e)).collect()].concat();
            Ok(Reply::page(page(&desk, Some(&standing), &entered, &faults, vec![], None)?).with_status(422))
        }
        Err(StoreError::FileRefused(why)) => {
            let faults = [desk::file_fault(desk.register, "", &why)];
            Ok(Reply::page(page(&desk, Some(&standing), &entered, &faults, vec![], None)?).with_status(422))
        }
        Err(StoreError::NothingChanged) => {
            let problem = pair("変更された項目がありません", "no field was changed");
            let mend = pair("直したい項目を変えてから送ってください", "change something, then send it");
            let faults = [Fault::say(desk.register, "", problem, mend)];
            Ok(Reply::page(page(&desk, Some(&standing), &entered, &faults, vec![], None)?).with_status(422))
        }
        Err(StoreError::VersionConflict { .. }) => {
            // Read again: the record may have changed once more since this request began.
            let desk = Desk::open(app, cx)?;
            conflict::show(&desk, &base, version, &changes, &entered)
        }
        Err(error) => Err(error.into()),
    }
}

/// The stored columns of a record as they were at a version.
fn stored(desk: &Desk, record: &Record, version: i64) -> Result<Content, Error> {
    if version != record.version
        && let Some(then) = versions(desk, record.id)?.into_iter().find(|v| v.version == version)
    {
        return Ok(then.content);
    }
    Ok(without_derived(desk.register, &record.content))
}

/// The versions of a record as far as the reader may know them.
pub fn versions(desk: &Desk, record: i64) -> Result<Vec<Version>, Error> {
    match desk.app.store.history(&desk.cx.asking.actor, &desk.register.name, record) {
        Err(StoreError::Denied { .. }) => Ok(vec![]),
        versions => Ok(versions?),
    }
}

/// A record's values without those that are computed.
pub fn without_derived(register: &Register, content: &Content) -> Content {
    let derived = |name: &str| register.field(name).is_some_and(|f| matches!(f.kind, FieldKind::Derived { .. }));
    content.iter().filter(|(name, _)| !derived(name)).map(|(name, cell)| (name.clone(), cell.clone())).collect()
}

/// Columns in which a form differs from what it was made on.
pub fn changes(register: &Register, base: &Content, content: &Content) -> BTreeMap<String, Option<Cell>> {
    let mut columns: Vec<String> = register.columns().into_iter().map(|c| c.name).collect();
    columns.extend(register.fields.iter().filter(|f| f.columns().is_empty()).map(|f| f.name.clone()));
    let base = without_derived(register, base);
    columns.retain(|column| base.get(column).map(same) != content.get(column).map(same));
    columns.into_iter().map(|column| (column.clone(), content.get(&column).cloned())).collect()
}

/// A value without what a form cannot keep: spaces around a text, kinds of line ends.
fn same(cell: &Cell) -> Cell {
    match cell {
        Cell::Text(text) => Cell::Text(text.replace("\r\n", "\n").trim().to_string()),
        Cell::Rows(rows) => Cell::Rows(rows.iter().map(|row| row.iter().map(|(c, v)| (c.clone(), same(v))).collect()).collect()),
        other => other.clone(),
    }
}

/// The form as a page: blank or of a record.
pub fn page(
    desk: &Desk,
    record: Option<&Record>,
    entered: &Entered,
    faults: &[Fault],
    found: Vec<(String, Vec<form::Choice>)>,
    above: Option<Markup>,
) -> Result<Markup, Error> {
    let v = desk.view();
    let l = v.cx.l;
    let nothing = Content::new();
    let references = desk.references(entered, record.map_or(&nothing, |r| &r.content), found)?;
    let fillable = fillable(desk, record);
    let form = fields::Form { v: &v, register: &fillable, entered, faults, references: &references };
    let left: Vec<&Field> = desk.register.fields.iter().filter(|f| fillable.field(&f.name).is_none()).collect();
    let labels = left.iter().map(|f| l.p(&f.label)).collect::<Vec<_>>().join(l.t("、", ", "));
    let title = match record {
        None => l.t("新しい記録", "New record").to_string(),
        Some(_) => l.t("記録を直す", "Amend the record").to_string(),
    };
    let multipart = desk::fields_within(&fillable.fields).any(|f| matches!(f.kind, FieldKind::Attachment { .. }));
    let back = match record {
        None => cells::register_href(&v, &desk.register.name),
        Some(record) => cells::record_href(&v, &desk.register.name, record.id),
    };
    let kicker = record.map_or_else(|| l.p(&desk.register.label).to_string(), |r| desk::title(&v, desk.register, r));
    let body = html! {
        (cells::heading(l, &kicker, &title))
        (fields::summary(l, faults))
        @if let Some(above) = above { (above) }
        @if record.is_none() {
            p class="lead" { (l.p(&desk.register.description)) }
            @if let Some(bound) = bound(desk, None)? { (bound.note(desk, faults)) }
        }
        (purpose::offer(desk.app, &desk.cx, desk.register, &left)?)
        form method="post" action=(v.cx.form_action()) class="record-form" novalidate enctype=[multipart.then_some("multipart/form-data")] {
            (desk::own_inputs(&desk.cx, record.map(|r| r.version)))
            (fields::all(&form, &[]))
            @if !left.is_empty() {
                p class="hint" {
                    @if record.is_some() { (l.t("見ることのできない項目はこの画面になく、そのまま残ります：", "Fields that you may not see are not on this page and stay as they are: ")) }
                    @else { (l.t("見ることのできない項目はこの画面になく、空欄になります：", "Fields that you may not see are not on this page and stay blank: ")) }
                    (labels) (l.t("。", "."))
                }
            }
            @if record.is_some() {
                (desk::reason(&form, true, l.t("なぜ直すのか。履歴に残り、あとから誰でも読めます。", "Why it is changed. It stays in the history for everyone to read.")))
            }
            (form::controls::shared_lists(&form))
            p class="actions" {
                button { @if record.is_some() { (l.t("直した内容を記録する", "Save the changes")) } @else { (l.t("記録する", "Save")) } }
                " " a href=(back) { (l.t("やめる", "Cancel")) }
            }
        }
    };
    Ok(layout::page(&v, &title, "registers", &desk.crumbs(record), body))
}
