//! Periods and their trees (`plan/*.toml`).

use super::{Citation, Pair, Place};

/// A plan period.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// Id: the file name.
    pub id: String,
    /// Name.
    pub label: Pair,
    /// First fiscal year.
    pub from: i32,
    /// Last fiscal year; none while open.
    pub to: Option<i32>,
    /// The year its vision looks to.
    pub horizon: Option<i32>,
    /// State of the period.
    pub status: PeriodStatus,
    /// How goals without a target are judged.
    pub rule: Rule,
    /// The rule in words.
    pub rule_text: Option<Pair>,
    /// Where the period is declared in a document.
    pub cites: Vec<Citation>,
    /// The tree, in file order.
    pub nodes: Vec<Node>,
    /// Follow-up in words.
    pub progress: Vec<Progress>,
    /// Schedule.
    pub milestones: Vec<Milestone>,
}

/// State of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodStatus {
    /// In force.
    #[default]
    InForce,
    /// Not yet decided.
    Draft,
    /// Over.
    Ended,
}

/// How goals without a target are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Better every year (the second plan's rule).
    #[default]
    Improve,
    /// Against a target.
    Target,
    /// Not judged.
    None,
}

/// Kind of a plan node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are the plan's own
pub enum NodeKind {
    Mission,
    Vision,
    Policy,
    Goal,
    Challenge,
    Measure,
    Priority,
    Focus,
    Kgi,
    Text,
}

/// A node of the plan: from mission to measure.
#[derive(Clone, Debug)]
pub struct Node {
    /// Id, unique over all periods.
    pub id: String,
    /// Kind.
    pub kind: NodeKind,
    /// Parent in the tree.
    pub parent: Option<String>,
    /// As the plan numbers it.
    pub number: Option<String>,
    /// Name.
    pub label: Pair,
    /// Fuller wording.
    pub text: Option<Pair>,
    /// Responsible actors.
    pub owners: Vec<String>,
    /// Goals: followed up by figures or in words.
    pub follow_up: Option<FollowUp>,
    /// Years between measure and effect, from–to.
    pub lag: Option<(i32, i32)>,
    /// Nodes of earlier periods this one continues.
    pub from: Vec<String>,
    /// What became of those: kept or changed; a node of a later period without `from` is added.
    pub change: Option<Change>,
    /// Where it is printed.
    pub cites: Vec<Citation>,
    /// Where it is declared.
    pub place: Place,
}

/// How a goal is followed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// By figures.
    Figures,
    /// By status in words.
    Words,
}

/// How a node relates to the one it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Kept as it is.
    Keep,
    /// Kept with changes.
    Change,
    /// New in this period.
    Add,
}

/// What was done in a year, in words (`[[progress]]`).
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Node it belongs to.
    pub node: String,
    /// Fiscal year.
    pub year: i32,
    /// Who did it.
    pub owners: Vec<String>,
    /// What was done.
    pub text: Pair,
    /// Where it is printed.
    pub cites: Vec<Citation>,
    /// Where it is declared.
    pub place: Place,
}

/// A date of the schedule (`[[milestone]]`).
#[derive(Clone, Debug, Default)]
pub struct Milestone {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: String,
    /// What happened or will.
    pub label: Pair,
    /// Where it is printed.
    pub cites: Vec<Citation>,
}
