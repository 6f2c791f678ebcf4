//! shirube
fn main(){}
