//! Results as text for a terminal, in Japanese or English.

mod audit;
mod compute;
mod explain;
mod judge;
mod table;

pub use audit::{audit, because, verdict as audit_verdict};
pub use compute::compute;
pub use explain::explain;
pub use judge::{judge, state, verdict};

use shirube_plan::{Dims, Lang, Pack};

/// Picks the words of a language.
fn say<'a>(lang: Lang, ja: &'a str, en: &'a str) -> &'a str {
    if lang == Lang::Ja { ja } else { en }
}

/// The label of a code of a dimension; the code itself where there is none.
fn code_label(pack: &Pack, dimension: &str, code: &str, lang: Lang) -> String {
    let list = pack.dimensions.get(dimension).map(|d| d.codes.as_str()).unwrap_or_default();
    pack.code(list, code).map_or(code, |c| c.label.get(lang)).to_string()
}

/// A breakdown of an indicator in words. With several dimensions each is named, since one may be all together.
fn dims_label(pack: &Pack, dimensions: &[String], dims: &Dims, lang: Lang) -> String {
    let all = || say(lang, "全体", "all").to_string();
    if dims.is_empty() {
        return all();
    }
    let word = |d: &String| dims.get(d).map_or_else(all, |code| code_label(pack, d, code, lang));
    dimensions.iter().map(word).collect::<Vec<_>>().join(" × ")
}
