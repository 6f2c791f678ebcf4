//! `shirube`: the portal, the desks and the plan in one program.

mod address;
mod anchoring;
mod commands;
mod config;
mod failure;
mod office;
mod packs;

use clap::{Parser, Subcommand, ValueEnum};
use config::Arguments;
use failure::Failure;
use shirube_store::{FilesPlace, LogPlace};
use std::path::PathBuf;
use std::process::ExitCode;

/// SQLite's memory, too: it takes the place of the C library's allocator.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "shirube", version, about = "Runs a national plan on evidence / 計画を根拠で動かす")]
struct Cli {
    /// File of settings; `shirube.toml` in the data folder when left out
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Folder of the pack; the medical-device plan when left out
    #[arg(long, global = true)]
    pack: Option<PathBuf>,
    /// Data folder; `shirube-data` when left out
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// PostgreSQL database with the event log (postgresql://user@host/database, its password in PGPASSWORD); in the
    /// data folder when left out
    #[arg(long, global = true)]
    database: Option<String>,
    /// Address of the portal; 127.0.0.1:8420 when left out
    #[arg(long, global = true)]
    listen: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Which plan, and where its records are.
struct Place {
    /// Folder of the pack; the built-in one when there is none
    pack: Option<PathBuf>,
    /// Data folder
    data: PathBuf,
    /// Where the event log is
    log: LogPlace,
    /// Where attached files are
    files: FilesPlace,
}

impl Place {
    /// Refuses a data folder without a log, for commands that look after one: a mistyped folder would become a new portal.
    fn has_log(&self) -> Result<(), Failure> {
        let log = self.data.join("log.db");
        match self.log {
            LogPlace::Folder if !log.exists() => {
                Err(Failure::Misuse(format!("{} is not there: name the data folder with --data", log.display())))
            }
            _ => Ok(()),
        }
    }

    /// What of it the store is told.
    fn store(&self) -> shirube_store::Place {
        shirube_store::Place { log: self.log.clone(), files: self.files.clone() }
    }
}

impl Cli {
    /// What is said here of settings.
    fn arguments(&self) -> Arguments {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let said = [
            ("pack", "--pack", self.pack.as_ref().map(text)),
            ("data", "--data", self.data.as_ref().map(text)),
            ("database", "--database", self.database.clone()),
            ("listen", "--listen", self.listen.clone()),
        ];
        let values = said.into_iter().filter_map(|(key, option, value)| Some((key, option, value?))).collect();
        Arguments { config: self.config.clone(), values }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Open the portal (also when no command is given)
    Serve,
    /// Validate a pack: every mistake with file, line and mend
    Check {
        /// Folder of the pack; `--pack` or the built-in one when left out
        folder: Option<PathBuf>,
    },
    /// Bring a CSV or XLSX file into a register, all or nothing
    Import {
        /// Register
        register: String,
        /// The file
        file: PathBuf,
        /// Say what would happen, change nothing
        #[arg(long)]
        dry_run: bool,
        /// Write the rows with mistakes here (CSV or XLSX by ending)
        #[arg(long)]
        errors: Option<PathBuf>,
        /// Why, for the records that are amended
        #[arg(long)]
        reason: Option<String>,
    },
    /// Write a register, an indicator, `figures` or `audit` to a file
    Export {
        /// Name of a register or indicator, `figures` or `audit`
        what: String,
        /// Format; by the ending of --out, or CSV, when left out
        #[arg(long, value_enum)]
        format: Option<FileFormat>,
        /// Moment: YYYY-MM-DD, RFC 3339 or seq:N
        #[arg(long)]
        as_of: Option<String>,
        /// File; standard output when left out (CSV and JSON)
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Compute indicators
    Compute {
        /// Ids of indicators; all when left out
        indicators: Vec<String>,
        /// Moment: YYYY-MM-DD, RFC 3339 or seq:N
        #[arg(long)]
        as_of: Option<String>,
        /// Format
        #[arg(long, value_enum, default_value_t = TableFormat::Table)]
        format: TableFormat,
        /// Print every step of the derivation
        #[arg(long)]
        explain: bool,
        /// Try another value of an assumption: `--what-if growth-overall=5`
        #[arg(long = "what-if", value_name = "ID=VALUE")]
        what_if: Vec<String>,
        /// Language of labels
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        lang: Language,
    },
    /// Compare every published figure with its recomputation; exit 1 on an unexplained difference
    Audit {
        /// Format
        #[arg(long, value_enum, default_value_t = AuditFormat::Table)]
        format: AuditFormat,
        /// Print every figure, not only the differences
        #[arg(long)]
        all: bool,
        /// Moment: YYYY-MM-DD, RFC 3339 or seq:N
        #[arg(long)]
        as_of: Option<String>,
        /// Language of labels
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        lang: Language,
    },
    /// Write the registers of a moment as one SQLite file
    Snapshot {
        /// Moment: YYYY-MM-DD, RFC 3339 or seq:N
        #[arg(long)]
        as_of: Option<String>,
        /// The file; must not exist
        #[arg(long)]
        out: PathBuf,
    },
    /// Prove the event chain, or say where it breaks
    Verify {
        /// File of anchors (see anchor.file): whether the log still holds every one
        #[arg(long, value_name = "FILE")]
        anchors: Option<PathBuf>,
    },
    /// Say which readings and personal fields the pack keeps no longer, and drop them
    Retain {
        /// Drop them now, for good
        #[arg(long)]
        now: bool,
    },
    /// Move the event log to a PostgreSQL database or a data folder that has none yet, all or nothing; it stays here to be
    /// read
    MigrateStore {
        /// Where to: postgresql://user@host/database or a folder
        #[arg(long, value_name = "URL|FOLDER", required_unless_present = "take_up")]
        to: Option<String>,
        /// Write again to a log that was moved, without what was written where it went
        #[arg(long, conflicts_with = "to")]
        take_up: bool,
    },
    /// Bring the tables of the event log to the format of this release, or back to that of an earlier one; also beside a
    /// running portal
    MigrateFormat {
        /// Which format; the last this release knows when left out
        #[arg(long, value_name = "FORMAT")]
        to: Option<i64>,
    },
    /// Write a moment of the log with the attached files it names to one file, encrypted with age; also beside a
    /// running portal
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Backup {
        #[command(flatten)]
        how: commands::backup::How,
        #[command(subcommand)]
        what: Option<BackupCommand>,
    },
    /// Make a log and its attached files from a backup where there is no log yet (--data, --database), all or nothing
    Restore(commands::restore::How),
    /// Accounts, from the machine itself
    User {
        #[command(subcommand)]
        what: UserCommand,
    },
    /// The settings
    Config {
        #[command(subcommand)]
        what: Settings,
    },
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Prove a backup without restoring it
    Verify {
        /// The backup
        file: PathBuf,
        /// File with the secret key (AGE-SECRET-KEY-1…)
        #[arg(long)]
        identity: Option<PathBuf>,
    },
    /// Make a key: the secret goes to a new file, the recipient is printed
    Keygen {
        /// The file; must not exist
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Print a link by which an account chooses a new password; also beside a running portal
    Recover {
        /// Login
        login: String,
        /// Remove its authenticator app, too
        #[arg(long)]
        without_factor: bool,
    },
}

#[derive(Subcommand)]
enum Settings {
    /// Print the settings in force, where each comes from, and every mistake
    Check,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Xlsx,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    Table,
    Json,
    Csv,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    Table,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Ja,
    En,
}

impl From<Language> for shirube_plan::Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Ja => shirube_plan::Lang::Ja,
            Language::En => shirube_plan::Lang::En,
        }
    }
}

/// What shells report of a program that a closed pipe ended.
const PIPE_CLOSED: u8 = 141;

/// Exit codes: 0 done, 1 the answer is no, 2 misuse, 3 failure.
fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(answer) => answer,
        // Whoever read the answer has seen enough (`shirube audit | head`).
        Err(failure) if failure.is_closed_pipe() => ExitCode::from(PIPE_CLOSED),
        Err(failure) => {
            eprintln!("shirube: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let found = config::read(&cli.arguments(), std::env::vars());
    let command = cli.command.unwrap_or(Command::Serve);
    let usable = found.mistakes.is_empty();
    let config = &found.config;
    let place = &Place { pack: config.pack.clone(), data: config.data.clone(), log: config.database.clone(), files: config.files.place() };
    match command {
        Command::Config { what: Settings::Check } => commands::config::check(found),
        _ if !usable => Err(Failure::Settings(found.mistakes)),
        Command::Serve => commands::serve::run(place, config),
        Command::Check { folder } => commands::check::run(folder.as_deref().or(place.pack.as_deref())),
        Command::Import { register, file, dry_run, errors, reason } => {
            commands::import::run(place, &register, &file, commands::import::How { dry_run, errors, reason })
        }
        Command::Export { what, format, as_of, out } => commands::export::run(place, &what, format, as_of.as_deref(), out.as_deref()),
        Command::Compute { indicators, as_of, format, explain, what_if, lang } => {
            let how = commands::compute::How { as_of, format, explain, what_if, lang: lang.into() };
            commands::compute::run(place, &indicators, &how)
        }
        Command::Audit { format, all, as_of, lang } => commands::audit::run(place, format, as_of.as_deref(), all, lang.into()),
        Command::Snapshot { as_of, out } => commands::snapshot::run(place, as_of.as_deref(), &out),
        Command::Verify { anchors } => commands::verify::run(place, anchors.as_deref()),
        Command::Retain { now } => commands::retain::run(place, now),
        Command::Backup { how, what: None } => commands::backup::run(place, how),
        Command::Backup { what: Some(BackupCommand::Verify { file, identity }), .. } => commands::backup::verify(file, identity.as_deref()),
        Command::Backup { what: Some(BackupCommand::Keygen { out }), .. } => commands::backup::keygen(&out),
        Command::Restore(how) => commands::restore::run(place, how),
        Command::User { what: UserCommand::Recover { login, without_factor } } => {
            commands::user::recover(place, config, &login, without_factor)
        }
        Command::MigrateStore { to, .. } => to.map_or_else(|| commands::migrate::take_up(place), |to| commands::migrate::run(place, &to)),
        Command::MigrateFormat { to } => commands::migrate::format(place, to),
    }
}
