//! assumptions.toml, published/TOPIC.toml, findings.toml.

use crate::model::*;
use crate::table::Table;

pub(super) fn assumptions(pack: &mut Pack, t: Table) {
    for a in t.tables("assumption") {
        let value = a.float("value");
        if value.is_none() {
            a.report("value", "an assumption needs a `value`", "add it in the assumption's unit");
        }
        let value = value.unwrap_or(0.0);
        let assumption = Assumption {
            id: a.need_str("id", "\"growth\""),
            label: a.need_pair("label"),
            value,
            unit: a.need_str("unit", "\"percent\""),
            min: a.float("min").unwrap_or(0.0),
            max: a.float("max").unwrap_or(value * 2.0),
            step: a.float("step").unwrap_or(0.01),
            cites: a.need_cites("cite"),
            place: a.place(),
        };
        if !(assumption.min..=assumption.max).contains(&value) || assumption.step <= 0.0 {
            a.report("value", "`value` lies outside `min`–`max`, or `step` is not positive", "widen the range or correct the value");
        }
        pack.assumptions.push(assumption);
        a.finish();
    }
    t.finish();
}

pub(super) fn series(pack: &mut Pack, _topic: &str, t: Table) {
    for s in t.tables("series") {
        let columns =
            [("value", Compare::Value), ("numerator", Compare::Numerator), ("denominator", Compare::Denominator), ("n", Compare::N)];
        let series = Series {
            id: s.need_str("id", "\"trainees\""),
            label: s.need_pair("label"),
            unit: s.need_str("unit", "\"persons\""),
            dimensions: s.strings("dimensions"),
            indicator: s.str("indicator"),
            compare: s.word("compare", &columns).unwrap_or_default(),
            nodes: s.strings("nodes"),
            note: s.pair("note"),
            place: s.place(),
        };
        if let Some(first) = pack.series.get(&series.id) {
            s.report("id", format!("series `{}` is declared twice, first in {}", series.id, first.place.file), "keep one");
        }
        pack.series.insert(series.id.clone(), series);
        s.finish();
    }
    t.finish();
}

pub(super) fn findings(pack: &mut Pack, t: Table) {
    let kinds = ["slip", "rounding", "definition", "scope", "conflict"].map(|k| (k, k));
    for f in t.tables("finding") {
        let (printed, computed) = match f.table("expect") {
            Some(e) => {
                let both = (e.str("printed"), e.float("computed"));
                e.finish();
                both
            }
            None => {
                f.report(
                    "expect",
                    "a finding needs a guard",
                    "add `expect = { printed = \"…\", computed = … }`: what the explanation was written for",
                );
                (None, None)
            }
        };
        pack.findings.push(Finding {
            id: f.need_str("id", "\"total-64\""),
            figures: f.strings("figures"),
            kind: f.need_word("kind", &kinds).unwrap_or_default().to_owned(),
            explain: f.need_pair("explain"),
            expect_printed: printed,
            expect_computed: computed,
            cites: f.cites("cite"),
            place: f.place(),
        });
        f.finish();
    }
    for c in t.tables("correction") {
        let correction = Correction {
            figure: c.need_str("figure", "\"d001/series@2024\""),
            period: c.str("period"),
            value: c.float("value"),
            reason: c.need_pair("reason"),
            expect: c.need_str("expect", "\"3.8%\""),
            cites: c.need_cites("cite"),
            place: c.place(),
        };
        if correction.period.is_none() && correction.value.is_none() {
            c.report("figure", "a correction says what to use instead", "add `period` or `value`");
        }
        pack.corrections.push(correction);
        c.finish();
    }
    t.finish();
}
