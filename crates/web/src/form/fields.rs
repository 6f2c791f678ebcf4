//! Draws the controls of a register's fields.

use super::{Choices, Entered, Fault, References, controls};
use crate::{layout::View, text::L};
use maud::{Markup, html};
use shirube_indicator::format;
use shirube_plan::{Absence, Field, FieldKind, Register, Sensitivity};

/// What a form is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// Request and pack.
    pub v: &'a View<'a>,
    /// The register.
    pub register: &'a Register,
    /// What stands in the controls.
    pub entered: &'a Entered,
    /// What is wrong with it.
    pub faults: &'a [Fault],
    /// What references offer.
    pub references: &'a References,
}

/// Id of a control, for links from the error summary.
pub fn id(control: &str) -> String {
    format!("f-{control}")
}

impl<'a> Form<'a> {
    /// Language of the page.
    pub fn l(&self) -> L {
        self.v.cx.l
    }

    /// What is wrong at a control.
    pub fn faults_at<'b>(&'b self, control: &'b str) -> impl Iterator<Item = &'a Fault> + 'b {
        self.faults.iter().filter(move |f| f.control == control)
    }

    /// Ids of help and faults that describe a control.
    pub fn described_by(&self, control: &str, help: bool) -> Option<String> {
        let mut ids = vec![];
        if help {
            ids.push(format!("h-{control}"));
        }
        if self.faults_at(control).next().is_some() {
            ids.push(format!("e-{control}"));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// What a reference to a register may choose from.
    pub fn choices(&self, register: &str) -> Option<&Choices> {
        self.references.registers.get(register)
    }
}

/// The summary of what is wrong, each with a link to its control. It takes the focus when the page opens.
pub fn summary(l: L, faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            section class="faults" role="alert" aria-labelledby="faults-title" tabindex="-1" autofocus {
                h2 id="faults-title" {
                    @if l.is_ja() { "入力を確かめてください（" (faults.len()) "か所）" }
                    @else { "Please check what was entered (" (faults.len()) (if faults.len() == 1 { " place" } else { " places" }) ")" }
                }
                ul {
                    @for fault in faults {
                        li {
                            @if fault.control.is_empty() { b { (l.p(&fault.label)) } }
                            @else { a href={ "#" (id(&fault.control)) } { (l.p(&fault.label)) } }
                            (l.t("：", ": ")) (fault.words(l))
                        }
                    }
                }
            }
        }
    }
}

/// All fields of the register that can be filled in; those named in `required` are marked so beside the register's own.
pub fn all(form: &Form, required: &[String]) -> Markup {
    html! { @for field in form.register.fields.iter() { (field_(form, "", field, field.required || required.contains(&field.name))) } }
}

/// Only these fields.
pub fn some(form: &Form, names: &[String], required: &[String]) -> Markup {
    html! {
        @for field in form.register.fields.iter().filter(|f| names.contains(&f.name)) {
            (field_(form, "", field, required.contains(&field.name)))
        }
    }
}

/// One field: label, help, what is wrong, controls, reason for a blank.
fn field_(form: &Form, prefix: &str, field: &Field, required: bool) -> Markup {
    let l = form.l();
    let control = format!("{prefix}{}", field.name);
    let body = match &field.kind {
        FieldKind::Derived { .. } => return html! {},
        FieldKind::Group { fields } => group(form, &control, fields),
        _ => controls::draw(form, &control, field),
    };
    let bad =
        field.columns().iter().map(|c| format!("{prefix}{}", c.name)).chain([control.clone()]).any(|c| form.faults_at(&c).next().is_some());
    // Not within rows, where it would stand in every one.
    let meanings = if prefix.is_empty() {
        controls::meanings(form, field)
    } else {
        html! {}
    };
    let name = html! {
        (l.p(&field.label))
        @if required { " " span class="required" { (l.t("必須", "required")) } }
        (sensitivity(l, field.sensitivity))
    };
    let above = html! {
        @if let Some(help) = &field.help { p class="help" id={ "h-" (control) } { (l.p(help)) } }
        (faults(form, &control))
    };
    html! {
        @if controls::is_one(&field.kind, form) {
            div class={ "field" @if bad { " bad" } } {
                label for=(id(&control)) { (name) }
                (above)
                (body)
                (meanings)
                (reason_for_blank(form, &control))
            }
        } @else {
            fieldset class={ "field" @if bad { " bad" } } id=(id(&control)) aria-describedby=[form.described_by(&control, field.help.is_some())] {
                legend { (name) }
                (above)
                (body)
                (meanings)
                (reason_for_blank(form, &control))
            }
        }
    }
}

/// What is wrong at a control.
pub fn faults(form: &Form, control: &str) -> Markup {
    let l = form.l();
    let faults: Vec<&Fault> = form.faults_at(control).collect();
    html! {
        @if !faults.is_empty() {
            div class="fault" id={ "e-" (control) } {
                @for fault in faults { p { span class="visually-hidden" { (l.t("誤り：", "Error: ")) } (fault.words(l)) } }
            }
        }
    }
}

/// Who may see a field, where that is not everyone.
pub fn sensitivity(l: L, sensitivity: Sensitivity) -> Markup {
    let (class, word) = match sensitivity {
        Sensitivity::Public => return html! {},
        Sensitivity::Internal => ("flat", l.t("内部", "internal")),
        Sensitivity::Commercial => ("care", l.t("営業秘密", "commercial")),
        Sensitivity::Personal => ("care", l.t("個人情報", "personal")),
    };
    html! { " " span class={ "tag " (class) } { (word) } }
}

/// The choice of a reason why a field is blank; open when one is chosen or something is missing.
fn reason_for_blank(form: &Form, control: &str) -> Markup {
    let l = form.l();
    let name = format!("_missing.{control}");
    let chosen = form.entered.filled(&name).and_then(Absence::parse);
    let reasons = [Absence::Unknown, Absence::NotCollected, Absence::NotApplicable, Absence::Suppressed];
    html! {
        details class="blank" open[chosen.is_some() || form.faults_at(control).next().is_some()] {
            summary { (l.t("空欄の理由", "Why it is blank")) }
            label for=(id(&name)) class="visually-hidden" { (l.t("空欄の理由", "Why it is blank")) }
            select id=(id(&name)) name=(name) {
                option value="" { (l.t("理由なし", "no reason given")) }
                @for reason in reasons {
                    option value=(reason.as_str()) selected[chosen == Some(reason)] { (format::absence(Some(reason), l.0)) }
                }
            }
        }
    }
}

/// Rows of a repeating group. Rows come and go by submit buttons, so that no script is needed.
fn group(form: &Form, control: &str, fields: &[Field]) -> Markup {
    let l = form.l();
    let rows = form.entered.rows(control);
    let here = format!("#{}", id(control));
    html! {
        @for n in rows {
            fieldset class="row" {
                legend { @if l.is_ja() { (n) "行目" } @else { "Row " (n) } }
                input type="hidden" name={ "_row." (control) } value=(n);
                div class="row-fields" { @for field in fields { (field_(form, &format!("{control}.{n}."), field, field.required)) } }
                button class="quiet" name="_remove" value={ (control) "." (n) } formaction=(here) {
                    @if l.is_ja() { (n) "行目を除く" } @else { "Remove row " (n) }
                }
            }
        }
        button class="quiet" name="_add" value=(control) formaction=(here) { (l.t("行を加える", "Add a row")) }
    }
}
