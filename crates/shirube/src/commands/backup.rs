//! `shirube backup`: one file with the log and its attached files.

use super::counted;
use crate::Place;
use crate::failure::Failure;
use crate::office;
use clap::Args;
use shirube_store::{Actor, AgeError, Archive, BackupError, Identity, Manifest, Phase, Progress, Recipient, Seal, Store, StoreError};
use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often long work says how far it is.
const EVERY: Duration = Duration::from_secs(2);

/// How a backup is written.
#[derive(Args)]
pub struct How {
    /// The backup; must not exist
    #[arg(long, required = true)]
    out: Option<PathBuf>,
    /// Whom it is encrypted to (age1…); may be given several times
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<String>,
    /// File with recipients, one a line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
    /// Not encrypted: whoever has the file reads all of it, personal columns included
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file"])]
    plain: bool,
}

/// Writes a backup. Only reads, so also while the portal has the folder open.
pub fn run(place: &Place, how: How) -> Result<ExitCode, Failure> {
    let Some(out) = &how.out else { return Err(Failure::Misuse("name the file with --out".to_string())) };
    let seal = if how.plain { Seal::Plain } else { Seal::Recipients(recipients(&how)?) };
    if matches!(&seal, Seal::Recipients(recipients) if recipients.is_empty()) {
        let mend = "name one with --recipient (make a key with `shirube backup keygen --out FILE`), or say --plain";
        return Err(Failure::Misuse(format!("{}: {mend}", BackupError::NoRecipient)));
    }
    let pack = office::pack(place)?;
    let manifest =
        Store::backup((&place.data, &place.store()), &pack, (out, &seal), &Actor::owner().asking("shirube backup", None), &teller())?;
    tell(&manifest)?;
    say!("written to {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Proves a backup; exit 1 if it does not hold.
pub fn verify(file: PathBuf, identity: Option<&Path>) -> Result<ExitCode, Failure> {
    let archive = archive(file, identity)?;
    match Store::verify_backup(&archive, &Actor::owner(), &teller()) {
        Ok((manifest, report)) => {
            tell(&manifest)?;
            say!("{} redacted; the backup is whole", counted(report.redacted, "payload", "payloads"));
            Ok(ExitCode::SUCCESS)
        }
        Err(StoreError::Backup(error)) if is_no(&error) => {
            say!("{error}");
            say!("the backup is BROKEN");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_no(error: &BackupError) -> bool {
    use AgeError as A;
    let age = |error: &AgeError| matches!(error, A::Header | A::Forged | A::Damaged(_));
    matches!(error, BackupError::Damaged { .. } | BackupError::NotABackup { .. })
        || matches!(error, BackupError::Age { error, .. } if age(error))
}

/// Makes a key: the secret to a file that only its owner reads, the recipient to standard output.
pub fn keygen(out: &Path) -> Result<ExitCode, Failure> {
    let identity = Identity::generate().map_err(key(out))?;
    let recipient = identity.recipient();
    let text = format!("# recipient: {recipient}\n{}\n", identity.expose().map_err(key(out))?);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(out)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Misuse(format!("{} exists: name a new file", out.display())),
        _ => Failure::File { path: out.to_owned(), cause },
    })?;
    eprintln!("the secret key is in {}: keep it where the backups are not, for without it they cannot be read", out.display());
    say!("{recipient}");
    Ok(ExitCode::SUCCESS)
}

fn recipients(how: &How) -> Result<Vec<Recipient>, Failure> {
    let said = |text: &String| text.parse().map_err(key(Path::new("--recipient")));
    let mut recipients: Vec<Recipient> = how.recipient.iter().map(said).collect::<Result<_, _>>()?;
    if let Some(path) = &how.recipients_file {
        recipients.extend(Recipient::of_file(&read(path)?).map_err(key(path))?);
    }
    Ok(recipients)
}

/// A backup with what opens it.
pub fn archive(path: PathBuf, identity: Option<&Path>) -> Result<Archive, Failure> {
    let identities = match identity {
        Some(file) => Identity::of_file(&read(file)?).map_err(key(file))?,
        None => vec![],
    };
    Ok(Archive { path, identities })
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|cause| Failure::File { path: path.to_owned(), cause })
}

fn key(place: &Path) -> impl Fn(AgeError) -> Failure {
    move |cause| Failure::Key { place: place.display().to_string(), cause }
}

/// Says what a backup holds.
pub fn tell(manifest: &Manifest) -> Result<(), Failure> {
    let Manifest { pack, taken_at, events, last_hash, files, missing, .. } = manifest;
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    say!("pack {} {}, taken at {taken_at}", pack.id, pack.version);
    say!("{}, last hash {last_hash}", counted(*events, "event", "events"));
    say!("{}, {}", counted(files.len(), "attached file", "attached files"), counted(bytes, "byte", "bytes"));
    if !missing.is_empty() {
        let (one, many) = ("attached file that records name was never here", "attached files that records name were never here");
        say!("{}: {}", counted(missing.len(), one, many), missing.join(", "));
    }
    Ok(())
}

/// Says on standard error how far long work is.
pub fn teller() -> impl Fn(Progress) {
    let next = Cell::new(Instant::now() + EVERY);
    move |Progress { phase, done, of }| {
        let now = Instant::now();
        if now < next.get() {
            return;
        }
        next.set(now + EVERY);
        let what = match phase {
            Phase::Checking => "events checked",
            Phase::Events => "events copied",
            Phase::Files => "attached files copied",
        };
        eprintln!("{done} of {of} {what}");
    }
}
