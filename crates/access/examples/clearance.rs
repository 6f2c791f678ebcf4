//! How long it takes to work out a whole clearance: every register, state, owner and sensitivity of a pack.
//!
//! `cargo run --release -p shirube-access --example clearance -- packs/medical-device`

use shirube_access::{Clearance, Organisations, Person, Policies, Rows};
use shirube_plan::Files;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "packs/medical-device".into());
    let mut files = Files::new();
    read(Path::new(&folder), "", &mut files)?;
    let (pack, mistakes) = shirube_plan::load(&files);
    println!("{} registers, {} mistakes", pack.registers.len(), mistakes.len());
    let started = Instant::now();
    let policies = Policies::new(Arc::new(pack)).map_err(|found| found.iter().map(|d| format!("{d}\n")).collect::<String>())?;
    println!("policies read and checked: {:.1?}", started.elapsed());
    let policies = Arc::new(policies);
    let tree = Organisations::new([(1, None, None), (2, None, Some(1)), (3, None, Some(1)), (4, None, None)]);
    let member = |role: &str, at: i64| tree.membership(role, at);
    let people = [
        Person::public(),
        Person::new("desk", member("desk", 1).into_iter().collect()),
        Person::new("two hats", member("reporter", 2).into_iter().chain(member("reader", 1)).collect()),
        Person::new("three hats", member("desk", 1).into_iter().chain(member("reporter", 2)).chain(member("hub", 4)).collect()),
    ];
    for person in people {
        let clearance = Clearance::new(&policies, person, Some("duty"))?;
        let mut readable = 0;
        let started = Instant::now();
        let mut slowest = started.elapsed();
        for register in policies.pack().registers.keys() {
            let started = Instant::now();
            readable += usize::from(clearance.rows(register) != Rows::None);
            slowest = slowest.max(started.elapsed());
        }
        let first = started.elapsed();
        let started = Instant::now();
        for register in policies.pack().registers.keys() {
            let _ = clearance.rows(register);
        }
        println!(
            "{}: {readable} registers readable; {first:.1?} (slowest register {slowest:.1?}), again {:.1?}",
            clearance.login(),
            started.elapsed()
        );
    }
    Ok(())
}

fn read(folder: &Path, inside: &str, files: &mut Files) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}
