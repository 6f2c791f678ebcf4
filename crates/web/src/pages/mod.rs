//! One module per page: a handler that fetches, a pure function that draws.

pub mod about;
pub mod assets;
pub mod codes;
pub mod compare;
pub mod errors;
pub mod figure;
pub mod indicator;
pub mod indicators;
pub mod node;
pub mod plan;
pub mod source;
pub mod sources;
