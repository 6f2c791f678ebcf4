//! One module per command.

pub mod audit;
pub mod check;
pub mod compute;
pub mod serve;
pub mod verify;
