//! Whether an actor may name the files that a change names, and whether their fields take them.

use crate::{
    StoreError,
    check::Checker,
    files::{self, FileRefused, Upload},
};
use shirube_plan::{Field, FieldKind, Register};
use shirube_record::{Cell, Content};

/// A file that a content names.
#[derive(Debug)]
struct Named {
    /// The field, after its group.
    place: String,
    name: Option<Cell>,
    sha256: String,
    media: Option<Cell>,
    size: Option<Cell>,
}

impl Named {
    fn name(&self) -> &str {
        if let Some(Cell::Text(name)) = &self.name { name } else { "" }
    }

    fn not_yours(&self) -> StoreError {
        FileRefused::NotYours { name: self.name().to_string() }.into()
    }
}

impl Checker<'_> {
    /// Refuses files that the actor neither sent just now nor saw in a record, and those that their field does not take.
    /// Media types and sizes become what was found, whatever the content says; whether it said otherwise is answered.
    /// What the record named before in the same place stays as it was. `coming` is on its way to where files are kept.
    pub(crate) fn hold_files(
        &self,
        register: &Register,
        content: &mut Content,
        before: &Content,
        coming: bool,
    ) -> Result<bool, StoreError> {
        if !register.fields.iter().any(takes_files) {
            return Ok(false);
        }
        let mut stay = vec![];
        each(&register.fields, "", &mut before.clone(), &mut |_, file, _| {
            stay.push(file);
            Ok(())
        })?;
        let mut otherwise = false;
        each(&register.fields, "", content, &mut |field, file, content| {
            let was = stay.iter().find(|was| (&was.place, &was.sha256) == (&file.place, &file.sha256));
            let (media, size) = match was {
                Some(was) if files::ending(was.name()) == files::ending(file.name()) => (was.media.clone(), was.size.clone()),
                _ => match self.at_hand(field, &file, coming)? {
                    Some(upload) => (Some(Cell::Text(upload.media)), Some(Cell::Integer(upload.size))),
                    // A name that says something else needs a look at the file.
                    None if was.is_some() => return Err(file.not_yours()),
                    None => return Ok(()),
                },
            };
            otherwise |= (&media, &size) != (&file.media, &file.size);
            for (suffix, cell) in [("_media", media), ("_size", size)] {
                let column = format!("{}{suffix}", field.name);
                match cell {
                    Some(cell) => content.insert(column, cell),
                    None => content.remove(&column),
                };
            }
            Ok(())
        })?;
        Ok(otherwise)
    }

    /// The file as it was sent or found, if its field takes it. None for those who may do everything and name a file
    /// that is not here.
    fn at_hand(&self, field: &Field, file: &Named, coming: bool) -> Result<Option<Upload>, StoreError> {
        let Some(upload) = self.sent.by(self.actor.id(), &file.sha256) else {
            return if self.actor.clearance().is_unlimited() { Ok(None) } else { Err(file.not_yours()) };
        };
        let FieldKind::Attachment { max_size, types } = &field.kind else { return Ok(Some(upload)) };
        // One that is too large is refused at its place by the register's rules.
        if u64::try_from(upload.size).is_ok_and(|size| size <= *max_size) {
            files::fits(upload.found.ok_or_else(|| file.not_yours())?, file.name(), types)?;
            // It may have been erased with the record in which it was seen, or tidied away, since.
            if !coming && self.files.size(&file.sha256)?.is_none() {
                return Err(file.not_yours());
            }
        }
        Ok(Some(upload))
    }
}

fn takes_files(field: &Field) -> bool {
    match &field.kind {
        FieldKind::Attachment { .. } => true,
        FieldKind::Group { fields } => fields.iter().any(takes_files),
        _ => false,
    }
}

/// What is done with a file: its field, what is said of it, and the row or record that says so.
type Do<'d> = dyn FnMut(&Field, Named, &mut Content) -> Result<(), StoreError> + 'd;

/// Goes through the files that a content names.
fn each(fields: &[Field], group: &str, content: &mut Content, with: &mut Do<'_>) -> Result<(), StoreError> {
    for field in fields {
        match &field.kind {
            FieldKind::Attachment { .. } => {
                let cell = |suffix: &str| content.get(&format!("{}{suffix}", field.name)).cloned();
                if let Some(Cell::Text(sha256)) = cell("_sha256") {
                    let place = format!("{group}{}", field.name);
                    let file = Named { place, name: cell(""), sha256, media: cell("_media"), size: cell("_size") };
                    with(field, file, content)?;
                }
            }
            FieldKind::Group { fields } => {
                if let Some(Cell::Rows(rows)) = content.get_mut(&field.name) {
                    rows.iter_mut().try_for_each(|row| each(fields, &format!("{}.", field.name), row, with))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
