//! What can be wrong with an indicator: one variant per mistake, each with its mend.

use shirube_plan::{Diagnostic, Place};

/// A mistake in an indicator, with the place to mend it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {mistake}; {}", spot(place), mistake.mend())]
pub struct IndicatorError {
    /// Id of the indicator.
    pub indicator: String,
    /// File and line inside the pack; line 0 when the whole file is meant.
    pub place: Place,
    /// What is wrong; boxed, since most results carry no mistake.
    pub mistake: Box<Mistake>,
}

fn spot(place: &Place) -> String {
    if place.line == 0 { place.file.clone() } else { format!("{}:{}", place.file, place.line) }
}

impl From<IndicatorError> for Diagnostic {
    fn from(error: IndicatorError) -> Self {
        Diagnostic { place: error.place, problem: error.mistake.to_string(), mend: error.mistake.mend() }
    }
}

/// What is wrong. `row` counts the rows of the result from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Mistake {
    /// A quote never closes.
    #[error("a quote or bracket that begins here is never closed")]
    Unclosed,
    /// The text is no SELECT.
    #[error("an indicator is one SELECT, and this begins with `{found}`")]
    NotSelect {
        /// First word.
        found: String,
    },
    /// More than one statement.
    #[error("an indicator is one SELECT, and a second statement follows here")]
    SeveralStatements,
    /// `WITH` that does not read as one.
    #[error("the WITH clause does not read as `name AS (SELECT …), …` from here")]
    UnreadableSteps,
    /// A parameter that does not exist.
    #[error("there is no parameter `{name}`")]
    UnknownParameter {
        /// As written.
        name: String,
    },
    /// Depends on the clock or place of the machine.
    #[error("`{name}` depends on when or where it runs, so that the figure could not be reproduced")]
    Clock {
        /// As written.
        name: String,
    },
    /// Reads around the moment of the snapshot.
    #[error("`{name}` reads past the moment of the snapshot")]
    Bypass {
        /// As written.
        name: String,
    },
    /// No such table.
    #[error("there is no table `{name}`{}", did_you_mean(.like))]
    UnknownTable {
        /// As written.
        name: String,
        /// The nearest that exists.
        like: Option<String>,
    },
    /// No such column.
    #[error("there is no column `{name}`{}", did_you_mean(.like))]
    UnknownColumn {
        /// As written.
        name: String,
        /// The nearest that exists.
        like: Option<String>,
    },
    /// No such function.
    #[error("there is no function `{name}`{}", did_you_mean(.like))]
    UnknownFunction {
        /// As written.
        name: String,
        /// The nearest that exists.
        like: Option<String>,
    },
    /// SQLite cannot plan or run it.
    #[error("SQLite cannot run this: {message}")]
    Sql {
        /// SQLite's words.
        message: String,
    },
    /// Something other than reading.
    #[error("an indicator only reads, and this would {action}")]
    Forbidden {
        /// What it would do.
        action: String,
    },
    /// A function that is not for indicators.
    #[error("the function `{name}` may not be used in an indicator")]
    ForbiddenFunction {
        /// Name.
        name: String,
    },
    /// A table that is not for indicators.
    #[error("the table `{name}` may not be read by an indicator")]
    ForbiddenTable {
        /// Name.
        name: String,
    },
    /// A column about persons.
    #[error("`{table}.{column}` is about persons; indicators do not read it")]
    Personal {
        /// Register or child table.
        table: String,
        /// Column.
        column: String,
    },
    /// Ran too long.
    #[error("it did not finish within {seconds} seconds")]
    TooSlow {
        /// The limit.
        seconds: f64,
    },
    /// Too many rows.
    #[error("it gives more than {rows} rows")]
    TooManyRows {
        /// The limit.
        rows: usize,
    },
    /// A text or row grew too long.
    #[error("a text in it grows beyond {bytes} bytes")]
    TooLarge {
        /// The limit.
        bytes: usize,
    },
    /// A column of the contract is missing.
    #[error("the result has no column `{column}`")]
    MissingColumn {
        /// The column.
        column: String,
    },
    /// A column that nothing declares.
    #[error("the result has a column `{column}` that is neither in the contract nor a declared dimension{}", did_you_mean(.like))]
    UndeclaredColumn {
        /// The column.
        column: String,
        /// The nearest that is missing.
        like: Option<String>,
    },
    /// A column twice.
    #[error("the result has two columns `{column}`")]
    RepeatedColumn {
        /// The column.
        column: String,
    },
    /// A declared dimension that the pack does not have.
    #[error("the pack has no dimension `{name}`{}", did_you_mean(.like))]
    UnknownDimension {
        /// The dimension.
        name: String,
        /// The nearest that exists.
        like: Option<String>,
    },
    /// A row without a period.
    #[error("row {row}: `period` is NULL")]
    PeriodMissing {
        /// Row.
        row: usize,
    },
    /// A period that is a number.
    #[error("row {row}: `period` is {found}, not text")]
    PeriodNotText {
        /// Row.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// A period in no known form.
    #[error("row {row}: `{found}` is no period")]
    PeriodForm {
        /// Row.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// Not a number.
    #[error("row {row}: `{column}` is {found}, not a number")]
    NotNumber {
        /// Row.
        row: usize,
        /// Column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// Infinite.
    #[error("row {row}: `{column}` is infinite")]
    NotFinite {
        /// Row.
        row: usize,
        /// Column.
        column: String,
    },
    /// A code that its list does not have.
    #[error("row {row}: `{column}` is {found}, which is no code of the list `{list}`{}", did_you_mean(.like))]
    UnknownCode {
        /// Row.
        row: usize,
        /// The dimension.
        column: String,
        /// What stands there.
        found: String,
        /// The code list.
        list: String,
        /// The nearest code.
        like: Option<String>,
    },
    /// A status that is none.
    #[error("row {row}: `status` is {found}")]
    UnknownStatus {
        /// Row.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// A number and a reason why there is none.
    #[error("row {row}: there is a value and the status `{status}`, which says why there is none")]
    StatusWithValue {
        /// Row.
        row: usize,
        /// The status.
        status: String,
    },
    /// Two rows for the same period and dimensions.
    #[error("row {row}: {what} stands already in row {first}")]
    Repeated {
        /// Row.
        row: usize,
        /// The earlier row.
        first: usize,
        /// Period and dimensions.
        what: String,
    },
    /// An override of an assumption that the pack does not have.
    #[error("the pack has no assumption `{id}`{}", did_you_mean(.like))]
    UnknownAssumption {
        /// Id.
        id: String,
        /// The nearest that exists.
        like: Option<String>,
    },
    /// An override of an assumption this indicator does not offer.
    #[error("`{id}` is no input of this indicator")]
    NotAnInput {
        /// Id.
        id: String,
    },
    /// An override beyond the range a reader may try.
    #[error("{value} is outside the range of `{id}`, {min} to {max}")]
    OutOfRange {
        /// Id.
        id: String,
        /// What was tried.
        value: f64,
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// A step that nobody explains.
    #[error("the step `{step}` has no explanation in {}", if *.english_only { "English" } else { "Japanese and English" })]
    Unexplained {
        /// Name of the step.
        step: String,
        /// Only the English half is missing.
        english_only: bool,
    },
    /// It counts what may be few, and does not say what it may tell.
    #[error("it reads the register `{register}`, which holds personal or commercial fields, and does not say what it may tell of few")]
    NoDisclosure {
        /// The register.
        register: String,
    },
    /// What is wrong may tell of records.
    #[error("what is wrong with it is told only to who may see its exact figures")]
    Untold,
    /// The database failed, not the indicator.
    #[error("reading the snapshot failed: {message}")]
    Database {
        /// SQLite's words.
        message: String,
    },
}

fn did_you_mean(like: &Option<String>) -> String {
    like.as_ref().map(|l| format!(" (did you mean `{l}`?)")).unwrap_or_default()
}

impl Mistake {
    /// What to do about it.
    pub fn mend(&self) -> String {
        use Mistake as M;
        match self {
            M::Unclosed => "close it".into(),
            M::NotSelect { .. } => "begin with SELECT or WITH".into(),
            M::SeveralStatements => "keep one SELECT and remove what follows the semicolon".into(),
            M::UnreadableSteps => "write each step as `name AS (SELECT …)`, separated by commas".into(),
            M::UnknownParameter { .. } => "use :as_of (a date) or :fiscal_year".into(),
            M::Clock { .. } => "use :as_of for the date of the snapshot and :fiscal_year for its fiscal year".into(),
            M::Bypass { .. } => "name the register alone; the snapshot shows it as of its moment".into(),
            M::UnknownTable { .. } => "see docs/packs.md, “Tables to read”, and the registers of the pack".into(),
            M::UnknownColumn { .. } => "name a column of the tables this SELECT reads".into(),
            M::UnknownFunction { .. } | M::ForbiddenFunction { .. } => {
                "use the functions of docs/packs.md or SQLite's deterministic ones".into()
            }
            M::Sql { .. } => "try it in an SQLite shell on a snapshot file".into(),
            M::Forbidden { .. } => "keep to SELECT".into(),
            M::ForbiddenTable { .. } => "read registers, their child tables, published_figure, assumption, code or plan_node".into(),
            M::Personal { .. } => "name the columns you need instead of `*`, or count records by `_id`".into(),
            M::TooSlow { .. } => "join on indexed columns (`_id`, keys) or aggregate earlier; a recursive step needs an end".into(),
            M::TooManyRows { .. } => "aggregate: an indicator gives one row per period and combination of dimensions".into(),
            M::TooLarge { .. } => "do not build long texts in an indicator".into(),
            M::MissingColumn { .. } => "every indicator returns `period`, `value` and its declared dimensions".into(),
            M::UndeclaredColumn { column, .. } => format!("remove it, or add \"{column}\" to `dimensions`"),
            M::RepeatedColumn { .. } => "name the columns of the last SELECT one by one".into(),
            M::UnknownDimension { .. } => "declare it in dimensions.toml".into(),
            M::PeriodMissing { .. } => "leave rows without a period out, or give them '-'".into(),
            M::PeriodNotText { .. } => "write CAST(… AS TEXT) AS period".into(),
            M::PeriodForm { .. } => "write 2024, 2024-12, 2024-12-31, a span 2024-04-01/2025-03-31, or -".into(),
            M::NotNumber { .. } => "return a number, or NULL with a `status`".into(),
            M::NotFinite { .. } => "return NULL where the arithmetic has no answer".into(),
            M::UnknownCode { list, .. } => format!("return a code of codes/{list}.toml, or NULL for all together"),
            M::UnknownStatus { .. } => "use unknown, not_collected, not_applicable, suppressed, or NULL".into(),
            M::StatusWithValue { .. } => "return NULL as value, or NULL as status".into(),
            M::Repeated { .. } => "group by period and all dimensions".into(),
            M::UnknownAssumption { .. } => "see assumptions.toml".into(),
            M::NotAnInput { .. } => "add it to the indicator's `assumptions`, or leave it out".into(),
            M::OutOfRange { .. } => "choose a value in the range".into(),
            M::Unexplained { .. } => "write a comment `-- 日本語 / English` directly above it".into(),
            M::NoDisclosure { .. } => {
                "add [disclosure] with `of` and `counts`, or with `none` or `closed` and the reason; see docs/packs.md".into()
            }
            M::Untold => "ask somebody who may".into(),
            M::Database { .. } => "check the data folder with `shirube verify`".into(),
        }
    }
}
