//! A reader of our own pages: well-formed HTML, as the templates write it, and nothing more.

/// A piece of a page.
#[derive(Debug)]
pub enum Piece {
    /// An opening tag with its attributes.
    Open(String, Vec<(String, String)>),
    /// A closing tag.
    Close,
    /// Text between tags.
    Text(String),
}

const VOID: [&str; 6] = ["meta", "link", "input", "img", "br", "hr"];

/// Elements whose repetition inside themselves or whose missing end would be a defect are found by closing what was
/// opened, in order.
pub fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = vec![];
    let mut open: Vec<String> = vec![];
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap_or(page);
    while let Some(start) = rest.find('<') {
        if !rest[..start].trim().is_empty() {
            pieces.push(Piece::Text(unescape(&rest[..start])));
        }
        let end = tag_end(&rest[start..]) + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closing tags come in order");
            pieces.push(Piece::Close);
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        pieces.push(Piece::Open(name.to_string(), read_attributes(attributes)));
        if VOID.contains(&name) {
            pieces.push(Piece::Close);
        } else {
            open.push(name.to_string());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    pieces
}

/// End of a tag: the first `>` outside quotes.
fn tag_end(tag: &str) -> usize {
    let mut quoted = false;
    for (i, c) in tag.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return i,
            _ => {}
        }
    }
    panic!("a tag never ends: {}", tag.chars().take(80).collect::<String>());
}

fn read_attributes(mut text: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = vec![];
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return all;
        }
        let end = text.find([' ', '=']).unwrap_or(text.len());
        let name = text[..end].to_string();
        assert!(!all.iter().any(|(n, _)| n == &name), "attribute {name} twice");
        text = &text[end..];
        let value = match text.strip_prefix("=\"") {
            Some(quoted) => {
                let close = quoted.find('"').unwrap();
                text = &quoted[close + 1..];
                unescape(&quoted[..close])
            }
            None => String::new(),
        };
        all.push((name, value));
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Values of an attribute over the whole page, with the element's name.
pub fn attributes<'p>(pieces: &'p [Piece], name: &str) -> Vec<(&'p str, &'p str)> {
    let mut found = vec![];
    for piece in pieces {
        if let Piece::Open(element, attributes) = piece {
            found.extend(attributes.iter().filter(|(n, _)| n == name).map(|(_, v)| (element.as_str(), v.as_str())));
        }
    }
    found
}

/// Texts with the language each is in, by the nearest `lang`.
pub fn texts(pieces: &[Piece]) -> Vec<(String, &str)> {
    let mut langs: Vec<String> = vec![String::new()];
    let mut found = vec![];
    for piece in pieces {
        match piece {
            Piece::Open(_, attributes) => {
                let own = attributes.iter().find(|(n, _)| n == "lang").map(|(_, v)| v.clone());
                let outer = langs.last().cloned().unwrap_or_default();
                langs.push(own.unwrap_or(outer));
            }
            Piece::Close => drop(langs.pop()),
            Piece::Text(text) => found.push((langs.last().cloned().unwrap_or_default(), text.as_str())),
        }
    }
    found
}
