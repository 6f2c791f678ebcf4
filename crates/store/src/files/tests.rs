//! What every keeper of files does. The bucket is the one of `tests/objects.sh`; without it only the folder is asked.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use std::{
    io::{Read, Write},
    sync::Arc,
};

fn bucket() -> Option<Bucket> {
    let told = std::env::var("SHIRUBE_TEST_S3").ok()?;
    let [endpoint, name, region, access_key, secret_key] = told.split(' ').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let text = str::to_string;
    Some(Bucket {
        endpoint: endpoint.parse().unwrap(),
        name: text(name),
        region: text(region),
        access_key: text(access_key),
        secret_key: text(secret_key),
    })
}

fn open(bucket: Bucket) -> Files {
    Files::open(Path::new(""), &FilesPlace::Bucket(Arc::new(bucket))).unwrap()
}

fn keepers(folder: &Path) -> Vec<Files> {
    let folder = Files::open(folder, &FilesPlace::Folder).unwrap();
    [folder].into_iter().chain(bucket().map(open)).collect()
}

#[test]
fn a_file_is_kept_read_and_removed_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    for files in keepers(folder.path()) {
        let large: Vec<u8> = (0..12_000_000_u32).map(|i| (i >> 7) as u8).collect();
        for bytes in [&b""[..], b"text", &large] {
            let sha = files.keep(bytes).unwrap();
            assert_eq!(sha, sha256(bytes));
            assert_eq!(files.keep(bytes).unwrap(), sha, "twice is once");
            assert_eq!(files.size(&sha).unwrap(), Some(bytes.len() as u64), "{files:?}");
            assert!(files.read(&sha).unwrap() == bytes);
            files.remove(&sha).unwrap();
            files.remove(&sha).unwrap();
            assert_eq!(files.size(&sha).unwrap(), None);
            assert!(matches!(files.read(&sha), Err(StoreError::NoSuchFile(_))));
        }
        for name in ["", "..", "../log.db", &"A".repeat(64), &"0".repeat(63)] {
            assert!(matches!(files.read(name), Err(StoreError::NoSuchFile(_))), "{name}");
            assert!(files.remove(name).is_err(), "{name}");
        }
    }
}

#[test]
fn a_file_that_was_changed_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    for files in keepers(folder.path()) {
        let sha = sha256(b"as it was");
        files.0.keep(&sha, b"otherwise").unwrap();
        assert!(matches!(files.read(&sha), Err(StoreError::Files(FilesError::Damaged(found))) if found == sha), "{files:?}");
        files.remove(&sha).unwrap();
    }
}

/// A file sent with a form has no record yet; through which process the form will be saved is not known.
#[test]
fn what_was_just_sent_is_listed_in_a_folder_and_not_in_a_shared_bucket() {
    let folder = tempfile::tempdir().unwrap();
    for (shared, files) in keepers(folder.path()).iter().enumerate() {
        let sha = files.keep(format!("just sent {shared}").as_bytes()).unwrap();
        assert_eq!(files.all().unwrap().contains(&sha), shared == 0);
        files.remove(&sha).unwrap();
    }
}

#[test]
fn a_bucket_that_is_not_there_is_no_missing_file() {
    let Some(bucket) = bucket() else { return };
    let files = open(Bucket { name: "not-there".into(), ..bucket });
    for refused in [files.keep(b"x").map(drop), files.read(&sha256(b"x")).map(drop), files.all().map(drop)] {
        assert!(matches!(refused, Err(StoreError::Files(FilesError::Refused { status: 404, .. }))), "{refused:?}");
    }
}

#[test]
fn a_wrong_key_is_refused() {
    let Some(bucket) = bucket() else { return };
    let refused = open(Bucket { secret_key: "wrong".into(), ..bucket }).keep(b"x");
    assert!(matches!(refused, Err(StoreError::Files(FilesError::Refused { status: 403, .. }))), "{refused:?}");
}

/// A server that gives these answers, one a connection, and counts them.
fn server(answers: &'static [&'static str]) -> (Bucket, std::thread::JoinHandle<usize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let bucket = Bucket { endpoint, name: "b".into(), region: "r".into(), access_key: "a".into(), secret_key: "hush".into() };
    let served = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut read = vec![];
            while !read.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                read.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
        answers.len()
    });
    (bucket, served)
}

const SLOW_DOWN: &str = "HTTP/1.1 503 x\r\nconnection: close\r\ncontent-length: 40\r\n\r\n<Error><Code>SlowDown</Code></Error>    ";

#[test]
fn a_server_that_is_tired_is_asked_again_and_one_that_refuses_is_not() {
    let sha = sha256(b"text");
    let fine = "HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntext";
    // Cut off in the middle, tired, fine.
    let cut = "HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: 4\r\n\r\nte";
    let answers: &'static [&'static str] = Box::leak(Box::new([cut, SLOW_DOWN, fine]));
    let (bucket, served) = server(answers);
    assert_eq!(open(bucket).read(&sha).unwrap(), b"text");
    assert_eq!(served.join().unwrap(), 3);
    let (bucket, served) = server(&[SLOW_DOWN; 4]);
    let refused = open(bucket).read(&sha).unwrap_err();
    assert!(matches!(&refused, StoreError::Files(FilesError::Refused { status: 503, code, .. }) if code == "SlowDown"), "{refused}");
    assert_eq!(served.join().unwrap(), 4);
    let (bucket, served) = server(&["HTTP/1.1 403 x\r\nconnection: close\r\ncontent-length: 32\r\n\r\n<Error><Code>Denied</Code></Erro>"]);
    let files = open(bucket);
    let refused = files.read(&sha).unwrap_err().to_string();
    assert!(refused.contains("403 Denied") && !refused.contains("hush") && !format!("{files:?}").contains("hush"), "{refused}");
    served.join().unwrap();
    let gone = Bucket {
        endpoint: "http://127.0.0.1:1".parse().unwrap(),
        name: "b".into(),
        region: "r".into(),
        access_key: "a".into(),
        secret_key: "hush".into(),
    };
    assert!(matches!(open(gone).read(&sha), Err(StoreError::Files(FilesError::Unreachable { .. }))));
}
