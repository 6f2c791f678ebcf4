//! Files on forms.

use super::Entered;
use axum::body::Bytes;
use shirube_plan::{Field, FieldKind, Register};

/// A file that came with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Control it came from.
    pub control: String,
    /// Its name, without folders.
    pub name: String,
    /// Media type, as the browser says.
    pub media: String,
    /// Content.
    pub bytes: Bytes,
}

/// Keeps a file for its field and gives its hash; none if the field does not take it.
pub type Keep<'k, E> = dyn Fn(&Field, &Upload) -> Result<Option<String>, E> + 'k;

/// Puts the files of a form away and writes what they are into the form's own controls, so that a form drawn again
/// still holds them: browsers cannot send a file twice.
pub fn keep<E>(register: &Register, entered: &mut Entered, store: &Keep<'_, E>) -> Result<(), E> {
    let mut controls = vec![];
    for field in &register.fields {
        match &field.kind {
            FieldKind::Attachment { .. } => controls.push((field, field.name.clone())),
            FieldKind::Group { fields } => {
                let inner: Vec<&Field> = fields.iter().filter(|f| matches!(f.kind, FieldKind::Attachment { .. })).collect();
                let rows = entered.rows(&field.name);
                controls.extend(rows.iter().flat_map(|n| inner.iter().map(move |f| (*f, format!("{}.{n}.{}", field.name, f.name)))));
            }
            _ => {}
        }
    }
    for (field, control) in controls {
        if let Some(file) = entered.file(&control).cloned() {
            let Some(hash) = store(field, &file)? else { continue };
            entered.set(&control, file.name);
            entered.set(&format!("{control}_sha256"), hash);
            entered.set(&format!("{control}_media"), file.media);
            entered.set(&format!("{control}_size"), file.bytes.len().to_string());
        } else if entered.filled(&format!("_drop.{control}")).is_some() {
            for suffix in ["", "_sha256", "_media", "_size"] {
                entered.remove(&format!("{control}{suffix}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn upload(control: &str, name: &str) -> Upload {
        Upload { control: control.into(), name: name.into(), media: "text/plain".into(), bytes: Bytes::from_static(b"hello") }
    }

    #[test]
    fn a_file_becomes_texts_of_the_form_and_can_be_dropped_again() {
        let register = crate::testing::desk().registers["project"].clone();
        let store = |_: &Field, file: &Upload| Ok::<_, ()>(Some(format!("{:064}", file.bytes.len())));
        let mut form = Entered::new(vec![], vec![upload("report", "a.txt"), upload("budget", "b.txt")]);
        keep(&register, &mut form, &store).unwrap();
        assert_eq!((form.text("report"), form.text("report_size"), form.text("report_media")), ("a.txt", "5", "text/plain"));
        assert_eq!(form.text("budget"), "");

        let mut form = Entered::new(form.texts().to_vec(), vec![]);
        keep(&register, &mut form, &store).unwrap();
        assert_eq!(form.text("report"), "a.txt");
        form.set("_drop.report", "1");
        keep(&register, &mut form, &store).unwrap();
        assert_eq!((form.text("report"), form.text("report_sha256")), ("", ""));
    }
}
