//! Words of the pages: both languages stand beside each other where they are used.

use maud::{Markup, html};
use shirube_plan::{Lang, Pair};

/// The language a page is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L(pub Lang);

impl L {
    /// Japanese or English, as the page is.
    pub fn t<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    /// The page's side of a text pair; the other side where the pack left this one empty.
    pub fn p(self, pair: &Pair) -> &str {
        match (self.0, pair.ja.is_empty(), pair.en.is_empty()) {
            (Lang::Ja, false, _) | (Lang::En, false, true) => &pair.ja,
            _ => &pair.en,
        }
    }

    /// `ja` or `en`.
    pub fn code(self) -> &'static str {
        self.t("ja", "en")
    }

    /// The page is Japanese.
    pub fn is_ja(self) -> bool {
        self.0 == Lang::Ja
    }

    /// The language that is one click away.
    pub fn other(self) -> L {
        L(match self.0 {
            Lang::Ja => Lang::En,
            Lang::En => Lang::Ja,
        })
    }

    /// Text of a document or a record, in whatever language it was written: marked as Japanese on an English
    /// page, so that a screen reader changes its voice.
    pub fn foreign(self, text: &str) -> Markup {
        if !self.is_ja() && is_japanese(text) {
            html! { span lang="ja" { (text) } }
        } else {
            html! { (text) }
        }
    }

    /// `lang` attribute for a whole block of such text; none where the page's own language fits.
    pub fn lang_of(self, text: &str) -> Option<&'static str> {
        (!self.is_ja() && is_japanese(text)).then_some("ja")
    }
}

/// Holds kana or kanji. Not a guess at a language for search, only for the `lang` attribute.
pub fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_in_japanese_are_marked_on_english_pages_only() {
        assert_eq!(L(Lang::En).foreign("約28兆円").into_string(), "<span lang=\"ja\">約28兆円</span>");
        assert_eq!(L(Lang::Ja).foreign("約28兆円").into_string(), "約28兆円");
        assert_eq!(L(Lang::En).foreign("52.3%").into_string(), "52.3%");
    }

    #[test]
    fn a_label_left_empty_shows_its_other_side() {
        let pair = Pair { ja: "台帳".into(), en: String::new() };
        assert_eq!(L(Lang::En).p(&pair), "台帳");
    }
}
