//! What holds for every page of registers, records, forms and imports, in both languages.

use super::{
    html::{Piece, attributes, pieces, texts},
    id_of,
};
use crate::{
    routes::{Method, ROUTES},
    testing::Portal,
    text::is_japanese,
};
use std::collections::BTreeSet;

/// Every page of a desk: address without language, text in both languages.
fn pages(portal: &Portal) -> Vec<(String, String)> {
    let project = id_of(portal, "project", "灯台の光を遠くまで届ける研究");
    let record = format!("/registers/project/{project}");
    let form = [("leader", "試験"), ("report", "a.txt"), ("_reason", "直し"), ("_version", "1"), ("people", "12")];
    portal
        .send(
            &format!("{record}/amend"),
            &[&form[..], &[("title", "灯台の光を遠くまで届ける研究"), ("year", "2022"), ("stage", "basic")]].concat(),
        )
        .unwrap();
    let good = portal.send_file("/registers/project/import", &[], "file", "a.csv", "課題名,採択年度,段階\n取り込み,2024,基礎\n".as_bytes());
    let bad = portal.send_file("/registers/project/import", &[], "file", "b.csv", "課題名,採択年度,段階,何か\n,去年,基礎,x\n".as_bytes());
    let (good, bad) = (good.unwrap(), bad.unwrap());
    let addresses = [
        "/registers".to_string(),
        "/registers/project".into(),
        "/registers/project?q=%E7%A0%94&f.stage=basic&f.stage=applied&f.budget.ge=1&f.people.ne=3&f.title=x&f.hub=1&size=1&columns=title,areas,hub,grants,_source,_synthetic,_updated_at".into(),
        "/registers/project?size=1&page=2".into(),
        "/registers/note".into(),
        "/registers/project/fields".into(),
        "/registers/hub/fields".into(),
        "/registers/project/new".into(),
        "/registers/hub/new".into(),
        "/registers/project/import".into(),
        record.clone(),
        format!("{record}/amend"),
        format!("{record}/transitions/close"),
        format!("{record}/redact"),
        "/jobs".into(),
        good.location().unwrap().to_string(),
        bad.location().unwrap().to_string(),
        "/search".into(),
        "/search?q=%E7%A0%94%E7%A9%B6".into(),
        "/api".into(),
    ];
    let mut pages = vec![];
    for address in addresses {
        for address in [address.clone(), format!("/en{address}")] {
            pages.push((address.clone(), portal.page(&address)));
        }
    }
    let sent: [(&str, Vec<(&str, &str)>); 3] = [
        (
            "/registers/project/new",
            vec![("title", ""), ("year", "x"), ("grants.1.amount", "y"), ("_missing.share", "unknown"), ("leader_email", "z")],
        ),
        ("/registers/project/new", vec![("_find", "hub"), ("hub", "拠点"), ("grants.1.amount", "1")]),
        ("/registers/project/import", vec![]),
    ];
    for (address, pairs) in sent {
        for address in [address.to_string(), format!("/en{address}")] {
            pages.push((format!("POST {address}"), portal.send(&address, &pairs).unwrap().text()));
        }
    }
    for prefix in ["", "/en"] {
        let conflict = portal
            .send(&format!("{prefix}{record}/amend"), &[&form[..], &[("title", "別"), ("year", "2022"), ("stage", "basic")]].concat());
        let conflict = conflict.unwrap();
        assert_eq!(conflict.status(), 409);
        pages.push((format!("POST {prefix}{record}/amend"), conflict.text()));
        let redact = portal.send(&format!("{prefix}{record}/redact"), &[]).unwrap();
        pages.push((format!("POST {prefix}{record}/redact"), redact.text()));
    }
    pages
}

#[test]
fn pages_are_well_formed_and_reachable_by_everyone() {
    let portal = Portal::desk();
    for (address, page) in pages(&portal) {
        let pieces = pieces(&page);
        let levels: Vec<u32> = pieces
            .iter()
            .filter_map(|p| match p {
                Piece::Open(name, _) => name.strip_prefix('h').and_then(|n| n.parse().ok()),
                _ => None,
            })
            .collect();
        assert_eq!(levels.iter().filter(|n| **n == 1).count(), 1, "{address}");
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{address}: {levels:?}");
        let ids: Vec<&str> = attributes(&pieces, "id").into_iter().map(|(_, id)| id).collect();
        let mut once = BTreeSet::new();
        for id in &ids {
            assert!(once.insert(id), "{address}: id {id} twice");
        }
        for name in ["aria-labelledby", "aria-describedby", "for", "list"] {
            for (_, target) in attributes(&pieces, name) {
                assert!(target.split(' ').all(|t| ids.contains(&t)), "{address}: {name}={target}");
            }
        }
        for (_, href) in attributes(&pieces, "href").into_iter().filter(|(e, h)| *e == "a" && h.starts_with('#')) {
            assert!(ids.contains(&&href[1..]), "{address}: {href}");
        }
        labelled(&address, &pieces);
        for piece in &pieces {
            let Piece::Open(name, attributes) = piece else { continue };
            assert!(!attributes.iter().any(|(n, _)| n == "style" || n.starts_with("on")), "{address}: {name}");
        }
    }
}

/// Every control that a person uses has a label, and every table a caption.
fn labelled(address: &str, pieces: &[Piece]) {
    let told: BTreeSet<&str> = attributes(pieces, "for").into_iter().map(|(_, id)| id).collect();
    let mut open: Vec<&str> = vec![];
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open(name, _) => open.push(name),
            Piece::Close => drop(open.pop()),
            Piece::Text(_) => {}
        }
        match piece {
            Piece::Open(name, attributes) if ["input", "select", "textarea"].contains(&name.as_str()) => {
                let of = |wanted: &str| attributes.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.as_str());
                let labelled = of("type") == Some("hidden")
                    || open.contains(&"label")
                    || of("aria-label").is_some()
                    || of("id").is_some_and(|id| told.contains(id));
                assert!(labelled, "{address}: {name} {:?} has no label", of("name"));
            }
            Piece::Open(name, _) if name == "table" => {
                assert!(matches!(&pieces[i + 1], Piece::Open(n, _) if n == "caption"), "{address}: a table without caption")
            }
            _ => {}
        }
    }
}

#[test]
fn english_pages_hold_no_japanese_but_what_is_marked_as_such() {
    let portal = Portal::desk();
    // Eras are written in Japanese in English hints too.
    let known = ["令和7年度", "令和7年4月1日", "令和5年3月1日", "令和5年度", "万", "億", "円"];
    let mut found = vec![];
    for (address, page) in pages(&portal).into_iter().filter(|(a, _)| a.contains("/en")) {
        for (lang, text) in texts(&pieces(&page)) {
            let rest = known.iter().fold(text.to_string(), |t, k| t.replace(k, ""));
            if lang != "ja" && is_japanese(&rest) {
                found.push(format!("{address}: “{text}” in {lang}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_route_of_a_desk_is_looked_at() {
    let portal = Portal::desk();
    let seen: Vec<String> = pages(&portal).into_iter().map(|(a, _)| a.split('?').next().unwrap_or_default().to_string()).collect();
    let elsewhere = ["record_access", "record_file", "register_export", "template", "job_errors_csv", "job_errors_xlsx"];
    let mine = |path: &str| ["/registers", "/jobs", "/search", "/api"].iter().any(|p| path == *p || (path.starts_with(p) && *p != "/api"));
    for route in ROUTES.iter().filter(|r| r.method == Method::Get && r.languages && mine(r.path) && !elsewhere.contains(&r.name)) {
        for prefix in ["", "/en"] {
            let pattern: Vec<String> = format!("{prefix}{}", route.path).split('/').map(str::to_string).collect();
            let fits = |address: &String| {
                let parts: Vec<&str> = address.split('/').collect();
                parts.len() == pattern.len() && parts.iter().zip(&pattern).all(|(a, p)| p.starts_with('{') || a == p)
            };
            assert!(seen.iter().any(fits), "{}{}", prefix, route.path);
        }
    }
}

#[test]
fn a_moment_goes_along_on_every_link_between_pages() {
    let portal = Portal::desk();
    let seq = portal.app.store.head_seq();
    let id = id_of(&portal, "project", "灯台の光を遠くまで届ける研究");
    let moment = format!("as_of=seq:{seq}");
    portal.send("/registers/project/new", &[("title", "後"), ("year", "2025"), ("stage", "basic")]).unwrap();
    for address in ["/registers", "/registers/project", "/search?q=%E7%A0%94%E7%A9%B6", &format!("/registers/project/{id}")] {
        let page = portal.page(&format!("{address}{}{moment}", if address.contains('?') { '&' } else { '?' }));
        let pieces = pieces(&page);
        let now: Vec<&str> = attributes(&pieces, "href")
            .into_iter()
            .filter(|(e, h)| *e == "a" && h.starts_with('/') && !h.contains("as_of=") && !h.starts_with("/api"))
            .map(|(_, h)| h)
            .collect();
        // Back to now, and for a record the way to change it as it is.
        assert!(now.len() <= 2, "{address}: {now:?}");
    }
}

#[test]
fn a_record_names_the_indicators_that_read_its_register() {
    let portal = Portal::desk();
    let (project, hub) = (id_of(&portal, "project", "灯台の光を遠くまで届ける研究"), id_of(&portal, "hub", "東の拠点"));
    let heading = "Indicators that read this register";
    assert!(portal.page(&format!("/en/registers/project/{project}")).contains(heading));
    assert!(!portal.page(&format!("/en/registers/hub/{hub}")).contains(heading));
}
