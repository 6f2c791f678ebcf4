//! Files in and out: CSV, XLSX, JSON.

pub mod export;
mod guard;
pub mod heading;
pub mod sheet;
