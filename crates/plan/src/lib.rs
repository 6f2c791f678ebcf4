//! The pack: what an institution's plan declares.
//!
//! Loads the files of a pack (given as bytes; this crate does no I/O), reports every mistake with file, line
//! and mend, and gives the rest of the house one plain [`Pack`]. It knows nothing of SQL, records or pages.
//!
//! ```
//! let files = shirube_plan::Files::from([(
//!     "pack.toml".to_owned(),
//!     r#"
//!         id = "tiny"
//!         version = "1"
//!         label = { ja = "小さな計画", en = "A tiny plan" }
//!         description = { ja = "例", en = "Example" }
//!         fictional = true
//!         fiscal_year_start = 4
//!     "#
//!     .as_bytes()
//!     .to_vec(),
//! )]);
//! let (pack, mistakes) = shirube_plan::load(&files);
//! assert!(mistakes.is_empty());
//! assert_eq!(pack.meta.label.en, "A tiny plan");
//! ```

mod check;
mod cite;
mod load;
pub mod model;
mod office;
pub mod printed;
mod report;
mod table;

pub use cite::SourceText;
pub use load::load;
pub use model::*;
pub use report::{Diagnostic, did_you_mean};

/// The files of a pack: path inside the pack (with `/`) → content.
pub type Files = std::collections::BTreeMap<String, Vec<u8>>;
