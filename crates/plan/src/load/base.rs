//! pack.toml, sources.toml, actors.toml, units.toml, dimensions.toml, codes/.

use super::disclosure;
use crate::model::*;
use crate::office;
use crate::table::Table;

pub(super) fn meta(pack: &mut Pack, t: Table) {
    pack.meta = Meta {
        id: t.need_str("id", "\"my-plan\""),
        version: t.need_str("version", "\"1\""),
        label: t.need_pair("label"),
        description: t.need_pair("description"),
        fictional: t.bool("fictional"),
        fiscal_year_start: t.small("fiscal_year_start").unwrap_or(4),
        default_period: t.str("default_period"),
    };
    if !(1..=12).contains(&pack.meta.fiscal_year_start) {
        t.report("fiscal_year_start", "`fiscal_year_start` is not a month", "write a month, 1 to 12");
    }
    pack.disclosing = disclosure::of_pack(&t);
    t.finish();
}

pub(super) fn sources(pack: &mut Pack, t: Table) {
    for s in t.tables("source") {
        // It becomes a link: nothing that runs, and no file of the reader's.
        if s.str("url").is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            s.report("url", "`url` is no web address", "write it with https:// (or http://), or leave the key out");
        }
        pack.sources.push(Source {
            id: s.need_str("id", "\"d001\""),
            label: s.need_pair("label"),
            publisher: s.need_pair("publisher"),
            date: s.str("date"),
            url: s.str("url"),
            text: s.str("text"),
            place: s.place(),
        });
        s.finish();
    }
}

pub(super) fn not_transcribed(pack: &mut Pack, t: Table) {
    let _ = t.tables("source"); // read before, with the texts
    for n in t.tables("not_transcribed") {
        let why = n.need_word("why", &[("chart", "chart"), ("picture", "picture"), ("layout", "layout"), ("cut", "cut")]);
        pack.not_transcribed.push(NotTranscribed {
            source: n.need_str("source", "\"d001\""),
            heading: n.need_str("heading", "\"…\""),
            what: n.need_pair("what"),
            why: why.unwrap_or_default().to_owned(),
        });
        n.finish();
    }
    t.finish();
}

pub(super) fn actors(pack: &mut Pack, t: Table) {
    for a in t.tables("actor") {
        pack.actors.push(Actor { id: a.need_str("id", "\"ministry\""), label: a.need_pair("label"), short: a.need_pair("short") });
        a.finish();
    }
    t.finish();
}

pub(super) fn units(pack: &mut Pack, t: Table) {
    for u in t.tables("unit") {
        let unit = Unit {
            name: u.need_str("name", "\"cases\""),
            label: u.need_pair("label"),
            places: u.small("places").unwrap_or(0),
            money: u.str("money"),
        };
        if pack.units.contains_key(&unit.name) {
            u.report("name", format!("unit `{}` is declared twice", unit.name), "keep one");
        }
        pack.units.insert(unit.name.clone(), unit);
        u.finish();
    }
    t.finish();
}

pub(super) fn dimensions(pack: &mut Pack, t: Table) {
    for d in t.tables("dimension") {
        let dimension = Dimension {
            name: d.need_str("name", "\"stage\""),
            label: d.need_pair("label"),
            codes: d.need_str("codes", "\"stage\""),
            place: d.place(),
        };
        if pack.dimensions.contains_key(&dimension.name) {
            d.report("name", format!("dimension `{}` is declared twice", dimension.name), "keep one");
        }
        pack.dimensions.insert(dimension.name.clone(), dimension);
        d.finish();
    }
    t.finish();
}

/// A list of the pack. To the lists `role` and `purpose` it adds to what is built in.
pub(super) fn code_list(pack: &mut Pack, name: &str, t: Table) {
    let built_in = pack.code_lists.get(name).map_or(0, |list| list.codes.len());
    if name.starts_with(office::PREFIX) {
        t.report("label", format!("names that begin with `{}` are reserved, `{name}` too", office::PREFIX), "use another name");
    } else if built_in > 0 && !office::OPEN_LISTS.contains(&name) {
        t.report("label", format!("the code list `{name}` is built in"), "use another name");
    }
    read_codes(pack, name, t);
}

/// Reads a list, built in or of the pack, after the codes already there.
pub(super) fn read_codes(pack: &mut Pack, name: &str, t: Table) {
    let known = pack.code_lists.remove(name).unwrap_or_default().codes;
    let built_in = known.len();
    let mut list = CodeList { name: name.to_owned(), label: t.need_pair("label"), codes: known };
    for c in t.tables("codes") {
        let code = Code {
            code: c.need_str("code", "\"a\""),
            label: Pair { ja: c.need_str("ja", "\"…\""), en: c.need_str("en", "\"…\"") },
            description: c.pair("description"),
            parent: c.str("parent"),
            cites: c.cites("cite"),
        };
        let plain = code.code.chars().all(|ch| ch.is_ascii_alphanumeric() || "._-".contains(ch));
        if !plain {
            c.report(
                "code",
                format!("code `{}` has other characters than letters, digits, `.`, `_`, `-`", code.code),
                "use a plain code; the label carries the words",
            );
        }
        match list.codes.iter().position(|other| other.code == code.code) {
            Some(at) if at < built_in => {
                c.report("code", format!("the code `{}` is built in", code.code), "remove it or choose another code")
            }
            Some(_) => c.report("code", format!("code `{}` stands twice in the list", code.code), "keep one"),
            None => {}
        }
        list.codes.push(code);
        c.finish();
    }
    t.finish();
    pack.code_lists.insert(name.to_owned(), list);
}

/// ISO 3166-1 alpha-2 with the Unicode CLDR names.
pub(super) fn countries() -> CodeList {
    let rows = include_str!("../../data/country.csv").lines().skip(1);
    let codes = rows
        .filter_map(|row| {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let record = reader.records().next()?.ok()?;
            let label = Pair { ja: record.get(1)?.to_owned(), en: record.get(2)?.to_owned() };
            Some(Code { code: record.get(0)?.to_owned(), label, ..Code::default() })
        })
        .collect();
    CodeList { name: "country".into(), label: Pair { ja: "国・地域".into(), en: "Country or area".into() }, codes }
}

/// The registers as a code list, those that every pack has included.
pub(super) fn registers(pack: &Pack) -> CodeList {
    let code = |r: &Register| Code { code: r.name.clone(), label: r.label.clone(), ..Code::default() };
    CodeList {
        name: office::REGISTER_LIST.into(),
        label: Pair { ja: "台帳".into(), en: "Register".into() },
        codes: pack.registers.values().map(code).collect(),
    }
}
