//! Where a setting comes from, and why it cannot be taken.

use std::{fmt, path::PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// The command line.
    Argument(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, 0) => write!(f, "{}", path.display()),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => f.write_str(name),
            Origin::Argument(name) => f.write_str(name),
        }
    }
}

/// A setting that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// The file cannot be read.
    #[error("{}: cannot be read: {cause}\n    mend: name another file with --config, or let this one be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// Not TOML.
    #[error("{origin}: not valid TOML: {problem}\n    mend: correct the syntax at this line")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What is wrong.
        problem: String,
    },
    /// No setting of this name.
    #[error("{origin}: there is no setting `{name}`\n    mend: {mend}")]
    Unknown {
        /// Where.
        origin: Origin,
        /// What was written.
        name: String,
        /// The nearest known one, or all.
        mend: String,
    },
    /// A value that cannot be read.
    #[error("{origin}: `{name}` {problem}\n    mend: write e.g. {example}")]
    Value {
        /// Where.
        origin: Origin,
        /// The setting.
        name: &'static str,
        /// What is wrong.
        problem: String,
        /// A value that can.
        example: &'static str,
    },
    /// A pack that is not there.
    #[error("{origin}: `pack` names no pack: {problem}\n    mend: name the folder that holds pack.toml, or no `pack` for the built-in one")]
    NoPack {
        /// Where.
        origin: Origin,
        /// What is wrong with the folder.
        problem: String,
    },
    /// Settings that only work together.
    #[error("{}: not set, and the other settings of {of} are\n    mend: set all of them, or none", missing.join(", "))]
    Incomplete {
        /// What they are of.
        of: &'static str,
        /// What is missing.
        missing: Vec<&'static str>,
    },
    /// The file in the data folder moves the data folder.
    #[error(
        "{origin}: `data` cannot be set in the data folder's own file\n    mend: remove it, or keep the file elsewhere and name it with --config"
    )]
    MovesItself {
        /// Where.
        origin: Origin,
    },
}
