//! Whether an actor may name the files that a change names.

use crate::{
    StoreError,
    check::{Checker, standing},
    files::{FileRefused, Upload},
};
use shirube_access::RecordAction;
use shirube_plan::{Field, FieldKind, Register};
use shirube_record::{Cell, Content};

/// A file that a content names.
struct Named<'c> {
    name: &'c str,
    sha256: &'c str,
    upload: Upload,
}

impl Checker<'_> {
    /// Refuses files that the actor neither sent just now nor sees in a record; those that the record named before stay.
    pub(crate) fn may_name_files(&self, register: &Register, content: &Content, before: &Content) -> Result<(), StoreError> {
        if self.actor.clearance().is_unlimited() {
            return Ok(());
        }
        let stay: Vec<&str> = named(&register.fields, before).into_iter().map(|file| file.sha256).collect();
        for file in named(&register.fields, content).into_iter().filter(|file| !stay.contains(&file.sha256)) {
            // What was sent was looked into as what it was sent.
            let sent = self.sent.by(self.actor.id(), file.sha256).is_some_and(|upload| upload == file.upload);
            if !sent && !self.sees_file(file.sha256)? {
                return Err(FileRefused::NotYours { name: file.name.to_string() }.into());
            }
        }
        Ok(())
    }

    /// Whether the actor sees a record, with the field in it, that names a file.
    fn sees_file(&self, sha256: &str) -> Result<bool, StoreError> {
        let pack = self.head.pack().clone();
        for (register, record, column) in self.head.naming_file(sha256)? {
            let (Some(register), Some(state)) = (pack.registers.get(&register), self.head.state(&register, record)?) else { continue };
            let standing = standing(register, &state);
            if self.actor.may_do(RecordAction::Read, standing).is_ok() && !self.actor.hidden(standing).contains(&column) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn named<'c>(fields: &[Field], content: &'c Content) -> Vec<Named<'c>> {
    let mut found = vec![];
    for field in fields {
        match (&field.kind, content.get(&field.name)) {
            (FieldKind::Attachment { .. }, name) => {
                let text = |suffix: &str| match content.get(&format!("{}{suffix}", field.name)) {
                    Some(Cell::Text(text)) => Some(text.as_str()),
                    _ => None,
                };
                let size = match content.get(&format!("{}_size", field.name)) {
                    Some(Cell::Integer(size)) => *size,
                    _ => 0,
                };
                let name = if let Some(Cell::Text(name)) = name { name.as_str() } else { "" };
                let media = text("_media").unwrap_or_default().to_string();
                found.extend(text("_sha256").map(|sha256| Named { name, sha256, upload: Upload { media, size } }));
            }
            (FieldKind::Group { fields }, Some(Cell::Rows(rows))) => found.extend(rows.iter().flat_map(|row| named(fields, row))),
            _ => {}
        }
    }
    found
}
