//! SQL text in tokens: just enough of SQLite's rules to find names, brackets and comments where they really are.

/// A token: where it stands and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Kind.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keyword or bare name.
    Word,
    /// Name in `"…"`, `[…]` or backquotes.
    Quoted,
    /// Text in `'…'`.
    Text,
    /// Number.
    Number,
    /// `:name`, `@name`, `$name`, `?`, `?1`.
    Parameter,
    /// `-- …` or `/* … */`.
    Comment,
    Open,
    Close,
    Comma,
    Semicolon,
    Dot,
    /// Operator sign.
    Sign,
}

/// A quote that is never closed: the byte where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclosed(pub usize);

impl Token {
    /// The token as written.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.start..self.end]
    }

    /// Whether it is this keyword.
    pub fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// The name it stands for, without quotes; none if it is no name.
    pub fn name(&self, sql: &str) -> Option<String> {
        let text = self.text(sql);
        match self.kind {
            Kind::Word => Some(text.to_string()),
            Kind::Quoted => {
                let inner = &text[1..text.len() - 1];
                Some(match text.as_bytes()[0] {
                    b'"' => inner.replace("\"\"", "\""),
                    b'`' => inner.replace("``", "`"),
                    _ => inner.to_string(),
                })
            }
            _ => None,
        }
    }
}

/// All tokens of a text, comments included, in order.
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token>, Unclosed> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let next = bytes.get(at + 1).copied();
        let kind = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if next == Some(b'-') => {
                at = find(bytes, at, |b| b == b'\n');
                Kind::Comment
            }
            b'/' if next == Some(b'*') => {
                // SQLite lets a block comment run to the end of the text.
                at = sql[at + 2..].find("*/").map_or(bytes.len(), |length| at + 2 + length + 2);
                Kind::Comment
            }
            b'\'' => {
                at = quoted(bytes, at, b'\'')?;
                Kind::Text
            }
            b'"' | b'`' => {
                at = quoted(bytes, at, byte)?;
                Kind::Quoted
            }
            b'[' => {
                at = find(bytes, at, |b| b == b']') + 1;
                if at > bytes.len() {
                    return Err(Unclosed(start));
                }
                Kind::Quoted
            }
            b':' | b'@' | b'$' | b'?' => {
                at = find(bytes, at + 1, |b| !is_name(b));
                if at == start + 1 && byte != b'?' { Kind::Sign } else { Kind::Parameter }
            }
            b if b.is_ascii_digit() || (b == b'.' && next.is_some_and(|n| n.is_ascii_digit())) => {
                at = number(bytes, at);
                Kind::Number
            }
            b if is_name(b) => {
                at = find(bytes, at, |b| !is_name(b));
                Kind::Word
            }
            _ => {
                at += 1;
                match byte {
                    b'(' => Kind::Open,
                    b')' => Kind::Close,
                    b',' => Kind::Comma,
                    b';' => Kind::Semicolon,
                    b'.' => Kind::Dot,
                    _ => Kind::Sign,
                }
            }
        };
        found.push(Token { kind, start, end: at });
    }
    Ok(found)
}

/// Line of a byte, from 1.
pub(crate) fn line_at(sql: &str, byte: usize) -> usize {
    1 + sql.bytes().take(byte).filter(|&b| b == b'\n').count()
}

/// SQLite takes every byte of a character beyond ASCII as part of a name.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[from.min(bytes.len())..].iter().position(|&b| wanted(b)).map_or(bytes.len(), |n| from + n)
}

/// End of a quoted text; a doubled quote inside it stands for one.
fn quoted(bytes: &[u8], start: usize, quote: u8) -> Result<usize, Unclosed> {
    let mut at = start + 1;
    loop {
        let close = find(bytes, at, |b| b == quote);
        if close >= bytes.len() {
            return Err(Unclosed(start));
        }
        if bytes.get(close + 1) != Some(&quote) {
            return Ok(close + 1);
        }
        at = close + 2;
    }
}

fn number(bytes: &[u8], start: usize) -> usize {
    let mut at = find(bytes, start, |b| !(is_name(b) || b == b'.'));
    // 1e-3: the sign belongs to the number.
    let exponent = matches!(bytes[at - 1], b'e' | b'E') && matches!(bytes.get(at), Some(b'+' | b'-'));
    if exponent && !bytes[start..at].starts_with(b"0x") {
        at = find(bytes, at + 1, |b| !b.is_ascii_digit());
    }
    at
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn kinds(sql: &str) -> Vec<(Kind, &str)> {
        tokens(sql).unwrap().iter().map(|t| (t.kind, t.text(sql))).collect()
    }

    #[test]
    fn quotes_hide_brackets_and_comments() {
        assert_eq!(
            kinds("'it''s (' \"a\"\"b)\" [c -- d] `e``f` -- g)\n/* ( */ h"),
            [
                (Kind::Text, "'it''s ('"),
                (Kind::Quoted, "\"a\"\"b)\""),
                (Kind::Quoted, "[c -- d]"),
                (Kind::Quoted, "`e``f`"),
                (Kind::Comment, "-- g)"),
                (Kind::Comment, "/* ( */"),
                (Kind::Word, "h")
            ]
        );
    }

    #[test]
    fn names_lose_their_quotes() {
        let names = |sql: &str| tokens(sql).unwrap().iter().filter_map(|t| t.name(sql)).collect::<Vec<_>>();
        assert_eq!(names("a \"b\"\"c\" [d] `e``f` 台帳"), ["a", "b\"c", "d", "e`f", "台帳"]);
    }

    #[test]
    fn numbers_parameters_and_signs() {
        assert_eq!(
            kinds("1.5e-3-:as_of||.5,?1->>a.b"),
            [
                (Kind::Number, "1.5e-3"),
                (Kind::Sign, "-"),
                (Kind::Parameter, ":as_of"),
                (Kind::Sign, "|"),
                (Kind::Sign, "|"),
                (Kind::Number, ".5"),
                (Kind::Comma, ","),
                (Kind::Parameter, "?1"),
                (Kind::Sign, "-"),
                (Kind::Sign, ">"),
                (Kind::Sign, ">"),
                (Kind::Word, "a"),
                (Kind::Dot, "."),
                (Kind::Word, "b")
            ]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_found_where_it_begins() {
        for (sql, at) in [("SELECT 'a", 7), ("\"", 0), ("x [y", 2), ("`", 0), ("'a''", 0)] {
            assert_eq!(tokens(sql), Err(Unclosed(at)), "{sql}");
        }
        assert_eq!(kinds("a /* to the end"), [(Kind::Word, "a"), (Kind::Comment, "/* to the end")]);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_at_characters_and_nothing_but_space_is_lost(sql in "(?s)[-a-z0-9'\"`\\[\\]()/*.,;:$?é台 \n]{0,60}") {
            if let Ok(found) = tokens(&sql) {
                let mut last = 0;
                for token in &found {
                    prop_assert!(sql[last..token.start].chars().all(|c| c.is_ascii_whitespace()));
                    prop_assert!(token.end > token.start);
                    prop_assert!(!token.text(&sql).is_empty());
                    last = token.end;
                }
                prop_assert!(sql[last..].chars().all(|c| c.is_ascii_whitespace()));
            }
        }
    }
}
