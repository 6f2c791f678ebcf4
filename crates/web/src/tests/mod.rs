//! What the pages do over a store with a small pack.
#![allow(clippy::unwrap_used, clippy::panic)]

mod accounts;
mod api;
mod authorisation;
mod desk_pages;
mod few;
mod forms;
mod html;
mod imports;
mod lists;
mod mail;
mod network;
mod notices;
mod people;
mod provider;
mod reading;
mod refusals;
mod rights;
mod telling;
mod trail;
mod ways_in;
mod whose;

use crate::testing::Portal;
use shirube_snapshot::{AsOf, Record};
use shirube_store::Actor;

/// Id of the record whose title field holds a text.
fn id_of(portal: &Portal, register: &str, title: &str) -> i64 {
    let reader = portal.app.store.reader(&Actor::owner(), AsOf::Head).unwrap();
    crate::names::resolve(&reader, register, title).unwrap()
}

fn record(portal: &Portal, register: &str, id: i64) -> Record {
    portal.app.store.reader(&Actor::owner(), AsOf::Head).unwrap().record(register, id).unwrap().unwrap()
}

/// The id at the end of the address a form sends its reader to.
fn sent_to(location: Option<&str>) -> i64 {
    location.unwrap().split('?').next().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}
