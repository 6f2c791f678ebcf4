//! `shirube verify`: the event chain, proved.

use super::counted;
use crate::Place;
use crate::failure::Failure;
use shirube_store::{Actor, Lost, Store};
use std::path::Path;
use std::process::ExitCode;

/// Prints the proof or where it breaks; exit 1 when it does. Only reads, so also while the portal has the folder open.
pub fn run(place: &Place, anchors: Option<&Path>) -> Result<ExitCode, Failure> {
    place.has_log()?;
    let from = &place.log;
    let report = Store::verify_beside(&place.data, from, &Actor::owner())?;
    for problem in &report.problems {
        say!("{problem}");
    }
    say!("{}, {} redacted, last hash {}", counted(report.events, "event", "events"), report.redacted, report.last_hash);
    if let Some(moved) = Store::moved(&place.data, from, &Actor::owner())? {
        say!("{moved}");
    }
    say!("{}", if report.is_clean() { "the chain is whole" } else { "the chain is BROKEN" });
    let trail = Store::verify_trail_beside(&place.data, from, &Actor::owner())?;
    for problem in &trail.problems {
        say!("{problem}");
    }
    let (read, last) = (counted(trail.entries, "reading", "readings"), if trail.entries == 0 { "-" } else { &trail.last_hash });
    say!("{read}, {} over, last hash {last}", trail.over);
    say!("{}", if trail.is_clean() { "the trail of readings is whole" } else { "the trail of readings is BROKEN" });
    let mut clean = report.is_clean() && trail.is_clean();
    if let Some(file) = anchors {
        let (held, lost) = Store::verify_anchors(&place.data, from, file, &Actor::owner())?;
        match &lost {
            None => say!("{}", counted(held, "anchor holds", "anchors hold")),
            Some(Lost { anchor, of_trail: true, .. }) => {
                let seq = anchor.readings.as_ref().map_or(0, |end| end.seq);
                say!("reading {seq} was anchored at {}: the trail of readings was cut off or WRITTEN ANEW before it", anchor.at);
            }
            Some(Lost { anchor, found: None, .. }) => {
                say!("event {} was anchored at {} and is not in the log: it was cut off", anchor.seq, anchor.at)
            }
            Some(Lost { anchor, found: Some(found), .. }) => {
                say!("event {} was anchored at {} with hash {}, it has {found} now", anchor.seq, anchor.at, anchor.hash);
                say!("the log was WRITTEN ANEW somewhere before event {}", anchor.seq);
            }
        }
        clean &= lost.is_none();
    }
    Ok(ExitCode::from(u8::from(!clean)))
}
