//! Everything in the pack that cites a document, by document and line.

use shirube_plan::{Citation, Pack, RecordFile, SourceText};
use std::collections::BTreeMap;

/// What cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Citer {
    /// A published figure: its index in the pack.
    Figure(usize),
    /// A node of the plan.
    Node(String),
    /// A follow-up in words of a node.
    Progress(String),
    /// A period: its declaration or a date of its schedule.
    Period(String),
    /// An indicator: definition, target or break.
    Indicator(String),
    /// A code of a list.
    Code(String, String),
    /// An assumption.
    Assumption(String),
    /// A finding of the audit.
    Finding(String),
    /// A correction of a figure.
    Correction(String),
    /// A record that came with the pack: register and what names it.
    Record(String, String),
}

/// One citation of a document.
#[derive(Clone, Debug)]
pub struct Use {
    /// What cites.
    pub citer: Citer,
    /// Where the quote stands, as bytes of the text.
    pub span: Option<(usize, usize)>,
    /// Its line, from 1.
    pub line: Option<usize>,
}

/// All citations by source id, in the order of the document. Built once for a pack.
pub fn all(pack: &Pack) -> BTreeMap<String, Vec<Use>> {
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    for (cite, citer) in declared(pack) {
        uses.entry(cite.source.clone()).or_default().push(Use { citer, span: cite.span, line: cite.line });
    }
    let texts: BTreeMap<&str, SourceText> =
        pack.sources.iter().filter_map(|s| Some((s.id.as_str(), SourceText::new(s.text.as_deref()?)))).collect();
    for file in &pack.records {
        for (source, found) in records(pack, file, &texts) {
            uses.entry(source).or_default().push(found);
        }
    }
    for list in uses.values_mut() {
        list.sort_by_key(|u| u.span.map_or(usize::MAX, |(start, _)| start));
    }
    uses
}

fn declared(pack: &Pack) -> Vec<(&Citation, Citer)> {
    let mut all: Vec<(&Citation, Citer)> = pack.figures.iter().enumerate().map(|(i, f)| (&f.cite, Citer::Figure(i))).collect();
    fn add<'a>(all: &mut Vec<(&'a Citation, Citer)>, cites: &'a [Citation], citer: Citer) {
        all.extend(cites.iter().map(|c| (c, citer.clone())));
    }
    for period in &pack.periods {
        add(&mut all, &period.cites, Citer::Period(period.id.clone()));
        period.nodes.iter().for_each(|n| add(&mut all, &n.cites, Citer::Node(n.id.clone())));
        period.progress.iter().for_each(|p| add(&mut all, &p.cites, Citer::Progress(p.node.clone())));
        period.milestones.iter().for_each(|m| add(&mut all, &m.cites, Citer::Period(period.id.clone())));
    }
    for indicator in pack.indicators.values() {
        let citer = || Citer::Indicator(indicator.id.clone());
        add(&mut all, &indicator.cites, citer());
        indicator.targets.iter().for_each(|t| add(&mut all, &t.cites, citer()));
        indicator.breaks.iter().for_each(|b| add(&mut all, &b.cites, citer()));
    }
    for list in pack.code_lists.values() {
        list.codes.iter().for_each(|c| add(&mut all, &c.cites, Citer::Code(list.name.clone(), c.code.clone())));
    }
    pack.assumptions.iter().for_each(|a| add(&mut all, &a.cites, Citer::Assumption(a.id.clone())));
    pack.findings.iter().for_each(|f| add(&mut all, &f.cites, Citer::Finding(f.id.clone())));
    pack.corrections.iter().for_each(|c| add(&mut all, &c.cites, Citer::Correction(c.figure.clone())));
    all
}

fn records(pack: &Pack, file: &RecordFile, texts: &BTreeMap<&str, SourceText>) -> Vec<(String, Use)> {
    let column = |name: &str| file.header.iter().position(|h| h == name);
    let (Some(source), Some(heading), Some(quote)) = (column("_source"), column("_heading"), column("_quote")) else { return vec![] };
    let title = pack.registers.get(&file.register).and_then(|r| column(&r.title));
    let cell = |row: &[String], i: usize| row.get(i).map(|c| c.trim().to_string()).unwrap_or_default();
    let cited = file.rows.iter().filter(|(_, row)| !cell(row, source).is_empty());
    cited
        .map(|(_, row)| {
            let id = cell(row, source);
            let found = texts.get(id.as_str()).and_then(|t| t.find(&cell(row, heading), &cell(row, quote)));
            let citer = Citer::Record(file.register.clone(), title.map(|i| cell(row, i)).unwrap_or_default());
            (id, Use { citer, span: found.map(|f| f.0), line: found.map(|f| f.1) })
        })
        .collect()
}

/// Byte ranges of a text that are cited, merged where they touch, ascending.
pub fn marked(uses: &[Use]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = uses.iter().filter_map(|u| u.span).collect();
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = vec![];
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(span: (usize, usize)) -> Use {
        Use { citer: Citer::Figure(0), span: Some(span), line: None }
    }

    #[test]
    fn overlapping_quotes_are_marked_once() {
        assert_eq!(marked(&[used((5, 9)), used((0, 3)), used((7, 12)), used((3, 4)), used((20, 21))]), [(0, 4), (5, 12), (20, 21)]);
    }
}
