//! Cross references of a loaded pack: everything named must exist, ids must be unique.

use crate::model::*;
use crate::report::{Report, did_you_mean};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;

pub(crate) fn check(pack: &Pack, report: &Report) {
    let c = Checker { pack, report };
    c.base();
    c.plan();
    for register in pack.registers.values() {
        c.register(register);
    }
    c.record_files();
    c.indicators();
    c.figures();
    c.findings();
}

struct Checker<'a> {
    pack: &'a Pack,
    report: &'a Report,
}

impl Checker<'_> {
    fn file(&self, file: &str) -> Place {
        Place { file: file.to_owned(), line: 0 }
    }

    /// `name` must be among `known`.
    fn exists<'k>(&self, place: &Place, what: &str, name: &str, known: impl Iterator<Item = &'k str> + Clone) {
        if !name.is_empty() && !known.clone().any(|k| k == name) {
            let hint = did_you_mean(name, known);
            self.report.add(place, format!("{what} `{name}` does not exist"), format!("declare it or correct the name{hint}"));
        }
    }
    fn unique<'k>(&self, what: &str, ids: impl Iterator<Item = (&'k str, Place)>) {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for (id, place) in ids {
            if let Some(first) = seen.get(id) {
                self.report.add(
                    &place,
                    format!("{what} `{id}` is declared twice, first at {}:{}", first.file, first.line),
                    "give one of them another id",
                );
            } else {
                seen.insert(id, place);
            }
        }
    }
    fn id(&self, place: &Place, what: &str, id: &str) {
        let fine = id.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !fine {
            self.report.add(place, format!("{what} id `{id}` is not a plain id"), "use lower-case letters, digits and hyphens");
        }
    }
    fn name(&self, place: &Place, what: &str, name: &str) {
        let fine = name.chars().next().is_some_and(|c| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.contains("__");
        if !fine {
            self.report.add(
                place,
                format!("{what} name `{name}` cannot be a name in SQL"),
                "use lower-case letters, digits and single underscores, a letter first",
            );
        }
    }
    fn nodes(&self, place: &Place, nodes: &[String]) {
        for node in nodes {
            self.exists(place, "plan node", node, self.pack.periods.iter().flat_map(|p| p.nodes.iter().map(|n| n.id.as_str())));
        }
    }
    fn owners(&self, place: &Place, owners: &[String]) {
        for owner in owners {
            self.exists(place, "actor", owner, self.pack.actors.iter().map(|a| a.id.as_str()));
        }
    }
    fn codes(&self, place: &Place, list: &str) {
        self.exists(place, "code list", list, self.pack.code_lists.keys().map(String::as_str));
    }
    fn unit(&self, place: &Place, unit: &str) {
        self.exists(place, "unit", unit, self.pack.units.keys().map(String::as_str));
    }

    fn base(&self) {
        let pack = self.pack;
        self.unique("source", pack.sources.iter().map(|s| (s.id.as_str(), s.place.clone())));
        self.unique("actor", pack.actors.iter().map(|a| (a.id.as_str(), self.file("actors.toml"))));
        self.unique("assumption", pack.assumptions.iter().map(|a| (a.id.as_str(), a.place.clone())));
        for s in &pack.sources {
            self.id(&s.place, "source", &s.id);
        }
        let meta = self.file("pack.toml");
        self.id(&meta, "pack", &pack.meta.id);
        if let Some(period) = &pack.meta.default_period {
            self.exists(&meta, "period", period, pack.periods.iter().map(|p| p.id.as_str()));
        }
        for n in &pack.not_transcribed {
            self.exists(&self.file("sources.toml"), "source", &n.source, pack.sources.iter().map(|s| s.id.as_str()));
        }
        for d in pack.dimensions.values() {
            let place = &d.place;
            self.name(place, "dimension", &d.name);
            self.codes(place, &d.codes);
            if ["period", "value", "numerator", "denominator", "n", "status", "figure"].contains(&d.name.as_str()) {
                self.report.add(place, format!("dimension `{}` has the name of a result column", d.name), "choose another name");
            }
        }
        for a in &pack.assumptions {
            self.unit(&a.place, &a.unit);
        }
        for list in pack.code_lists.values() {
            let parents: BTreeMap<&str, Option<&str>> = list.codes.iter().map(|c| (c.code.as_str(), c.parent.as_deref())).collect();
            for code in list.codes.iter().filter(|c| is_own_ancestor(&c.code, &parents)) {
                let place = self.file(&format!("codes/{}.toml", list.name));
                self.report.add(&place, format!("code `{}` is its own ancestor", code.code), "correct `parent`");
            }
            for code in list.codes.iter().filter_map(|c| c.parent.as_deref()) {
                self.exists(
                    &self.file(&format!("codes/{}.toml", list.name)),
                    "parent code",
                    code,
                    list.codes.iter().map(|c| c.code.as_str()),
                );
            }
        }
    }

    fn plan(&self) {
        let pack = self.pack;
        self.unique("plan node", pack.periods.iter().flat_map(|p| &p.nodes).map(|n| (n.id.as_str(), n.place.clone())));
        for (i, period) in pack.periods.iter().enumerate() {
            let parents: BTreeMap<&str, Option<&str>> = period.nodes.iter().map(|n| (n.id.as_str(), n.parent.as_deref())).collect();
            for node in &period.nodes {
                self.id(&node.place, "plan node", &node.id);
                self.owners(&node.place, &node.owners);
                if let Some(parent) = &node.parent {
                    self.exists(&node.place, "parent", parent, period.nodes.iter().map(|n| n.id.as_str()));
                    if is_own_ancestor(&node.id, &parents) {
                        self.report.add(&node.place, format!("node `{}` is its own ancestor", node.id), "correct `parent`");
                    }
                }
                for from in &node.from {
                    self.exists(
                        &node.place,
                        "node of an earlier period",
                        from,
                        pack.periods[..i].iter().flat_map(|p| p.nodes.iter().map(|n| n.id.as_str())),
                    );
                }
                if node.from.is_empty() != matches!(node.change, None | Some(Change::Add)) {
                    self.report.add(
                        &node.place,
                        "`from` and `change` do not fit together",
                        "with `from` write change = \"keep\" or \"change\"; without `from` leave `change` out or write \"add\"",
                    );
                }
            }
            for p in &period.progress {
                self.exists(&p.place, "plan node", &p.node, period.nodes.iter().map(|n| n.id.as_str()));
                self.owners(&p.place, &p.owners);
            }
        }
    }

    fn register(&self, r: &Register) {
        self.name(&r.place, "register", &r.name);
        if ["published_figure", "assumption", "code", "plan_node"].contains(&r.name.as_str()) {
            self.report.add(&r.place, format!("`{}` is a table of every snapshot", r.name), "choose another name for the register");
        }
        self.nodes(&r.place, &r.nodes);
        self.unique("field", r.fields.iter().map(|f| (f.name.as_str(), f.place.clone())));
        let names = || r.fields.iter().map(|f| f.name.as_str());
        self.exists(&r.place, "title field", &r.title, names());
        for key in &r.key {
            self.exists(&r.place, "key field", key, names());
        }
        self.owner(r);
        let columns: Vec<String> = r.columns().into_iter().map(|c| c.name).collect();
        let sortable = ["_id", "_number", "_updated_at", "_created_at"];
        if let Some((column, _)) = &r.sort {
            self.exists(&r.place, "sort column", column, columns.iter().map(String::as_str).chain(sortable));
        }
        let mut seen = BTreeSet::new();
        for column in &columns {
            if !seen.insert(column) {
                self.report.add(
                    &r.place,
                    format!("two fields make the column `{column}`"),
                    "rename one of them; money, person, organisation and attachment make more than one column",
                );
            }
        }
        for f in &r.fields {
            self.field(f);
        }
        for check in &r.checks {
            self.name(&check.place, "check", &check.name);
            if let Some(field) = &check.field {
                self.exists(&check.place, "field", field, names());
            }
        }
        let states = || r.states.iter().map(|s| s.name.as_str());
        self.unique("state", r.states.iter().map(|s| (s.name.as_str(), r.place.clone())));
        self.unique("transition", r.transitions.iter().map(|t| (t.name.as_str(), t.place.clone())));
        for t in &r.transitions {
            for state in t.from.iter().chain([&t.to]) {
                self.exists(&t.place, "state", state, states());
            }
            if t.from.is_empty() {
                self.report.add(&t.place, format!("transition `{}` starts nowhere", t.name), "add `from = [\"…\"]`");
            }
            for field in &t.require {
                self.exists(&t.place, "field", field, names());
            }
        }
    }

    /// Whose records they are can be told only by an organisation.
    fn owner(&self, r: &Register) {
        let Some(owner) = r.owner.as_deref() else { return };
        let mend = "name a field of type organisation, or a reference to office_organisation";
        match r.field(owner) {
            _ if r.owner().is_some() => {}
            Some(field) => self.report.add(&r.place, format!("`owner = \"{owner}\"`: the field `{}` is no organisation", field.name), mend),
            None => {
                let fields = r.fields.iter().filter(|f| matches!(f.kind, FieldKind::Organisation | FieldKind::Reference { .. }));
                let hint = did_you_mean(owner, fields.map(|f| f.name.as_str()));
                self.report.add(&r.place, format!("owner field `{owner}` does not exist"), format!("{mend}{hint}"));
            }
        }
    }

    fn field(&self, f: &Field) {
        self.name(&f.place, "field", &f.name);
        match &f.kind {
            FieldKind::Choice { codes } | FieldKind::Choices { codes } => self.codes(&f.place, codes),
            FieldKind::Reference { register } => {
                self.exists(&f.place, "register", register, self.pack.registers.keys().map(String::as_str))
            }
            FieldKind::Integer { unit: Some(unit), .. } | FieldKind::Decimal { unit: Some(unit), .. } => self.unit(&f.place, unit),
            FieldKind::Group { fields } => {
                self.unique("field", fields.iter().map(|f| (f.name.as_str(), f.place.clone())));
                for inner in fields {
                    self.field(inner);
                }
            }
            _ => {}
        }
    }

    fn record_files(&self) {
        const META: [&str; 5] = ["_source", "_heading", "_quote", "_synthetic", "_state"];
        for file in &self.pack.records {
            let Some(register) = self.pack.registers.get(&file.register) else { continue };
            let mut known: Vec<String> = META.iter().map(|m| (*m).to_owned()).collect();
            for field in &register.fields {
                match &field.kind {
                    FieldKind::Choices { .. } => known.push(field.name.clone()),
                    FieldKind::Derived { .. } => {}
                    _ => known.extend(field.columns().into_iter().map(|c| c.name)),
                }
            }
            let place = Place { file: file.file.clone(), line: 1 };
            for column in file.header.iter().filter(|c| !group_column(register, c)) {
                self.exists(&place, "column", column, known.iter().map(String::as_str));
            }
        }
    }

    fn indicators(&self) {
        for i in self.pack.indicators.values() {
            self.id(&i.place, "indicator", &i.id);
            self.nodes(&i.place, &i.nodes);
            self.unit(&i.place, &i.unit);
            for d in &i.dimensions {
                self.exists(&i.place, "dimension", d, self.pack.dimensions.keys().map(String::as_str));
            }
            for a in &i.assumptions {
                self.exists(&i.place, "assumption", a, self.pack.assumptions.iter().map(|a| a.id.as_str()));
            }
            if let Some(Disclosure::Counts(counts)) = &i.disclosure {
                for d in &counts.adds_up {
                    self.exists(&i.place, "dimension of the indicator", d, i.dimensions.iter().map(String::as_str));
                }
            }
        }
    }

    fn figures(&self) {
        let pack = self.pack;
        for s in pack.series.values() {
            self.id(&s.place, "series", &s.id);
            self.unit(&s.place, &s.unit);
            self.nodes(&s.place, &s.nodes);
            for d in &s.dimensions {
                self.exists(&s.place, "dimension", d, pack.dimensions.keys().map(String::as_str));
            }
            if let Some(indicator) = &s.indicator {
                self.exists(&s.place, "indicator", indicator, pack.indicators.keys().map(String::as_str));
            }
            if let Some(i) = s.indicator.as_ref().and_then(|i| pack.indicators.get(i))
                && s.compare == Compare::Value
                && i.unit != s.unit
            {
                self.report.add(
                    &s.place,
                    format!("series `{}` is in `{}`, its indicator `{}` in `{}`", s.id, s.unit, i.id, i.unit),
                    "use one unit, or name the column with `compare`",
                );
            }
        }
        self.unique("figure", pack.figures.iter().map(|f| (f.id.as_str(), f.place.clone())));
        for f in &pack.figures {
            if let Some(number) = number_not_quoted(&f.printed, &f.cite.quote) {
                self.report.add(
                    &f.place,
                    format!("{number} of `{}` does not stand in the quote “{}”", f.printed, f.cite.quote),
                    "copy both from the document: the quote shows the figure as it is printed",
                );
            }
            for (dimension, code) in &f.dims {
                let Some(list) = pack.dimensions.get(dimension).and_then(|d| pack.code_lists.get(&d.codes)) else { continue };
                self.exists(&f.place, &format!("code of `{}`", list.name), code, list.codes.iter().map(|c| c.code.as_str()));
            }
        }
    }

    fn findings(&self) {
        let pack = self.pack;
        let figures: BTreeMap<&str, &Figure> = pack.figures.iter().map(|f| (f.id.as_str(), f)).collect();
        let findings = pack.findings.iter().map(|f| (f.id.as_str(), f.place.clone()));
        self.unique("finding", findings);
        let named = pack.findings.iter().flat_map(|f| f.figures.iter().map(move |id| (&f.place, id)));
        for (place, id) in named.chain(pack.corrections.iter().map(|c| (&c.place, &c.figure))) {
            self.exists(place, "figure", id, figures.keys().copied());
        }
    }
}

/// Whether following parents leads back to where it began.
fn is_own_ancestor(id: &str, parents: &BTreeMap<&str, Option<&str>>) -> bool {
    let parent = |of: &&str| parents.get(of).copied().flatten();
    let mut ancestors = std::iter::successors(parent(&id), parent).take(parents.len());
    ancestors.any(|ancestor| ancestor == id)
}

/// A number of what was printed that its own quote does not have, white space, widths and separators aside: the slip of
/// whoever copied it, which the audit would take for the document's.
fn number_not_quoted(printed: &str, quote: &str) -> Option<String> {
    let plain = |text: &str| text.nfkc().filter(|c| !c.is_whitespace() && *c != ',').collect::<String>();
    let (printed, quote) = (plain(printed), plain(quote));
    let numbers = printed.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|n| n.trim_matches('.'));
    numbers.filter(|n| !n.is_empty()).find(|n| !quote.contains(n)).map(str::to_string)
}

/// `grants.1.amount`: group, position from 1, column of a field of the group.
fn group_column(register: &Register, column: &str) -> bool {
    let mut parts = column.split('.');
    let (Some(group), Some(position), Some(inner), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    let Some(FieldKind::Group { fields }) = register.field(group).map(|f| &f.kind) else { return false };
    position.parse::<usize>().is_ok_and(|p| p > 0) && fields.iter().flat_map(Field::columns).any(|c| c.name == inner)
}
