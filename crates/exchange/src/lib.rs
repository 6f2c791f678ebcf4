//! Files in and out: CSV, XLSX, JSON.

pub mod sheet;
