#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::files::sha256;
use proptest::prelude::*;
use std::io::{BufReader, Read, Write};

fn seal(bytes: &[u8], recipients: &[Recipient]) -> Vec<u8> {
    let mut sealed = Sealed::new(vec![], recipients).unwrap();
    sealed.write_all(bytes).unwrap();
    sealed.finish().unwrap()
}

/// What could be read, and why no more of it.
fn open(file: &[u8], identities: &[Identity]) -> (Vec<u8>, Option<AgeError>) {
    let mut read = vec![];
    let result = Opened::new(BufReader::with_capacity(1000, file), identities).and_then(|mut opened| opened.read_to_end(&mut read));
    (read, result.err().map(|error| error.get_ref().and_then(|e| e.downcast_ref::<AgeError>()).unwrap_or(&AgeError::Random).clone()))
}

/// The test vectors of the format (C2SP/CCTV, age/testdata), those without passphrases, armor and other kinds of keys.
#[test]
fn the_vectors_of_the_format_are_read_as_they_demand() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/age/vectors");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(2).position(|w| w == b"\n\n").unwrap();
        let (head, mut file) = (String::from_utf8(bytes[..at].to_vec()).unwrap(), bytes[at + 2..].to_vec());
        let all = |key: &str| {
            head.lines().filter_map(|l| l.split_once(": ")).filter(|(k, _)| *k == key).map(|(_, v)| v.to_string()).collect::<Vec<_>>()
        };
        if all("compressed") == ["zlib"] {
            let mut plain = vec![];
            flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut plain).unwrap();
            file = plain;
        }
        let identities: Vec<Identity> = all("identity").iter().flat_map(|text| Identity::of_file(text).unwrap()).collect();
        let (read, error) = open(&file, &identities);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = match error {
            None => "success",
            Some(AgeError::NotForUs) => "no match",
            Some(AgeError::Forged) => "HMAC failure",
            Some(AgeError::Header) => "header failure",
            Some(AgeError::Damaged(_)) => "payload failure",
            Some(other) => panic!("{name}: {other}"),
        };
        assert_eq!([said.to_string()], all("expect")[..], "{name}");
        if let [payload] = &all("payload")[..] {
            assert_eq!(&sha256(&read), payload, "{name}");
        }
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn keys_read_back_and_others_are_refused() {
    let identity = Identity::generate().unwrap();
    let recipient = identity.recipient();
    assert_eq!(recipient.to_string().parse(), Ok(recipient.clone()));
    let file = format!("# public key: {recipient}\n\n{}\n", identity.expose().unwrap());
    assert_eq!(Identity::of_file(&file).unwrap()[0].recipient(), recipient);
    assert_eq!(Recipient::of_file(&format!("# us\n{recipient}\n")), Ok(vec![recipient.clone()]));
    assert_eq!(Identity::of_file("# none\n").err(), Some(AgeError::NoKeys));
    assert_eq!(Identity::of_file(&format!("# a\n{recipient}")).err(), Some(AgeError::Identity { line: 2 }));
    assert!(matches!("age1pq1xyz".parse::<Recipient>(), Err(AgeError::RecipientKind(_))));
    assert!(matches!("bob".parse::<Recipient>(), Err(AgeError::Recipient(_))));
    let secret = identity.expose().unwrap();
    let refused = secret.parse::<Recipient>().unwrap_err().to_string();
    assert!(!refused.contains(&secret), "a secret is repeated");
    assert!(!format!("{identity:?}").contains(&secret));
}

#[test]
fn any_recipient_opens_and_no_other() {
    let keys: Vec<Identity> = (0..3).map(|_| Identity::generate().unwrap()).collect();
    let file = seal(b"text", &[keys[0].recipient(), keys[1].recipient()]);
    for key in &keys[..2] {
        assert_eq!(open(&file, std::slice::from_ref(key)), (b"text".to_vec(), None));
    }
    assert_eq!(open(&file, &keys[2..]).1, Some(AgeError::NotForUs));
    assert_eq!(open(b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", &keys).1, Some(AgeError::Armor));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_and_what_is_changed_or_cut_does_not(chunks in 0..3_usize, over in 0..3_usize, at in 0.0..1.0_f64) {
        // Sizes at and beside the bounds of chunks.
        let bytes: Vec<u8> = (0..(chunks * (64 << 10) + over).saturating_sub(1)).map(|i| i as u8).collect();
        let key = [Identity::generate().unwrap()];
        let file = seal(&bytes, &[key[0].recipient()]);
        prop_assert_eq!(open(&file, &key), (bytes.clone(), None));
        let at = (at * file.len() as f64) as usize;
        prop_assert!(open(&file[..at], &key).1.is_some(), "cut at {}", at);
        let mut changed = file.clone();
        changed[at] ^= 1;
        let (read, error) = open(&changed, &key);
        prop_assert!(error.is_some(), "changed at {}", at);
        prop_assert!(bytes.starts_with(&read), "bytes came out that were not in it");
    }
}
