//! "Did you mean": the nearest of the names that exist.

/// The candidate nearest to a name, if any is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    let reach = 1 + name.chars().count() / 4;
    candidates
        .into_iter()
        .filter(|candidate| !candidate.is_empty())
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min()
        .map(|(_, candidate)| candidate.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_within_reach_is_suggested() {
        let names = ["stage", "stage_after", "survey_year", "n"];
        assert_eq!(nearest("stgae", names), Some("stage".into()));
        assert_eq!(nearest("Stage", names), Some("stage".into()));
        assert_eq!(nearest("surveyyear", names), Some("survey_year".into()));
        assert_eq!(nearest("country", names), None);
    }
}
