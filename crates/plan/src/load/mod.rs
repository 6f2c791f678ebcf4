//! Reads the files of a pack into the model. Cross references are checked afterwards, in `check`.

mod base;
mod disclosure;
mod figures;
mod indicators;
mod plan;
mod registers;
mod rows;

use crate::Files;
use crate::cite::Texts;
use crate::model::{Pack, Place, PolicyFile};
use crate::office;
use crate::report::{Diagnostic, Report};
use crate::table::{File, Table, with_root};
use sha2::{Digest, Sha256};

/// Reads and checks a pack.
///
/// The pack is returned as far as it could be read, with every mistake found; it may be used only when the
/// list is empty.
pub fn load(files: &Files) -> (Pack, Vec<Diagnostic>) {
    let report = Report::default();
    let mut loader = Loader { files, report: &report, texts: Texts::default(), pack: Pack { digest: digest(files), ..Pack::default() } };
    loader.read();
    let pack = loader.pack;
    crate::check::check(&pack, &report);
    (pack, report.into_sorted())
}

/// Hex SHA-256 over paths and contents, in path order, lengths included so that nothing can shift between files.
///
/// What is built in comes last: code lists are copied into snapshots, which are made anew when the digest changes.
fn digest(files: &Files) -> String {
    let mut hash = Sha256::new();
    let mut add = |path: &str, content: &[u8]| {
        for part in [path.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    };
    for (path, content) in files {
        add(path, content);
    }
    for (name, text) in office::CODE_LISTS.iter().chain(&office::REGISTERS) {
        add(&office::path(name), text.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

struct Loader<'a> {
    files: &'a Files,
    report: &'a Report,
    texts: Texts,
    pack: Pack,
}

impl<'a> Loader<'a> {
    fn read(&mut self) {
        if !self.files.contains_key("pack.toml") {
            let place = Place { file: "pack.toml".into(), line: 0 };
            self.report.add(&place, "the pack has no pack.toml", "create it; docs/packs.md shows its keys");
        }
        for path in self.files.keys() {
            self.known_path(path);
        }
        // Sources come first: every citation is looked up in their texts.
        self.toml("sources.toml", base::sources);
        let used: Vec<String> = self.pack.sources.iter().filter_map(|s| s.text.clone()).collect();
        self.texts(&used);
        self.toml("pack.toml", base::meta);
        self.toml("sources.toml", base::not_transcribed);
        self.toml("actors.toml", base::actors);
        self.toml("units.toml", base::units);
        self.toml("dimensions.toml", base::dimensions);
        self.pack.code_lists.insert("country".into(), base::countries());
        self.office();
        self.each("codes/", base::code_list);
        self.each("plan/", plan::period);
        self.pack.periods.sort_by_key(|p| p.from);
        self.each("registers/", registers::register);
        self.pack.code_lists.insert(office::REGISTER_LIST.into(), base::registers(&self.pack));
        self.toml("assumptions.toml", figures::assumptions);
        self.indicators();
        self.each("published/", figures::series);
        self.csv("published/", rows::figures);
        self.csv("records/", rows::records);
        self.toml("findings.toml", figures::findings);
        self.policies();
    }

    /// What every pack has. It comes before the pack's own, so that clashes are reported where the pack makes them.
    fn office(&mut self) {
        for (name, text) in office::CODE_LISTS {
            self.parse(&office::path(name), text, |pack, table| base::read_codes(pack, name, table));
        }
        for (name, text) in office::REGISTERS {
            self.parse(&office::path(name), text, |pack, table| registers::read(pack, name, table));
        }
    }

    /// Policies stay text here: reading them takes the policy language, which only the crate `access` knows.
    fn policies(&mut self) {
        for path in self.paths("policies/", ".cedar") {
            if let Some(text) = self.text(&path) {
                self.pack.policies.push(PolicyFile { text: text.to_owned(), path });
            }
        }
    }

    /// Text of a file, without a byte-order mark.
    fn text(&self, path: &str) -> Option<&'a str> {
        match std::str::from_utf8(self.files.get(path)?) {
            Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(e) => {
                let place = Place { file: path.to_owned(), line: 0 };
                self.report.add(&place, format!("not UTF-8 at byte {}", e.valid_up_to()), "save the file as UTF-8");
                None
            }
        }
    }

    fn toml(&mut self, path: &str, read: impl FnOnce(&mut Pack, Table)) {
        let Some(text) = self.text(path) else { return };
        self.parse(path, text, read);
    }

    fn parse(&mut self, path: &str, text: &str, read: impl FnOnce(&mut Pack, Table)) {
        let file = File::new(path, text, self.report, &self.texts);
        with_root(&file, text, |table| read(&mut self.pack, table));
    }

    /// Every TOML file of a folder, with its name without folder and ending.
    fn each(&mut self, folder: &str, read: impl Fn(&mut Pack, &str, Table)) {
        for path in self.paths(folder, ".toml") {
            let name = path[folder.len()..path.len() - ".toml".len()].to_owned();
            self.toml(&path, |pack, table| read(pack, &name, table));
        }
    }

    fn csv(&mut self, folder: &str, read: impl Fn(&mut Pack, &File, &str)) {
        for path in self.paths(folder, ".csv") {
            let Some(text) = self.text(&path) else { continue };
            let file = File::new(&path, text, self.report, &self.texts);
            read(&mut self.pack, &file, text);
        }
    }

    fn indicators(&mut self) {
        for path in self.paths("indicators/", ".toml") {
            let id = path["indicators/".len()..path.len() - ".toml".len()].to_owned();
            let sql_path = format!("indicators/{id}.sql");
            let sql = self.text(&sql_path).map(str::to_owned);
            if sql.is_none() && !self.files.contains_key(&sql_path) {
                let place = Place { file: path.clone(), line: 0 };
                self.report.add(&place, format!("`{sql_path}` is missing"), "write the SELECT that computes the indicator there");
            }
            self.toml(&path, |pack, table| indicators::indicator(pack, &id, sql.unwrap_or_default(), table));
        }
    }

    /// Replaces the path in each source by the text it names.
    fn texts(&mut self, used: &[String]) {
        for path in self.paths("sources/", ".txt") {
            if !used.contains(&path) {
                let place = Place { file: path.clone(), line: 0 };
                self.report.add(&place, "no source names this text", "add `text = \"…\"` to its [[source]] or remove the file");
            }
        }
        for i in 0..self.pack.sources.len() {
            let Some(path) = self.pack.sources[i].text.take() else {
                let id = self.pack.sources[i].id.clone();
                self.texts.add(&id, None);
                continue;
            };
            let text = self.text(&path).map(str::to_owned);
            if text.is_none() && !self.files.contains_key(&path) {
                self.report.add(&self.pack.sources[i].place, format!("`{path}` does not exist"), "add the text or correct `text`");
            }
            self.texts.add(&self.pack.sources[i].id, text.as_deref());
            self.pack.sources[i].text = text;
        }
    }

    fn paths(&self, folder: &str, ending: &str) -> Vec<String> {
        self.files.keys().filter(|p| p.starts_with(folder) && p.ends_with(ending)).cloned().collect()
    }

    fn known_path(&self, path: &str) {
        const FILES: [&str; 8] =
            ["pack.toml", "sources.toml", "actors.toml", "units.toml", "dimensions.toml", "assumptions.toml", "findings.toml", "README.md"];
        const FOLDERS: [(&str, &[&str]); 8] = [
            ("codes/", &[".toml"]),
            ("plan/", &[".toml"]),
            ("registers/", &[".toml"]),
            ("records/", &[".csv"]),
            ("indicators/", &[".toml", ".sql"]),
            ("published/", &[".toml", ".csv"]),
            ("sources/", &[".txt"]),
            ("policies/", &[".cedar"]),
        ];
        let in_folder = |(folder, endings): &(&str, &[&str])| {
            path.strip_prefix(folder).is_some_and(|name| !name.contains('/') && endings.iter().any(|e| name.ends_with(e)))
        };
        let place = Place { file: path.to_owned(), line: 0 };
        if !FILES.contains(&path) && !FOLDERS.iter().any(in_folder) {
            self.report.add(&place, "a pack has no such file", "remove or rename it; docs/packs.md lists the files of a pack");
        }
        if let Some(id) = path.strip_prefix("indicators/").and_then(|p| p.strip_suffix(".sql"))
            && !self.files.contains_key(&format!("indicators/{id}.toml"))
        {
            self.report.add(&place, format!("`indicators/{id}.toml` is missing"), "declare the indicator there or remove the SQL");
        }
    }
}
