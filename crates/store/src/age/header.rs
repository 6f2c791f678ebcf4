//! The header: the key of the file, wrapped once for each recipient, and its authentication.

use super::{AgeError, FILE_KEY, Identity, Recipient, VERSION, derive};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use ring::hmac;
use std::io::{self, BufRead, Read, Write};

/// Longest line of a wrapped key.
const COLUMNS: usize = 64;
/// A header that is longer than this is none.
const LONGEST: u64 = 1 << 20;
/// How an age file in text form begins.
const ARMOR: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// One wrapped key.
pub(super) struct Stanza {
    /// Its kind, then what belongs to the kind.
    pub words: Vec<String>,
    pub body: Vec<u8>,
}

/// Writes the header of a file with this key.
pub(super) fn write(to: &mut impl Write, file_key: &[u8; FILE_KEY], recipients: &[Recipient]) -> io::Result<()> {
    let mut text = format!("{VERSION}\n");
    for recipient in recipients {
        let stanza = recipient.wrap(file_key)?;
        let body = BASE64_STANDARD_NO_PAD.encode(&stanza.body);
        // A wrapped key is shorter than a line, which so ends its stanza.
        text.push_str(&format!("-> {}\n{body}\n", stanza.words.join(" ")));
    }
    text.push_str("---");
    let mac = hmac::sign(&mac_key(file_key)?, text.as_bytes());
    writeln!(to, "{text} {}", BASE64_STANDARD_NO_PAD.encode(mac.as_ref()))
}

/// Reads the header; gives the key of the file.
pub(super) fn read(from: &mut impl BufRead, identities: &[Identity]) -> io::Result<[u8; FILE_KEY]> {
    let mut lines = Lines { from: from.take(LONGEST), text: String::new() };
    match lines.next()? {
        VERSION => {}
        ARMOR => return Err(AgeError::Armor.into()),
        _ => return Err(AgeError::Header.into()),
    }
    let mut stanzas = vec![];
    let mac = loop {
        let line = lines.next()?;
        if let Some(mac) = line.strip_prefix("--- ") {
            break mac.to_string();
        }
        let words: Vec<String> = line.strip_prefix("-> ").ok_or(AgeError::Header)?.split(' ').map(str::to_string).collect();
        if !words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| (33..=126).contains(&b))) {
            return Err(AgeError::Header.into());
        }
        let mut body = String::new();
        loop {
            let line = lines.next()?;
            body.push_str(line);
            match line.len() {
                COLUMNS => {}
                0..COLUMNS => break,
                _ => return Err(AgeError::Header.into()),
            }
        }
        stanzas.push(Stanza { words, body: BASE64_STANDARD_NO_PAD.decode(&body).map_err(|_| AgeError::Header)? });
    };
    if stanzas.is_empty() {
        return Err(AgeError::Header.into());
    }
    let mac = BASE64_STANDARD_NO_PAD.decode(&mac).ok().filter(|mac| mac.len() == 32).ok_or(AgeError::Header)?;
    let signed = lines.text.rfind("--- ").map_or(0, |at| at + 3);
    // A passphrase stands alone, so that whoever knows it knows who encrypted.
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.words[0] == "scrypt") {
        return Err(AgeError::Header.into());
    }
    for stanza in &stanzas {
        for identity in identities {
            if let Some(file_key) = identity.unwrap(stanza)? {
                hmac::verify(&mac_key(&file_key)?, &lines.text.as_bytes()[..signed], &mac).map_err(|_| AgeError::Forged)?;
                return Ok(file_key);
            }
        }
    }
    Err(AgeError::NotForUs.into())
}

fn mac_key(file_key: &[u8; FILE_KEY]) -> Result<hmac::Key, AgeError> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &derive(file_key, &[], "header")?))
}

/// Lines of the header, all of them kept for the authentication.
struct Lines<R> {
    from: io::Take<R>,
    text: String,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<&str> {
        let mut line = vec![];
        self.from.read_until(b'\n', &mut line)?;
        let line = String::from_utf8(line).map_err(|_| AgeError::Header)?;
        if !line.ends_with('\n') {
            return Err(AgeError::Header.into());
        }
        let at = self.text.len();
        self.text.push_str(&line);
        Ok(&self.text[at..self.text.len() - 1])
    }
}
