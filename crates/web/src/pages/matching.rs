//! Headings of a file and columns of a register: which goes to which, what is left out, and what is missing.

use super::{
    desk::{self, Desk},
    import::{self, FileColumn, column_label},
};
use crate::{form::Entered, jobs::Job, layout::View, text::L};
use maud::{Markup, html};

/// Where the columns are matched by hand, on the page of a job.
pub const ID: &str = "columns";

/// What of the file is not imported and what it lacks, told before all else: nobody is to lose a column unseen.
pub fn left_out(l: L, job: &Job) -> Markup {
    html! {
        @if !job.lacking.is_empty() {
            div class="callout care" {
                p { (l.t("ファイルに、新しい記録で必ず入力する次の列がありません。", "The file lacks columns that new records must have:")) }
                ul { @for column in &job.lacking { li { (l.foreign(column.get(l.0))) } } }
            }
        }
        @if !job.left_out.is_empty() {
            div class="callout care" {
                p { (l.t("ファイルの次の列は取り込みません。", "These columns of the file are not imported:")) }
                ul {
                    @for (at, heading) in &job.left_out {
                        li {
                            @if heading.is_empty() {
                                @if l.is_ja() { (at) "列目（見出しがありません。取り込むなら、ファイルで見出しを付けてください）" }
                                @else { "column " (at) " (it has no heading: give it one in the file if it is to be imported)" }
                            } @else { (l.foreign(heading)) }
                        }
                    }
                }
                p { a href={ "#" (ID) } { (l.t("取り込む列があれば、台帳の列を選んでください", "If one is to be imported, choose its column of the register")) } }
            }
        }
    }
}

/// Puts headings to the columns that a person has chosen for them.
pub fn put(job: &mut Job, entered: &Entered) {
    for (name, text) in entered.texts() {
        if let Some(n) = name.strip_prefix("heading.") {
            let column = entered.text(&format!("column.{n}")).trim();
            let found = job.columns.iter().find(|h| h.text == *text).and_then(|h| h.column.as_deref()).unwrap_or_default();
            if column != found || job.mapping.contains_key(text) {
                job.mapping.insert(text.clone(), column.to_string());
            } else if column.is_empty() {
                // Not known and left so: it is to be skipped.
                job.mapping.insert(text.clone(), String::new());
            }
        }
    }
}

/// Which heading goes to which column, to be changed by hand.
pub fn table(desk: &Desk, v: &View, job: &Job) -> Markup {
    let l = v.cx.l;
    let columns: Vec<FileColumn> = import::columns(desk.register, 3);
    html! {
        form method="post" action=(v.cx.form_action()) class="mapping" {
            (desk::own_inputs(&desk.cx, None))
            div class="scroll" {
                table {
                    caption class="visually-hidden" { (l.t("列の対応", "Headings and columns")) }
                    thead { tr { th scope="col" { (l.t("ファイルの見出し", "Heading in the file")) } th scope="col" { (l.t("台帳の列", "Column of the register")) } } }
                    tbody {
                        @for (n, heading) in job.columns.iter().enumerate() {
                            @let column = heading.column.as_deref().unwrap_or_default();
                            tr {
                                th scope="row" {
                                    label for={ "column-" (n) } { (l.foreign(&heading.text)) }
                                    input type="hidden" name={ "heading." (n) } value=(heading.text);
                                }
                                td {
                                    select id={ "column-" (n) } name={ "column." (n) } {
                                        option value="" selected[column.is_empty()] { (l.t("取り込まない", "Do not import")) }
                                        @if !column.is_empty() && !columns.iter().any(|c| c.name == column) {
                                            option value=(column) selected { (column_label(v, desk.register, column).unwrap_or_else(|| column.to_string())) }
                                        }
                                        @for known in &columns { option value=(known.name) selected[known.name == column] { (known.label.get(l.0)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p class="actions" { button class="quiet" name="_do" value="check" { (l.t("この対応でもう一度確認する", "Check again with these columns")) } }
        }
    }
}
