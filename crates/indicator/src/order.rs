//! The order in which breakdowns are shown: all together first, then codes as their lists have them.

use shirube_plan::{Dims, Indicator, Pack};
use std::collections::HashMap;

/// Positions of the codes of an indicator's dimensions.
pub(crate) struct DimsOrder<'a>(Vec<(&'a str, HashMap<&'a str, usize>)>);

/// The order of an indicator's breakdowns.
pub(crate) fn dims_order<'a>(pack: &'a Pack, indicator: &'a Indicator) -> DimsOrder<'a> {
    let positions = |name: &'a String| {
        let list = pack.dimensions.get(name).and_then(|d| pack.code_lists.get(&d.codes));
        let codes = list.iter().flat_map(|l| &l.codes).enumerate().map(|(i, c)| (c.code.as_str(), i + 1)).collect();
        (name.as_str(), codes)
    };
    DimsOrder(indicator.dimensions.iter().map(positions).collect())
}

impl DimsOrder<'_> {
    /// A key that sorts breakdowns.
    pub fn key(&self, dims: &Dims) -> Vec<usize> {
        let place = |code: &String, codes: &HashMap<&str, usize>| codes.get(code.as_str()).copied().unwrap_or(usize::MAX);
        self.0.iter().map(|(name, codes)| dims.get(*name).map_or(0, |code| place(code, codes))).collect()
    }
}
