//! snapshot

pub mod gate;
