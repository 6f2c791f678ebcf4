//! Bytes of a text file to text: UTF-8, UTF-16 and CP932, told apart by validity.

use super::SheetError;
use encoding_rs::{SHIFT_JIS, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// How a text file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16 with a byte-order mark (what a spreadsheet calls "Unicode text").
    Utf16,
    /// Windows-31J, the Shift_JIS of Japanese Windows.
    Cp932,
}

/// The text and the encoding it was found in.
///
/// Bytes that are valid UTF-8 are UTF-8. Otherwise they must be valid CP932: Japanese text in UTF-8 practically
/// never is.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), SheetError> {
    if let [0xFF, 0xFE, rest @ ..] = bytes {
        return utf16(UTF_16LE.decode_without_bom_handling_and_without_replacement(rest));
    }
    if let [0xFE, 0xFF, rest @ ..] = bytes {
        return utf16(UTF_16BE.decode_without_bom_handling_and_without_replacement(rest));
    }
    let marked = bytes.strip_prefix(b"\xEF\xBB\xBF");
    let bad = match std::str::from_utf8(marked.unwrap_or(bytes)) {
        Ok(text) => return Ok((Cow::Borrowed(text), Encoding::Utf8)),
        Err(e) => e.valid_up_to() + bytes.len() - marked.unwrap_or(bytes).len(),
    };
    // A byte-order mark promises UTF-8; another reading would be a guess against it.
    if marked.is_none()
        && let Some(text) = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return Ok((text, Encoding::Cp932));
    }
    let line = 1 + bytes[..bad].iter().filter(|b| **b == b'\n').count();
    Err(SheetError::Encoding { line })
}

fn utf16(text: Option<Cow<'_, str>>) -> Result<(Cow<'_, str>, Encoding), SheetError> {
    text.map(|t| (t, Encoding::Utf16)).ok_or(SheetError::Encoding { line: 0 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: &[u8]) -> (String, Encoding) {
        let (text, encoding) = decode(bytes).unwrap();
        (text.into_owned(), encoding)
    }

    #[test]
    fn japanese_text_reads_the_same_from_every_encoding() {
        let text = "調査年,テーマ\n２０２３,①髙﨑―～∥\n";
        let (cp932, _, lossy) = SHIFT_JIS.encode(text);
        assert!(!lossy);
        assert_eq!(read(&cp932), (text.to_owned(), Encoding::Cp932));
        assert_eq!(read(text.as_bytes()), (text.to_owned(), Encoding::Utf8));
        assert_eq!(read(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), (text.to_owned(), Encoding::Utf8));
        let little: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little), (text.to_owned(), Encoding::Utf16));
        assert_eq!(read(&big), (text.to_owned(), Encoding::Utf16));
    }

    #[test]
    fn half_width_katakana_of_old_systems_is_cp932() {
        let (bytes, ..) = SHIFT_JIS.encode("ﾃｽﾄ");
        assert_eq!(read(&bytes), ("ﾃｽﾄ".to_owned(), Encoding::Cp932));
    }

    #[test]
    fn bytes_of_no_encoding_name_the_line() {
        assert_eq!(decode(b"a,b\n1,\xFF\n"), Err(SheetError::Encoding { line: 2 }));
        assert_eq!(decode(b"\xEF\xBB\xBFa\n\n\x83\x65\n"), Err(SheetError::Encoding { line: 3 }));
        assert_eq!(decode(b"\xFF\xFEa"), Err(SheetError::Encoding { line: 0 }));
    }

    #[test]
    fn nothing_is_an_empty_text() {
        assert_eq!(read(b""), (String::new(), Encoding::Utf8));
    }
}
