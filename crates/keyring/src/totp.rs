//! The second factor: codes of an authenticator app (TOTP, RFC 6238) and one-time recovery codes.

use crate::{
    Account, Keyring, KeyringError, Moment, SecondFactorError, What,
    hasher::Check,
    keys::New,
    secret,
    table::{Kind, NEVER},
};
use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, QrCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use totp_rs::{Algorithm, Builder, Totp as Codes};
use unicode_normalization::UnicodeNormalization;

/// What every authenticator app takes: SHA-1, six digits, thirty seconds.
const STEP: u64 = 30;
const DIGITS: u8 = 6;
/// Bytes of an app's secret, as long as SHA-1's result.
const SECRET: usize = 20;
/// A clock may be off by so many steps.
const SKEW: u16 = 1;
/// How long one may take to set it up.
const OFFER_LIFE: i64 = 3_600_000;
/// Codes that may be tried to put one offer in force.
const OFFER_TRIES: u32 = 20;
const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code: 60 random bits, hashed like a password.
const RECOVERY_CHARACTERS: usize = 12;

/// What an authenticator app is given, by QR code or by hand.
#[derive(Debug)]
pub struct TotpOffer {
    /// `otpauth://…`
    pub uri: SecretString,
    /// The secret, for typing: Base32.
    pub secret: SecretString,
    /// The address as an SVG image, black on white whatever is around it.
    pub qr_svg: SecretString,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Offer {
    secret: String,
    /// Id of the session that sets it up: nobody else is shown the secret again, or puts it in force.
    #[serde(default)]
    session: String,
    /// Codes that were tried.
    #[serde(default)]
    tries: u32,
}

impl Offer {
    /// Whether a session may try a code.
    fn is_open_to(&self, session: &str) -> bool {
        self.session == session && self.tries < OFFER_TRIES
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Totp {
    secret: String,
    /// The last step whose code was accepted.
    last: u64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct RecoveryCodes {
    hashes: Vec<String>,
}

/// Which second factor was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    Code,
    RecoveryCode,
}

fn codes(base32: &str) -> Result<Codes, KeyringError> {
    let unreadable = |cause: &str| KeyringError::Unreadable { kind: Kind::Totp.name(), cause: cause.to_string() };
    let secret = BASE32_NOPAD.decode(base32.as_bytes()).map_err(|_| unreadable("no Base32"))?;
    let secret = <[u8; SECRET]>::try_from(secret).map_err(|_| unreadable("no secret of this length"))?;
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_step_duration(STEP).with_skew(SKEW);
    builder.with_secret(secret).build().map_err(|_| unreadable("no secret for codes"))
}

/// The step of a code that is right now.
fn step(secret: &str, code: &str, now: Moment) -> Result<Option<u64>, KeyringError> {
    Ok(codes(secret)?.check(code, u64::try_from(now / 1000).unwrap_or_default()))
}

/// A code without the spaces and dashes people put in, and full-width characters as plain ones.
fn plain(typed: &str) -> String {
    typed.nfkc().take(64).filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_uppercase()
}

fn svg(uri: &str) -> Result<String, KeyringError> {
    let code = QrCode::new(uri).map_err(|e| KeyringError::Unreadable { kind: Kind::TotpOffer.name(), cause: e.to_string() })?;
    // Four modules of white around it belong to the code.
    let (width, side) = (code.width(), code.width() + 8);
    let mut path = String::new();
    for (i, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let _ = write!(path, "M{} {}h1v1h-1z", i % width + 4, i / width + 4);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// A secret as an authenticator app is given it.
fn shown(secret: &str, issuer: &str, label: &str) -> Result<TotpOffer, KeyringError> {
    let encode = |text: &str| utf8_percent_encode(&text.replace(':', " "), NON_ALPHANUMERIC).to_string();
    let (issuer, label) = (encode(issuer), encode(label));
    let uri = format!("otpauth://totp/{issuer}:{label}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}");
    Ok(TotpOffer { qr_svg: svg(&uri)?.into(), uri: uri.into(), secret: secret.to_string().into() })
}

impl Keyring {
    /// Begins to set up an authenticator app in a session. Nothing is in force until [`Keyring::confirm_totp`]; one that
    /// is in force stays so until then. `label` is what the app shows beside the issuer.
    pub fn offer_totp(&self, account: Account, session: &str, issuer: &str, label: &str) -> Result<TotpOffer, KeyringError> {
        let secret = BASE32_NOPAD.encode(&secret::random::<SECRET>()?);
        let body = Offer { secret: secret.clone(), session: session.to_string(), tries: 0 };
        let expires = self.keys.now() + OFFER_LIFE;
        self.keys.put(&New { kind: Kind::TotpOffer, id: &account.key(), account: Some(account.0), expires, body: &body })?;
        shown(&secret, issuer, label)
    }

    /// What the session was offered, once more: a code may be mistyped. None if there is nothing to confirm any more.
    pub fn offered_totp(&self, account: Account, session: &str, issuer: &str, label: &str) -> Result<Option<TotpOffer>, KeyringError> {
        let found = self.keys.get::<Offer>(Kind::TotpOffer, &account.key())?.map(|found| found.body);
        found.filter(|offer| offer.is_open_to(session)).map(|offer| shown(&offer.secret, issuer, label)).transpose()
    }

    /// Puts what the session was offered in force, if the code shows that the app has it. Gives new recovery codes, to be
    /// shown once.
    pub fn confirm_totp(&self, account: Account, session: &str, code: &str) -> Result<Vec<SecretString>, KeyringError> {
        let key = account.key();
        // Counted before it is looked at: many at once do not slip through together.
        let count = |offer: &Offer| {
            let counted = offer.is_open_to(session).then(|| Offer { tries: offer.tries + 1, ..offer.clone() });
            (counted, offer.is_open_to(session).then(|| offer.secret.clone()))
        };
        let secret = self.keys.change(Kind::TotpOffer, &key, count)?.flatten().ok_or(SecondFactorError::NotBegun)?;
        let last = step(&secret, &plain(code), self.keys.now())?.ok_or(SecondFactorError::WrongCode)?;
        let offer = self.keys.get::<Offer>(Kind::TotpOffer, &key)?.filter(|offer| offer.body.secret == secret);
        if !offer.map(|offer| self.keys.take(&offer.row)).transpose()?.unwrap_or(false) {
            return Err(SecondFactorError::NotBegun.into());
        }
        let body = Totp { secret, last };
        self.keys.put(&New { kind: Kind::Totp, id: &key, account: Some(account.0), expires: NEVER, body: &body })?;
        self.tell(account, What::SecondFactorAdded);
        self.make_recovery_codes(account)
    }

    /// Whether a second factor is in force.
    pub fn has_second_factor(&self, account: Account) -> Result<bool, KeyringError> {
        Ok(self.keys.get::<Totp>(Kind::Totp, &account.key())?.is_some())
    }

    /// Removes the second factor and its recovery codes. False if there was none.
    pub fn remove_second_factor(&self, account: Account) -> Result<bool, KeyringError> {
        let key = account.key();
        self.keys.remove(Kind::RecoveryCodes, &key)?;
        let was_there = self.keys.remove(Kind::Totp, &key)?;
        if was_there {
            self.tell(account, What::SecondFactorRemoved);
        }
        Ok(was_there)
    }

    /// New recovery codes, to be shown once; the old ones are over.
    pub fn make_recovery_codes(&self, account: Account) -> Result<Vec<SecretString>, KeyringError> {
        if !self.has_second_factor(account)? {
            return Err(SecondFactorError::Absent.into());
        }
        let (mut shown, mut hashes) = (vec![], vec![]);
        for _ in 0..RECOVERY_CODES {
            let code: String = BASE32_NOPAD.encode(&secret::random::<8>()?).chars().take(RECOVERY_CHARACTERS).collect();
            hashes.push(self.hasher.hash(&code)?);
            shown.push(format!("{}-{}-{}", &code[..4], &code[4..8], &code[8..]).into());
        }
        let body = RecoveryCodes { hashes };
        self.keys.put(&New { kind: Kind::RecoveryCodes, id: &account.key(), account: Some(account.0), expires: NEVER, body: &body })?;
        self.tell(account, What::RecoveryCodesMade);
        Ok(shown)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes_left(&self, account: Account) -> Result<usize, KeyringError> {
        Ok(self.keys.get::<RecoveryCodes>(Kind::RecoveryCodes, &account.key())?.map_or(0, |found| found.body.hashes.len()))
    }

    /// Uses up a code of the app or a recovery code.
    pub(crate) fn use_code(&self, account: Account, typed: &str) -> Result<Option<Factor>, KeyringError> {
        let typed = plain(typed);
        Ok(match typed.len() {
            6 if self.use_totp(account, &typed)? => Some(Factor::Code),
            RECOVERY_CHARACTERS if self.use_recovery_code(account, &typed)? => Some(Factor::RecoveryCode),
            _ => None,
        })
    }

    /// A step is accepted once, even from two at once.
    fn use_totp(&self, account: Account, code: &str) -> Result<bool, KeyringError> {
        let now = self.keys.now();
        let mut failed = None;
        let used = self.keys.change(Kind::Totp, &account.key(), |totp: &Totp| match step(&totp.secret, code, now) {
            Ok(Some(step)) if step > totp.last => (Some(Totp { last: step, ..totp.clone() }), true),
            Ok(_) => (None, false),
            Err(error) => {
                failed = Some(error);
                (None, false)
            }
        })?;
        failed.map_or(Ok(used.unwrap_or(false)), Err)
    }

    fn use_recovery_code(&self, account: Account, code: &str) -> Result<bool, KeyringError> {
        let key = account.key();
        let Some(found) = self.keys.get::<RecoveryCodes>(Kind::RecoveryCodes, &key)? else { return Ok(false) };
        let mut right = None;
        for hash in &found.body.hashes {
            if self.hasher.check(code, Some(hash))? != Check::Wrong {
                right = Some(hash.clone());
                break;
            }
        }
        let Some(right) = right else { return Ok(false) };
        let left = self.keys.change(Kind::RecoveryCodes, &key, |codes: &RecoveryCodes| {
            let hashes: Vec<String> = codes.hashes.iter().filter(|hash| **hash != right).cloned().collect();
            let left = (hashes.len() < codes.hashes.len()).then_some(hashes.len());
            (left.map(|_| RecoveryCodes { hashes }), left)
        })?;
        let Some(left) = left.flatten() else { return Ok(false) };
        self.tell(account, What::RecoveryCodeUsed { left });
        Ok(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(step(&secret, code, seconds * 1000).unwrap(), Some(seconds as u64 / STEP));
        }
        assert_eq!(step(&secret, "287083", 59_000).unwrap(), None);
        assert!(step("A", "287082", 59_000).is_err());
    }
}
