//! Passwords that are known from leaks, looked up in a file that the operator keeps.
//!
//! The file is the one that *Have I Been Pwned* offers for download ("Pwned Passwords", SHA-1, ordered by hash): lines of
//! forty hexadecimal digits, a colon and a count, the count optional. Of thirty and more gigabytes some thirty lines are
//! read for one password, so it stays where it is.

use crate::KeyringError;
use data_encoding::HEXUPPER;
use sha1::{Digest, Sha1};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Digits of a hash.
const DIGITS: usize = 40;
/// A line is a hash and a count; what has more before its end is no such file.
const LINE: u64 = 80;

/// A file of hashes of passwords, in their order.
#[derive(Debug)]
pub struct Leaked {
    path: PathBuf,
}

impl Leaked {
    /// Looks whether the file is one. Fails if it cannot be read, or if its first and last lines do not read as hashes in
    /// their order.
    pub fn open(path: &Path) -> Result<Leaked, KeyringError> {
        let leaked = Leaked { path: path.to_path_buf() };
        leaked.asked(|| {
            let mut lines = Lines::open(path)?;
            let (first, last) = (lines.after(0)?, lines.after(lines.length.saturating_sub(LINE))?);
            if first.is_none() || first > last { Err(no_hash()) } else { Ok(()) }
        })?;
        Ok(leaked)
    }

    /// Whether a password is in the file.
    pub(crate) fn holds(&self, password: &str) -> Result<bool, KeyringError> {
        let sought = HEXUPPER.encode(&Sha1::digest(password));
        self.asked(|| {
            let mut lines = Lines::open(&self.path)?;
            // The first line that is not before the sought one begins after `from` and not after `to`.
            let (mut from, mut to) = (0, lines.length);
            while from < to {
                let middle = from + (to - from) / 2;
                match lines.after(middle)? {
                    Some(hash) if hash < sought => from = middle + 1,
                    _ => to = middle,
                }
            }
            Ok(lines.after(from)? == Some(sought))
        })
    }

    fn asked<T>(&self, ask: impl FnOnce() -> io::Result<T>) -> Result<T, KeyringError> {
        ask().map_err(|cause| KeyringError::Leaked { path: self.path.display().to_string(), cause: cause.to_string() })
    }
}

/// The lines of the file, by where they begin.
struct Lines {
    file: BufReader<File>,
    length: u64,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Lines> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        // A line and what is left of the one before it.
        Ok(Lines { file: BufReader::with_capacity(2 * LINE as usize, file), length })
    }

    /// The hash of the first line that begins at a place or after it.
    fn after(&mut self, place: u64) -> io::Result<Option<String>> {
        if place == 0 {
            self.file.seek(SeekFrom::Start(0))?;
        } else {
            // From the byte before, so that a line that begins just there is not passed over.
            self.file.seek(SeekFrom::Start(place - 1))?;
            self.line()?;
        }
        let line = self.line()?;
        let Some(hash) = line.get(..DIGITS) else { return if line.is_empty() { Ok(None) } else { Err(no_hash()) } };
        let ends = matches!(line.get(DIGITS), None | Some(b':' | b'\r' | b'\n'));
        if !ends || !hash.iter().all(u8::is_ascii_hexdigit) {
            return Err(no_hash());
        }
        Ok(Some(String::from_utf8_lossy(hash).to_ascii_uppercase()))
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = vec![];
        io::Read::take(&mut self.file, LINE).read_until(b'\n', &mut line)?;
        if line.len() as u64 == LINE && !line.ends_with(b"\n") { Err(no_hash()) } else { Ok(line) }
    }
}

fn no_hash() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its lines are not SHA-1 hashes in their order")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file of the hashes of some passwords.
    fn file(passwords: &[String], count: bool, end: &str) -> tempfile::NamedTempFile {
        let mut lines: Vec<String> = passwords.iter().map(|password| HEXUPPER.encode(&Sha1::digest(password))).collect();
        lines.sort();
        lines.dedup();
        let lines = lines.into_iter().enumerate().map(|(n, hash)| if count { format!("{hash}:{}{end}", n * n) } else { hash + end });
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.collect::<String>()).unwrap();
        file
    }

    proptest! {
        /// Each password of the file is found, wherever it stands, and no other.
        #[test]
        fn what_is_in_the_file_is_found_and_nothing_else(
            passwords in prop::collection::vec("[a-z]{1,6}", 1..200), other in "[A-Z]{1,6}", count: bool, crlf: bool,
        ) {
            let file = file(&passwords, count, if crlf { "\r\n" } else { "\n" });
            let leaked = Leaked::open(file.path()).unwrap();
            for password in &passwords {
                prop_assert!(leaked.holds(password).unwrap(), "{password}");
            }
            prop_assert!(!leaked.holds(&other).unwrap());
        }
    }

    #[test]
    fn a_hash_as_it_is_published_is_understood() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004").unwrap();
        let leaked = Leaked::open(file.path()).unwrap();
        assert!(leaked.holds("password").unwrap() && !leaked.holds("Password").unwrap());
    }

    #[test]
    fn another_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let line = |digit: &str| format!("{}\n", digit.repeat(40));
        let long = "0".repeat(200);
        for (name, content) in [
            ("empty", String::new()),
            ("words", "password\n123456\n".into()),
            ("not-hex", line("x")),
            ("longer", format!("{}0\n", "0".repeat(40))),
            ("one-line", long),
            ("by-count", format!("{}{}", line("f"), line("0"))),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let told = Leaked::open(&path).unwrap_err().to_string();
            assert!(told.contains(name) && told.contains("SHA-1"), "{told}");
        }
        assert!(matches!(Leaked::open(&folder.path().join("absent")), Err(KeyringError::Leaked { .. })));
    }
}
