//! Indicators: what a plan measures, computed from a snapshot by the pack's own SQL.

mod sql;
