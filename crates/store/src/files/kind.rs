//! What an attached file is, by its content: what somebody says it is proves nothing.

use shirube_plan::FileType;

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefused {
    /// A program, or a page that a browser would run.
    #[error("the file is {found}; programs and web pages are not taken: send a document, a picture or a table")]
    Runs {
        /// What was found in it.
        found: &'static str,
    },
    /// What it says it is is not what it is.
    #[error("the file was sent as {declared}, but its content is {found}; send it as what it is")]
    Differs {
        /// Media type it was sent with.
        declared: String,
        /// What was found in it.
        found: &'static str,
    },
    /// Its name ends as the names of other files do.
    #[error("the name of the file ends in `.{ending}`, but its content is {found}, whose names end in {}; name it as what it is", usual.join(", "))]
    Ending {
        /// How the name ends.
        ending: String,
        /// What was found in it.
        found: &'static str,
        /// How names of such files end.
        usual: &'static [&'static str],
    },
    /// The field takes other files.
    #[error("the file is {found}; this field takes {}", allowed.join(", "))]
    NotTaken {
        /// What was found in it.
        found: &'static str,
        /// What is taken.
        allowed: Vec<&'static str>,
    },
    /// A record names a file that its writer has neither sent nor seen.
    #[error("the file `{name}` was not sent by you just now and is in no record that you see; choose the file and send it again")]
    NotYours {
        /// Name of the file, as it was written.
        name: String,
    },
}

/// What was found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Type(FileType),
    /// A program, or a page that a browser would run.
    Runs(&'static str),
    Other(&'static str),
}

/// What a file is; refuses what a field that takes these types does not take.
pub(crate) fn check(bytes: &[u8], name: &str, declared: &str, types: &[FileType]) -> Result<FileType, FileRefused> {
    let found = look(bytes, types)?;
    fits(found, name, types)?;
    if agrees(found, declared) { Ok(found) } else { Err(FileRefused::Differs { declared: declared.to_string(), found: found.word() }) }
}

/// What a file is, if it is anything that fields take.
pub(crate) fn look(bytes: &[u8], types: &[FileType]) -> Result<FileType, FileRefused> {
    match found(bytes) {
        Found::Type(found) => Ok(found),
        Found::Runs(found) => Err(FileRefused::Runs { found }),
        Found::Other(found) => Err(not_taken(found, types)),
    }
}

/// Refuses what was found to be none of the types, or goes by the name of something else.
pub(crate) fn fits(found: FileType, name: &str, types: &[FileType]) -> Result<(), FileRefused> {
    // Nothing in a text says that it is a table.
    let table = found == FileType::Text && !types.contains(&found) && types.contains(&FileType::Csv);
    let found = if table { FileType::Csv } else { found };
    if !types.contains(&found) {
        return Err(not_taken(found.word(), types));
    }
    match ending(name) {
        Some(ending) if !found.endings().contains(&ending.as_str()) => {
            Err(FileRefused::Ending { ending, found: found.word(), usual: found.endings() })
        }
        _ => Ok(()),
    }
}

/// How a name ends, as the systems read it that open a file by its ending: some of them leave out dots and spaces behind.
pub(crate) fn ending(name: &str) -> Option<String> {
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace() || c.is_control());
    Some(name.rsplit_once('.')?.1.to_ascii_lowercase())
}

fn not_taken(found: &'static str, types: &[FileType]) -> FileRefused {
    FileRefused::NotTaken { found, allowed: types.iter().map(|t| t.word()).collect() }
}

/// Whether a media type says what the content is. Senders that do not know say so or say nothing.
fn agrees(found: FileType, declared: &str) -> bool {
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = matches!(found, FileType::Csv | FileType::Text);
    // Where a spreadsheet program is installed, browsers send CSV as its.
    let usual = match found {
        FileType::Csv | FileType::Text => ["application/csv", "application/vnd.ms-excel"].contains(&declared.as_str()),
        FileType::Zip => declared == "application/x-zip-compressed",
        _ => false,
    };
    let said = declared.is_empty() || declared == "application/octet-stream";
    said || usual
        || declared == found.media()
        || text && declared.starts_with("text/") && !["text/html", "text/javascript"].contains(&declared.as_str())
}

fn found(bytes: &[u8]) -> Found {
    if let Some(page) = page(bytes) {
        return Found::Runs(page);
    }
    let known = infer::get(bytes).map(|kind| (kind.mime_type(), kind.matcher_type()));
    match known {
        Some(("application/pdf", _)) => Found::Type(FileType::Pdf),
        Some(("image/png", _)) => Found::Type(FileType::Png),
        Some(("image/jpeg", _)) => Found::Type(FileType::Jpeg),
        Some(("image/webp", _)) => Found::Type(FileType::Webp),
        Some(("application/zip", _)) => Found::Type(FileType::Zip),
        Some((mime, infer::MatcherType::Doc)) => {
            match [FileType::Xlsx, FileType::Docx, FileType::Pptx].into_iter().find(|t| t.media() == mime) {
                Some(office) => Found::Type(office),
                None => Found::Other(mime),
            }
        }
        Some((mime, infer::MatcherType::App)) => Found::Runs(mime),
        Some((mime @ ("text/x-shellscript" | "text/html"), _)) => Found::Runs(mime),
        Some((mime, kind)) if kind != infer::MatcherType::Text => Found::Other(mime),
        _ if is_text(bytes) => Found::Type(FileType::Text),
        _ => Found::Other("of no known type"),
    }
}

/// Text in UTF-8, in UTF-16 with its mark, or in an older encoding: nothing in it controls anything but lines.
fn is_text(bytes: &[u8]) -> bool {
    let utf_16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    utf_16 || bytes.iter().all(|b| *b >= 0x20 && *b != 0x7f || [b'\t', b'\n', b'\r', 0x0c].contains(b))
}

/// A page that a browser would run: looked for at the beginning, and in XML at the first element.
fn page(bytes: &[u8]) -> Option<&'static str> {
    let head: Vec<u8> = bytes.iter().take(4096).filter(|b| **b != 0).map(u8::to_ascii_lowercase).collect();
    let head = String::from_utf8_lossy(&head);
    let mut rest = head.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}' || c == '\u{fffd}');
    // Comments, declarations and processing instructions stand before the first element.
    loop {
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!doctype") && !rest.starts_with("<!doctype html") {
            ">"
        } else {
            break;
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let begins = |word: &str| rest.starts_with(word);
    if begins("<svg") || begins("<svg:") {
        return Some("image/svg+xml");
    }
    let html = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<title",
        "<style",
        "<link",
        "<meta",
        "<img",
        "<a ",
        "<div",
        "<table",
        "<p>",
        "<h1",
        "<br",
        "<b>",
    ];
    html.into_iter().any(begins).then_some("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8], declared: &str) -> Option<String> {
        check(bytes, "", declared, FileType::ALL).err().map(|refused| refused.to_string())
    }

    #[test]
    fn a_name_that_ends_as_those_of_other_files_is_refused_with_how_it_may_end() {
        let told = |bytes: &[u8], name: &str| check(bytes, name, "", FileType::ALL).err().map(|refused| refused.to_string());
        for (bytes, names) in [
            (&b"%PDF-1.7"[..], &["a.pdf", "A.PDF", "a", "版1.2.pdf", ".pdf", "a.pdf."][..]),
            (b"a,b", &["a.csv", "a.txt", "a.tsv", "a.exe.txt"]),
            (&[0xff, 0xd8, 0xff, 0xe0], &["a.jpg", "a.jpeg"]),
        ] {
            for name in names {
                assert_eq!(told(bytes, name), None, "{name}");
            }
        }
        for name in ["x.bat", "x.txt.js", "x.bat.", "x.BAT . ", "x.bat\u{a0}", ".bat", "x.txt:y.bat", "x.\u{202e}txt", "x.pdf", "x.html"] {
            let told = told(b"hello", name).unwrap_or_default();
            assert!(told.contains("its content is text") && told.contains("txt, csv"), "{name}: {told}");
        }
        assert!(told(b"%PDF-1.7", "x.txt").is_some_and(|told| told.contains("`.txt`") && told.contains("pdf")));
        let table = |name: &str| check(b"a,b", name, "text/csv", &[FileType::Csv]);
        assert!(table("a.csv").is_ok() && matches!(table("a.json"), Err(FileRefused::Ending { found: "csv", .. })));
    }

    #[test]
    fn documents_pictures_and_tables_are_taken() {
        let ooxml = |part: &str| {
            let mut zip = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
            zip.extend([u8::try_from(part.len()).unwrap_or(0), 0, 0, 0]);
            zip.extend(part.as_bytes());
            zip.extend([b' '; 600]);
            zip
        };
        for (bytes, declared) in [
            (b"%PDF-1.7\n".to_vec(), "application/pdf"),
            (b"\x89PNG\r\n\x1a\n".to_vec(), "image/png"),
            (vec![0xff, 0xd8, 0xff, 0xe0], "image/jpeg"),
            (b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), "image/webp"),
            ("名前,値\n山田,1\n".as_bytes().to_vec(), "text/csv"),
            (b"a,b\n".to_vec(), "application/vnd.ms-excel"),
            (vec![0x8e, 0x52, 0x93, 0x63, b'\n'], "text/plain"),
            (b"hello".to_vec(), ""),
            (b"hello".to_vec(), "application/octet-stream"),
            (ooxml("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (ooxml("notes.txt"), "application/zip"),
        ] {
            assert_eq!(refusal(&bytes, declared), None, "{declared}");
        }
    }

    #[test]
    fn programs_and_pages_are_refused_and_it_is_said_what_was_found() {
        for (bytes, found) in [
            (&b"MZ\x90\0"[..], "application/vnd.microsoft.portable-executable"),
            (
                b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                "application/x-executable",
            ),
            (b"#!/bin/sh\n", "text/x-shellscript"),
            (b"<!DOCTYPE html><p>", "text/html"),
            (b"\xef\xbb\xbf \n<ScRiPt>alert(1)</script>", "text/html"),
            (b"<!-- x --><svg onload=alert(1)>", "image/svg+xml"),
            (b"<?xml version=\"1.0\"?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC \"x\" \"y\">\n<svg xmlns=\"x\">", "image/svg+xml"),
            (b"<\0h\0t\0m\0l\0>\0", "text/html"),
        ] {
            let told = refusal(bytes, "text/plain");
            assert!(told.as_ref().is_some_and(|told| told.contains(found)), "{found}: {told:?}");
        }
    }

    #[test]
    fn what_a_file_is_said_to_be_must_be_so() {
        assert!(refusal(b"%PDF-1.7", "image/png").is_some_and(|told| told.contains("image/png") && told.contains("pdf")));
        assert!(refusal(b"hello", "text/html").is_some_and(|told| told.contains("text/html")));
        assert!(refusal(b"hello", "application/pdf").is_some());
        assert!(refusal(b"GIF89a", "image/gif").is_some_and(|told| told.contains("image/gif") && told.contains("pdf")));
        assert!(refusal(&[1, 2, 3, 0], "application/octet-stream").is_some_and(|told| told.contains("no known type")));
        let only = check(b"hello", "x.txt", "text/plain", &[FileType::Pdf]);
        assert_eq!(only, Err(FileRefused::NotTaken { found: "text", allowed: vec!["pdf"] }));
    }
}
