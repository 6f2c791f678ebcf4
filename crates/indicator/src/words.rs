//! The pack's types in JSON: the pack model knows nothing of serialisation, so its words are written here.

use serde::{Serialize, Serializer};
use shirube_plan::{Absence, Pair, Sensitivity};

/// A text pair as `{"ja": …, "en": …}`.
pub(crate) fn pair<S: Serializer>(pair: &Pair, out: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Both<'a> {
        ja: &'a str,
        en: &'a str,
    }
    Both { ja: &pair.ja, en: &pair.en }.serialize(out)
}

/// An absence as its word in data.
pub(crate) fn absence_word<S: Serializer>(status: &Option<Absence>, out: S) -> Result<S::Ok, S::Error> {
    status.map(Absence::as_str).serialize(out)
}

/// A sensitivity as its word in packs.
pub(crate) fn sensitivity_word<S: Serializer>(sensitivity: &Sensitivity, out: S) -> Result<S::Ok, S::Error> {
    let word = match sensitivity {
        Sensitivity::Public => "public",
        Sensitivity::Internal => "internal",
        Sensitivity::Commercial => "commercial",
        Sensitivity::Personal => "personal",
    };
    word.serialize(out)
}
