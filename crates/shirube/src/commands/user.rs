//! `shirube user`: ways in, made on the machine itself.

use crate::Place;
use crate::address;
use crate::config::Config;
use crate::failure::Failure;
use crate::office::{self, Reading};
use shirube_keyring::{Account, Purpose};
use shirube_record::Cell;
use shirube_snapshot::{Filter, ListQuery, Op};
use std::process::ExitCode;

const REGISTER: &str = "office_account";

/// Prints a link by which an account chooses a new password; on request removes its authenticator app, too. Also beside a
/// running portal: whoever may run this reads the data folder anyway.
pub fn recover(place: &Place, config: &Config, login: &str, without_factor: bool) -> Result<ExitCode, Failure> {
    if config.accounts == Some(false) {
        return Err(Failure::Misuse("accounts are off here (`accounts` in the settings), so nobody needs a way in".into()));
    }
    // Who signs in does it where the log is.
    office::refuse_moved(place)?;
    let reading = Reading::open(place, None, "shirube user recover")?;
    let reader = &reading.reader;
    let filters = vec![Filter { column: "login".into(), op: Op::Eq, values: vec![login.to_string()] }];
    let found = reader.list(&ListQuery { register: REGISTER.into(), filters, limit: 1, ..ListQuery::default() })?;
    let record = found.rows.first().map(|row| reader.record(REGISTER, row.id)).transpose()?.flatten();
    reading.settle(place)?;
    let Some(record) = record else {
        let known = format!("`shirube export {REGISTER}` lists them");
        return Err(Failure::Unknown { what: "account", name: login.to_string(), known });
    };
    if record.content.get("kind") == Some(&Cell::Text("service".into())) {
        return Err(Failure::Misuse(format!("`{login}` is a program, which comes in by a token: make one on its page")));
    }
    let purpose = match record.state.as_deref() {
        Some("active") => Purpose::Recovery,
        Some("invited") => Purpose::Invitation,
        state => {
            let state = state.unwrap_or("not there");
            return Err(Failure::Misuse(format!(
                "`{login}` is {state}: whoever manages accounts moves it back first; where nobody can, a start of the portal prints a link to make an owner"
            )));
        }
    };
    let keyring = office::keyring(place, Box::new(|_| ()))?;
    let account = Account(record.id);
    if without_factor && keyring.remove_second_factor(account)? {
        say!("the authenticator app of {login} was removed");
    }
    let path = shirube_web::link_path(&keyring, purpose, account)?;
    let at = address::running(&place.data).unwrap_or_else(|| {
        let (at, data) = (address::of(config, config.listen), place.data.display());
        eprintln!("shirube: note: no portal runs on {data}, so the link leads to {at}, where the settings would have one");
        eprintln!("    mend: if it runs elsewhere, say where with --listen, or with public_url in the settings");
        at
    });
    say!("{login} chooses a password within 24 hours at\n{}", super::link(&at, &path));
    Ok(ExitCode::SUCCESS)
}
