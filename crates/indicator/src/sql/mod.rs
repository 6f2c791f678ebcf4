//! Reading SQL as text: its steps, and what may not stand in it. Running it is `run`'s business.

pub(crate) mod lint;
pub(crate) mod split;
pub(crate) mod token;
