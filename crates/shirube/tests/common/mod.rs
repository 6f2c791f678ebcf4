//! Commands as a user runs them.

use std::path::Path;
use std::process::{Command, Output};

pub fn shirube(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shirube")).arg("--data").arg(data).args(arguments).output().unwrap()
}

#[track_caller]
pub fn says(output: &Output, code: i32) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
