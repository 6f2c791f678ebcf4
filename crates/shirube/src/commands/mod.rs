//! One module per command.

pub mod audit;
pub mod check;
pub mod compute;
pub mod export;
pub mod import;
pub mod serve;
pub mod snapshot;
pub mod verify;
