//! One module per page: a handler that fetches, a pure function that draws.

pub mod about;
pub mod api;
pub mod assets;
pub mod audit;
pub mod codes;
pub mod compare;
mod conflict;
pub mod desk;
pub mod download;
pub mod errors;
pub mod figure;
pub mod form;
pub mod home;
pub mod import;
pub mod indicator;
pub mod indicators;
pub mod jobs;
pub mod node;
pub mod plan;
pub mod record;
pub mod redact;
pub mod registers;
pub mod source;
pub mod sources;
mod timeline;
pub mod transition;
