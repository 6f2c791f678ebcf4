//! What the pages that change records have in common: the record as it is now, the form that was sent.

use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::{self, Entered, Fault, Read, References, controls::OFFERED},
    layout::{Crumb, View},
    names::{self, Names},
    refused::file_words,
    state::App,
    who,
};
use maud::{Markup, html};
use shirube_access::RecordAction;
use shirube_plan::{Field, FieldKind, Register};
use shirube_record::Content;
use shirube_snapshot::{AsOf, Record};
use shirube_store::{FileRefused, Reader, StoreError};
use std::{cell::RefCell, collections::BTreeSet};

/// A register open for changes. Changes are made to the present, whatever moment the page before showed.
pub struct Desk<'a> {
    /// The portal.
    pub app: &'a App,
    /// The request, now.
    pub cx: Ctx,
    /// The records as they are.
    pub reader: Reader,
    /// The register.
    pub register: &'a Register,
}

/// A form as it was sent.
pub struct Sent {
    /// What was typed.
    pub entered: Entered,
    /// Nothing is to be saved yet: a row was added or removed, or a reference searched.
    pub again: bool,
    /// What is wrong already.
    pub faults: Vec<Fault>,
    /// What searches have found.
    pub found: Vec<(String, Vec<form::Choice>)>,
}

/// Hits a search for a reference shows.
const FOUND: usize = 20;

impl<'a> Desk<'a> {
    /// Opens the register that the address names.
    pub fn open(app: &'a App, cx: &Ctx) -> Result<Desk<'a>, Error> {
        let register = register(app, cx)?;
        let cx = Ctx { as_of: AsOf::Head, as_of_text: None, ..cx.clone() };
        let reader = app.open(&cx)?;
        Ok(Desk { app, cx, reader, register })
    }

    /// What templates draw from.
    pub fn view(&self) -> View<'_> {
        self.app.view_of(&self.cx, self.reader.moment())
    }

    /// The record that the address names, as it is now.
    pub fn record(&self) -> Result<Record, Error> {
        let id = record_id(&self.cx)?;
        match self.reader.record(&self.register.name, id)? {
            Some(record) => Ok(record),
            // The history says whether it was redacted or never was.
            None => match self.app.store.history(&self.cx.asking.actor, &self.register.name, id) {
                Err(error) => Err(error.into()),
                Ok(_) => Err(gone(id)),
            },
        }
    }

    /// The record that the address names, if this may be done to it.
    pub fn record_to(&self, action: RecordAction) -> Result<Record, Error> {
        let record = self.record()?;
        let may = self.cx.asking.actor.may_with(action, self.register, &record);
        if may { Ok(record) } else { Err(who::forbidden()) }
    }

    /// Reads the form that was sent: puts its files away, does what its row buttons say.
    pub fn sent(&self) -> Result<Sent, Error> {
        let mut entered = Entered::read(&self.cx)?;
        let refused = RefCell::new(vec![]);
        form::keep(self.register, &mut entered, &|field, file| match self.app.store.keep(
            &self.cx.asking.actor,
            field,
            &file.name,
            &file.media,
            &file.bytes,
        ) {
            Ok(hash) => Ok(Some(hash)),
            Err(StoreError::FileRefused(why)) => {
                refused.borrow_mut().push(file_fault(self.register, &file.control, &why));
                Ok(None)
            }
            Err(other) => Err(other),
        })?;
        for (name, value) in entered.texts().to_vec() {
            if let Some(control) = name.strip_prefix("_take.").filter(|_| !value.trim().is_empty()) {
                entered.set(control, value);
                entered.remove(&name);
            }
        }
        let mut sent = Sent { entered, again: false, faults: refused.into_inner(), found: vec![] };
        if let Some(group) = sent.entered.filled("_add").map(str::to_string) {
            sent.entered.add_row(&group);
            sent.again = true;
        }
        if let Some((group, n)) =
            sent.entered.filled("_remove").and_then(|r| r.rsplit_once('.')).and_then(|(g, n)| Some((g.to_string(), n.parse().ok()?)))
        {
            sent.entered.remove_row(&group, n);
            sent.again = true;
        }
        if let Some(control) = sent.entered.filled("_find").map(str::to_string) {
            if let Some(FieldKind::Reference { register }) = kind_of(self.register, &control) {
                let hits = names::search(&self.reader, register, sent.entered.text(&control), FOUND, self.cx.l.0)?;
                sent.found.push((control, hits));
            }
            sent.again = true;
        }
        if !sent.again && !self.cx.asking.is_own_form(sent.entered.text("_token")) {
            sent.faults.push(Fault::say(
                self.register,
                "",
                pair("この画面を開いてからプログラムが再起動しました", "the program was started anew since this page was opened"),
                pair("入力はそのまま残っています。もう一度送ってください", "everything typed is still here; please send it again"),
            ));
        }
        Ok(sent)
    }

    /// Reads the values of the fields of a register that may have fewer of them.
    pub fn read_fields(&self, register: &Register, entered: &Entered) -> Read {
        form::read(register, &self.app.pack, entered, &|register, text| names::resolve(&self.reader, register, text))
    }

    /// What the references of a form offer, and what those already chosen are called.
    pub fn references(&self, entered: &Entered, content: &Content, found: Vec<(String, Vec<form::Choice>)>) -> Result<References, Error> {
        let lang = self.cx.l.0;
        let mut references = References { found: found.into_iter().collect(), ..References::default() };
        let mut wanted = BTreeSet::new();
        names::referred(&self.register.fields, content, &mut wanted);
        for field in fields_within(&self.register.fields) {
            if let FieldKind::Reference { register } = &field.kind
                && !references.registers.contains_key(register)
            {
                references.registers.insert(register.clone(), names::offered(&self.reader, register, OFFERED, lang)?);
            }
        }
        for (control, text) in entered.texts() {
            if let Some(FieldKind::Reference { register }) = kind_of(self.register, control)
                && let Ok(id) = names::resolve(&self.reader, register, text)
            {
                wanted.insert((register.clone(), id));
            }
        }
        references.chosen = Names::of(&self.reader, &wanted, lang)?.into_map();
        Ok(references)
    }

    /// The way down to a page about a record, or about the register.
    pub fn crumbs(&self, record: Option<&Record>) -> Vec<Crumb> {
        let v = self.view();
        let mut crumbs = register_crumbs(&v, self.register);
        if let Some(record) = record {
            crumbs.push((title(&v, self.register, record), cells::record_href(&v, &self.register.name, record.id)));
        }
        crumbs
    }
}

/// The way down to a page of a register.
pub fn register_crumbs(v: &View, register: &Register) -> Vec<Crumb> {
    let l = v.cx.l;
    vec![
        (l.t("台帳", "Registers").to_string(), v.cx.to("/registers")),
        (l.p(&register.label).to_string(), cells::register_href(v, &register.name)),
    ]
}

/// The register that the address names.
pub fn register<'a>(app: &'a App, cx: &Ctx) -> Result<&'a Register, Error> {
    let name = cx.param("register");
    app.pack.registers.get(name).ok_or_else(|| Error::no("台帳", "register", name))
}

/// The id that the address names.
pub fn record_id(cx: &Ctx) -> Result<i64, Error> {
    let id = cx.param("id");
    id.parse().map_err(|_| Error::no("記録", "record", id))
}

fn gone(id: i64) -> Error {
    Error::no("記録", "record", &id.to_string())
}

/// Number and name of a record as one text.
pub fn title(v: &View, register: &Register, record: &Record) -> String {
    form::Choice::new(record.id, record.number.as_deref(), &names::of_record(register, v.pack, &record.content, v.cx.l.0)).text()
}

/// Fields of a register and of its groups.
pub fn fields_within(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().flat_map(|field| match &field.kind {
        FieldKind::Group { fields } => fields.iter().collect::<Vec<_>>(),
        _ => vec![field],
    })
}

/// Type of the field behind a control.
fn kind_of<'a>(register: &'a Register, control: &str) -> Option<&'a FieldKind> {
    let (fields, name) = match control.split_once('.') {
        Some((group, rest)) => match &register.field(group)?.kind {
            FieldKind::Group { fields } => (fields, rest.split_once('.')?.1),
            _ => return None,
        },
        None => (&register.fields, control),
    };
    fields.iter().find(|f| f.name == name).map(|f| &f.kind)
}

/// Inputs every form of ours carries.
pub fn own_inputs(cx: &Ctx, version: Option<i64>) -> Markup {
    html! {
        // The first submit button is what the Enter key presses: it must save, not add a row.
        button class="visually-hidden" name="_save" value="1" tabindex="-1" aria-hidden="true" {}
        input type="hidden" name="_token" value=(cx.asking.word);
        @if let Some(version) = version { input type="hidden" name="_version" value=(version); }
    }
}

/// The control for why something is done.
pub fn reason(form: &form::fields::Form, required: bool, help: &str) -> Markup {
    let l = form.l();
    let bad = form.faults_at("_reason").next().is_some();
    html! {
        div class={ "field" @if bad { " bad" } } {
            label for="f-_reason" { (l.t("理由", "Reason")) @if required { " " span class="required" { (l.t("必須", "required")) } } }
            p class="help" id="h-_reason" { (help) }
            (form::fields::faults(form, "_reason"))
            textarea id="f-_reason" name="_reason" rows="2" lang=[l.lang_of(form.entered.text("_reason"))] aria-describedby=[form.described_by("_reason", true)] aria-invalid=[bad.then_some("true")] {
                "\n" (form.entered.text("_reason"))
            }
        }
    }
}

/// The fault of a file that is not taken.
pub fn file_fault(register: &Register, control: &str, why: &FileRefused) -> Fault {
    let (problem, mend) = file_words(why);
    Fault::say(register, control, problem, mend)
}

/// The fault of a reason left out.
pub fn reason_missing(register: &Register, entered: &Entered) -> Option<Fault> {
    let missing = entered.filled("_reason").is_none();
    missing.then(|| {
        Fault::say(
            register,
            "_reason",
            pair("理由が書かれていません", "no reason is given"),
            pair("なぜ変えるのかを書いてください", "say why it is changed"),
        )
    })
}
