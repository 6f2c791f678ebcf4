//! Slowing down those who guess, without locking out those who know.
//!
//! After OWASP's "Slow Down Online Guessing Attacks with Device Cookies": who signs in fully is given a cookie for
//! that login. With it, only failures of that very device count. Without it, failures count by login and network of
//! the client, and by network alone. So a stranger slows strangers down, and no one on a device of theirs.
//!
//! An attempt is counted as a failure before it is looked at, and taken back when it succeeds: many at once cannot
//! slip through together.

use crate::{
    KeyringError,
    clock::Moment,
    keys::{ATTEMPTS, Keys, New},
    secret,
    table::{Kind, NEVER},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};
use unicode_normalization::UnicodeNormalization;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// How long a device is known. Browsers keep no cookie longer than 400 days.
const DEVICE_LIFE: i64 = 365 * 24 * HOUR;
/// A login of more characters is none.
const LOGIN_CHARACTERS: usize = 320;

/// How failures of one kind slow down.
struct Rule {
    /// So many cost nothing.
    free: u32,
    /// The wait after the next one. Each further one doubles it, up to the longest.
    first: i64,
    longest: i64,
    /// After so long, one is forgiven.
    forgiven: i64,
}

/// Of one login, from one device or one network: someone who mistypes.
const LOGIN: Rule = Rule { free: 5, first: SECOND, longest: HOUR, forgiven: HOUR };
/// Of one network, whatever the login: an office behind one address.
const NETWORK: Rule = Rule { free: 50, first: SECOND, longest: 15 * MINUTE, forgiven: 5 * MINUTE };
/// Of codes for one account from devices that are not known. Whoever gets here has the password.
const CODES: Rule = Rule { free: 10, first: SECOND, longest: 15 * MINUTE, forgiven: HOUR };
/// Letters that one network asks for without being signed in, whoever they go to: an office behind one address.
const ASKED: Rule = Rule { free: 10, first: MINUTE, longest: HOUR, forgiven: 10 * MINUTE };
/// Letters that go to one account because strangers ask for them: a mailbox is not to be flooded.
const LETTERS: Rule = Rule { free: 2, first: 10 * MINUTE, longest: 12 * HOUR, forgiven: 6 * HOUR };

impl Rule {
    fn wait(&self, failures: u32) -> i64 {
        match failures.checked_sub(self.free) {
            None | Some(0) => 0,
            Some(beyond) => 1_i64
                .checked_shl(beyond - 1)
                .and_then(|times| self.first.checked_mul(times))
                .filter(|wait| (1..self.longest).contains(wait))
                .unwrap_or(self.longest),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Counter {
    failures: u32,
    /// Since when the next one to be forgiven counts.
    since: Moment,
    /// No attempt before.
    until: Moment,
}

impl Counter {
    /// What is left of it now. A clock that was set back neither forgives nor locks for ever.
    fn at(self, now: Moment, rule: &Rule) -> Counter {
        let since = self.since.min(now);
        let forgiven = u32::try_from((now - since) / rule.forgiven).unwrap_or(u32::MAX);
        Counter {
            failures: self.failures.saturating_sub(forgiven),
            since: since + i64::from(forgiven) * rule.forgiven,
            until: self.until.min(now + rule.longest),
        }
    }
}

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The address the request came from, as far as the caller trusts it.
    pub address: IpAddr,
    /// The device cookie it brought.
    pub device: Option<&'a str>,
}

/// A failure that was counted.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Charge {
    counter: String,
    /// The counter's version since.
    version: i64,
}

/// An attempt that was counted, to be taken back when it succeeds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Pass {
    /// Of the login: by device if that is known, else by network.
    login: Charge,
    /// Of the network; none for a known device.
    network: Option<Charge>,
}

/// Whether an attempt may be looked at.
#[derive(Debug)]
pub(crate) enum Admission {
    Go(Pass),
    Wait(Moment),
}

/// The counters.
#[derive(Debug)]
pub(crate) struct Throttle {
    key: SecretString,
}

impl Throttle {
    /// With the key that signs cookies, made when first needed; all processes share it.
    pub fn open(keys: &Keys) -> Result<Throttle, KeyringError> {
        let made = secret::random_secret()?;
        let body = made.expose_secret().to_string();
        keys.insert(&New { kind: Kind::Key, id: "throttle", account: None, expires: NEVER, body: &body })?;
        let key = keys.get::<String>(Kind::Key, "throttle")?.map_or(made, |found| found.body.into());
        Ok(Throttle { key })
    }

    /// A login as it is counted: what looks the same is the same, and what a stranger typed is not kept (it is now
    /// and then a password).
    pub fn login(&self, typed: &str) -> String {
        let folded: String = typed.trim().nfkc().take(LOGIN_CHARACTERS).collect::<String>().to_lowercase();
        secret::keyed(&self.key, &["login", &folded])
    }

    /// A cookie for whoever signed in fully, with the login as [`Throttle::login`] gives it.
    pub fn device_cookie(&self, keys: &Keys, login: &str) -> Result<SecretString, KeyringError> {
        let (id, since) = (secret::random_id()?, keys.now().to_string());
        let seal = self.seal(login, &id, &since);
        Ok(format!("{id}.{since}.{seal}").into())
    }

    fn seal(&self, login: &str, id: &str, since: &str) -> String {
        secret::keyed(&self.key, &["device", login, id, since])
    }

    /// The device, if its cookie is ours, for this login, and not too old.
    fn device<'a>(&self, now: Moment, login: &str, cookie: &'a str) -> Option<&'a str> {
        let mut parts = cookie.splitn(3, '.');
        let (id, since, seal) = (parts.next()?, parts.next()?, parts.next()?);
        let age = now.checked_sub(since.parse().ok()?)?;
        (secret::same(seal, &self.seal(login, id, since)) && age < DEVICE_LIFE).then_some(id)
    }

    /// Counts an attempt to sign in, or says when the next one may be made.
    pub fn admit(&self, keys: &Keys, login: &str, client: &Client<'_>) -> Result<Admission, KeyringError> {
        let login = self.login(login);
        if let Some(device) = client.device.and_then(|cookie| self.device(keys.now(), &login, cookie)) {
            let login = secret::keyed(&self.key, &["counter", "device", &login, device]);
            return Ok(match charge(keys, login, &LOGIN)? {
                Ok(login) => Admission::Go(Pass { login, network: None }),
                Err(until) => Admission::Wait(until),
            });
        }
        let network = network(client.address);
        let login = secret::keyed(&self.key, &["counter", "login", &login, &network]);
        let network = match charge(keys, secret::keyed(&self.key, &["counter", "network", &network]), &NETWORK)? {
            Ok(network) => network,
            Err(until) => return Ok(Admission::Wait(until)),
        };
        match charge(keys, login, &LOGIN)? {
            Ok(login) => Ok(Admission::Go(Pass { login, network: Some(network) })),
            Err(until) => {
                take_back(keys, &network, &NETWORK)?;
                Ok(Admission::Wait(until))
            }
        }
    }

    /// Takes an attempt back that no one is to blame for.
    pub fn take_back(&self, keys: &Keys, pass: &Pass) -> Result<(), KeyringError> {
        pass.network.as_ref().map_or(Ok(()), |network| take_back(keys, network, &NETWORK))?;
        take_back(keys, &pass.login, &LOGIN)
    }

    /// Counts an attempt at a code, or says when the next one may be made. A known device keeps its own count.
    pub fn admit_code(&self, keys: &Keys, account: i64, pass: &Pass) -> Result<Option<Moment>, KeyringError> {
        let charged = match pass.network {
            None => charge(keys, pass.login.counter.clone(), &LOGIN)?,
            Some(_) => charge(keys, self.codes(account), &CODES)?,
        };
        Ok(charged.err())
    }

    /// After a full sign-in: the login's failures from here are forgotten, the network's attempt is taken back. The
    /// network's other failures stay, or a guesser with an account of their own could wipe them out.
    pub fn succeed(&self, keys: &Keys, account: i64, pass: &Pass) -> Result<(), KeyringError> {
        keys.remove(Kind::Counter, &pass.login.counter)?;
        let Some(network) = &pass.network else { return Ok(()) };
        keys.remove(Kind::Counter, &self.codes(account))?;
        take_back(keys, network, &NETWORK)
    }

    /// Counts a letter that somebody asks for without being signed in, or says when the next one may be asked for.
    pub fn admit_asking(&self, keys: &Keys, address: IpAddr) -> Result<Option<Moment>, KeyringError> {
        Ok(charge(keys, secret::keyed(&self.key, &["counter", "asked", &network(address)]), &ASKED)?.err())
    }

    /// Counts a letter to an account, or says when the next one may be sent.
    pub fn admit_letter(&self, keys: &Keys, account: i64) -> Result<Option<Moment>, KeyringError> {
        Ok(charge(keys, secret::keyed(&self.key, &["counter", "letters", &account.to_string()]), &LETTERS)?.err())
    }

    fn codes(&self, account: i64) -> String {
        secret::keyed(&self.key, &["counter", "codes", &account.to_string()])
    }
}

/// What counts as one client: an IPv4 address, or the 64 leading bits of an IPv6 address, which a household has.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).to_string(),
    }
}

/// Counts a failure, or answers until when to wait.
fn charge(keys: &Keys, counter: String, rule: &Rule) -> Result<Result<Charge, Moment>, KeyringError> {
    for _ in 0..ATTEMPTS {
        let now = keys.now();
        let found = keys.get::<Counter>(Kind::Counter, &counter)?;
        let before = found.as_ref().map_or(Counter { since: now, ..Counter::default() }, |found| found.body.at(now, rule));
        if before.until > now {
            // A wait that a clock set back has shortened is written down: else it would begin anew with every attempt.
            let shortened = found.as_ref().filter(|found| found.body.until > before.until);
            if shortened.is_some() {
                let expires = before.until.max(now + i64::from(before.failures) * rule.forgiven);
                let new = New { kind: Kind::Counter, id: &counter, account: None, expires, body: &before };
                if keys.put_if(shortened, &new)?.is_none() {
                    continue;
                }
            }
            return Ok(Err(before.until));
        }
        let failures = before.failures.saturating_add(1);
        // One that costs nothing makes nobody wait, nor who read the clock a moment before.
        let until = Some(rule.wait(failures)).filter(|wait| *wait > 0).map_or(0, |wait| now + wait);
        let body = Counter { failures, until, ..before };
        let expires = body.until.max(body.since + i64::from(failures) * rule.forgiven);
        let new = New { kind: Kind::Counter, id: &counter, account: None, expires, body: &body };
        if let Some(version) = keys.put_if(found.as_ref(), &new)? {
            return Ok(Ok(Charge { counter, version }));
        }
    }
    Err(KeyringError::Contended(Kind::Counter.name()))
}

/// Takes one failure back, and the wait it caused if no other came after it.
fn take_back(keys: &Keys, charge: &Charge, rule: &Rule) -> Result<(), KeyringError> {
    for _ in 0..ATTEMPTS {
        let Some(found) = keys.get::<Counter>(Kind::Counter, &charge.counter)? else { return Ok(()) };
        let counter = found.body.at(keys.now(), rule);
        let until = if charge.version == found.row.version { 0 } else { counter.until };
        let body = Counter { failures: counter.failures.saturating_sub(1), until, ..counter };
        let done = if body.failures == 0 { keys.take(&found.row)? } else { keys.replace(&found, &body)?.is_some() };
        if done {
            return Ok(());
        }
    }
    Err(KeyringError::Contended(Kind::Counter.name()))
}
