//! What is known of a job.

use serde::{Deserialize, Serialize};
use shirube_plan::{Lang, Pair};
use std::collections::BTreeMap;

/// An import of a file into a register.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Id, also the name of its folder.
    pub id: String,
    /// Register.
    pub register: String,
    /// Who began it.
    pub actor: String,
    /// Name of the file.
    pub file_name: String,
    /// Bytes of the file.
    pub size: u64,
    /// When it began (milliseconds since the epoch, UTC).
    pub created_at: i64,
    /// When its stage last changed (milliseconds since the epoch, UTC).
    pub updated_at: i64,
    /// How far it is.
    pub stage: Stage,
    /// Work done in this stage, in a unit of its own.
    pub done: u64,
    /// All work of this stage; 0 when unknown.
    pub total: u64,
    /// Someone asked it to stop.
    #[serde(skip)]
    pub cancelling: bool,
    /// Headings of the file and the columns they go to.
    pub columns: Vec<Heading>,
    /// Columns of the file that are not imported though they may hold something: where they stand, from 1, and their
    /// headings.
    #[serde(default)]
    pub left_out: Vec<(usize, String)>,
    /// Columns that the file has not and new records must have.
    #[serde(default)]
    pub lacking: Vec<Text>,
    /// Headings that a person has put to columns, or to nothing.
    pub mapping: BTreeMap<String, String>,
    /// Why existing records are changed.
    pub reason: String,
    /// What will happen or has happened.
    pub counts: Option<Counts>,
    /// How many mistakes there are; only the first are listed.
    pub problems: u64,
    /// Why it failed.
    pub failure: Option<Text>,
    /// Last event before the import and last event of it; the records made are those between.
    pub events: Option<(i64, i64)>,
    /// Last event before the writing began; none while nothing was written in this run.
    #[serde(default)]
    pub before: Option<i64>,
    /// What had been written when the program stopped.
    #[serde(default)]
    pub left: Option<Left>,
}

/// What an import had written when the program stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Left {
    /// No row.
    Nothing,
    /// Every row; [`Job::events`] says which events.
    Everything,
    /// It cannot be told from what others wrote meanwhile.
    Unknown,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The file is here.
    #[default]
    Uploaded,
    /// It is being read and checked; nothing is written.
    Checking,
    /// It was checked and waits for a person.
    Checked,
    /// It is being written.
    Importing,
    /// It was written.
    Done,
    /// It was given up; nothing was written.
    Cancelled,
    /// It could not be read or written; nothing was written.
    Failed,
    /// The program stopped while it was under way.
    Interrupted,
}

impl Stage {
    /// Work is going on.
    pub fn under_way(self) -> bool {
        matches!(self, Stage::Checking | Stage::Importing)
    }

    /// Nothing more will happen by itself or by a person.
    pub fn ended(self) -> bool {
        matches!(self, Stage::Done | Stage::Cancelled)
    }
}

/// A heading of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// As the file has it.
    pub text: String,
    /// Column it goes to; none when it is skipped or not known.
    pub column: Option<String>,
}

/// What an import does, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows with data.
    pub rows: u64,
    /// New records.
    pub create: u64,
    /// Records that change.
    pub amend: u64,
    /// Records that are as the file says already.
    pub unchanged: u64,
    /// Rows with a mistake.
    pub wrong: u64,
}

/// A text in both languages, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The text in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

impl From<Pair> for Text {
    fn from(pair: Pair) -> Text {
        Text { ja: pair.ja, en: pair.en }
    }
}

/// What is wrong in a row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: usize,
    /// Heading of the column; none when the whole row is meant.
    pub column: Option<String>,
    /// What stands in the cell.
    pub value: Option<String>,
    /// What is wrong.
    pub problem: Text,
    /// How to mend it.
    pub mend: Text,
}
