//! `shirube`: the portal, the desks and the plan in one program.

mod packs;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "shirube", version, about = "Runs a national plan on evidence / 計画を根拠で動かす")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Validate a pack: every mistake with file, line and mend
    Check {
        /// Folder of the pack; the built-in one when left out
        pack: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check { pack } => check(pack),
    }
}

fn check(folder: Option<PathBuf>) -> ExitCode {
    let files = match packs::files(folder.as_deref()) {
        Ok(files) => files,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    let (pack, mistakes) = shirube_plan::load(&files);
    for mistake in &mistakes {
        println!("{mistake}");
    }
    println!(
        "{} {}: {} registers, {} indicators, {} published figures, {} mistakes",
        pack.meta.id,
        pack.meta.version,
        pack.registers.len(),
        pack.indicators.len(),
        pack.figures.len(),
        mistakes.len()
    );
    ExitCode::from(u8::from(!mistakes.is_empty()))
}
