//! What a pack declares, after loading: plain data, no I/O, no SQL.
//!
//! Field names follow the pack format in `docs/packs.md`; each type says where it comes from.

mod disclosure;
mod field;
mod figures;
mod plan;
mod register;
mod text;

pub use disclosure::*;
pub use field::*;
pub use figures::*;
pub use plan::*;
pub use register::*;
pub use text::*;

use std::collections::BTreeMap;

/// A loaded pack. Lookups are by id; the vectors keep the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    /// `pack.toml`.
    pub meta: Meta,
    /// `[disclosure]` of `pack.toml`.
    pub disclosing: Disclosing,
    /// Hex SHA-256 over all files of the pack (path and content, in path order) and what is built in: the pack
    /// *version* that figures are reproducible against.
    pub digest: String,
    /// `sources.toml`, in order.
    pub sources: Vec<Source>,
    /// `[[not_transcribed]]` of `sources.toml`.
    pub not_transcribed: Vec<NotTranscribed>,
    /// `actors.toml`.
    pub actors: Vec<Actor>,
    /// `units.toml`, by name.
    pub units: BTreeMap<String, Unit>,
    /// `dimensions.toml`, by name.
    pub dimensions: BTreeMap<String, Dimension>,
    /// `codes/*.toml` and the built-in lists (`country`, `role`, `purpose`, `office_…`), by name.
    pub code_lists: BTreeMap<String, CodeList>,
    /// `plan/*.toml`, ordered by first year.
    pub periods: Vec<Period>,
    /// `registers/*.toml` and the built-in registers `office_…`, by name.
    pub registers: BTreeMap<String, Register>,
    /// `records/*.csv`: rows still as text, by register, in file order.
    pub records: Vec<RecordFile>,
    /// `assumptions.toml`.
    pub assumptions: Vec<Assumption>,
    /// `indicators/*`, by id.
    pub indicators: BTreeMap<String, Indicator>,
    /// Series of `published/*.toml`, by id.
    pub series: BTreeMap<String, Series>,
    /// Rows of `published/*.csv`, in order of file and line.
    pub figures: Vec<Figure>,
    /// `[[finding]]` of `findings.toml`.
    pub findings: Vec<Finding>,
    /// `[[correction]]` of `findings.toml`.
    pub corrections: Vec<Correction>,
    /// `policies/*.cedar`, in order of path, still text.
    pub policies: Vec<PolicyFile>,
}

/// One `policies/*.cedar` file: who may do what, in the policy language Cedar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFile {
    /// Path inside the pack.
    pub path: String,
    /// Content.
    pub text: String,
}

impl Pack {
    /// The source with this id.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|s| s.id == id)
    }
    /// The plan node with this id and its period.
    pub fn node(&self, id: &str) -> Option<(&Period, &Node)> {
        self.periods.iter().find_map(|p| p.nodes.iter().find(|n| n.id == id).map(|n| (p, n)))
    }
    /// The actor with this id.
    pub fn actor(&self, id: &str) -> Option<&Actor> {
        self.actors.iter().find(|a| a.id == id)
    }
    /// Label of a code in a list.
    pub fn code(&self, list: &str, code: &str) -> Option<&Code> {
        self.code_lists.get(list)?.codes.iter().find(|c| c.code == code)
    }
    /// The published figure with this id.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.id == id)
    }
}

/// `pack.toml`.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// Id of the pack.
    pub id: String,
    /// Version, raised when the content changes.
    pub version: String,
    /// Name.
    pub label: Pair,
    /// What the pack holds.
    pub description: Pair,
    /// Everything in it is invented; every page says so.
    pub fictional: bool,
    /// First month of the fiscal year, 1–12.
    pub fiscal_year_start: u8,
    /// Id of the period the home page opens on.
    pub default_period: Option<String>,
}
