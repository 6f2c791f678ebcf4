//! `shirube config check`: the settings in force, where each comes from, and what is wrong.

use super::counted;
use crate::config::{Found, KEYS, Mistake};
use crate::failure::Failure;
use crate::packs;
use shirube_keyring::Leaked;
use std::process::ExitCode;

/// In place of a value that cannot be taken: the default, or a weaker word, would not be in force.
const MISTAKEN: &str = "(mistaken, see below)";

/// Prints them; exit 1 when there are mistakes.
pub fn check(mut found: Found) -> Result<ExitCode, Failure> {
    // Looked at here alone: commands that need no pack are not to end for it, and the others say so when they read it.
    if let Some(problem) = found.config.pack.as_deref().and_then(packs::problem) {
        let origin = found.origin("pack").clone();
        found.refuse(["pack"], &origin, Mistake::NoPack { origin: origin.clone(), problem });
    }
    if let Some(Err(error)) = found.config.leaked_passwords.as_deref().map(Leaked::open) {
        let origin = found.origin("passwords.leaked").clone();
        let example = KEYS.iter().find(|key| key.name == "passwords.leaked").map_or("", |key| key.example);
        let mistake = Mistake::Value { origin: origin.clone(), name: "passwords.leaked", problem: error.to_string(), example };
        found.refuse(["passwords.leaked"], &origin, mistake);
    }
    let wide = KEYS.iter().map(|k| k.name.len()).max().unwrap_or(0);
    for key in KEYS {
        let set = (key.show)(&found.config);
        let value = match set.as_str() {
            _ if found.is_mistaken(key.name) => MISTAKEN,
            unset @ ("" | "none") => unset,
            _ if key.secret => "(secret)",
            shown => shown,
        };
        say!("{:wide$}  {:24}  {}", key.name, value, found.origin(key.name));
    }
    for mistake in &found.mistakes {
        say!("{mistake}");
    }
    // What is half known is not doubted yet.
    if found.mistakes.is_empty() {
        for doubt in found.config.doubts() {
            say!("note: {doubt}");
        }
    }
    say!("{}", counted(found.mistakes.len(), "mistake", "mistakes"));
    Ok(ExitCode::from(u8::from(!found.mistakes.is_empty())))
}
