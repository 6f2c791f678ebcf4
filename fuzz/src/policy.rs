//! Policies of packs.

use crate::files_of;
use shirube_plan::{Pack, PolicyFile};
use std::sync::{Arc, OnceLock};

fn pack() -> &'static Pack {
    static PACK: OnceLock<Pack> = OnceLock::new();
    PACK.get_or_init(|| shirube_plan::load(&files_of("crates/web/tests/access")).0)
}

/// A file of policies; what is found right can be asked.
pub fn policies(data: &[u8]) {
    let file = PolicyFile { path: "policies/a.cedar".into(), text: String::from_utf8_lossy(data).into_owned() };
    let pack = Arc::new(Pack { policies: vec![file], ..pack().clone() });
    if let Ok(policies) = shirube_access::Policies::new(pack) {
        let person = shirube_access::Person::public();
        let _ = shirube_access::Clearance::new(&Arc::new(policies), person, None).map(|clearance| clearance.is_unlimited());
    }
}
