//! Serves the pages over a pack folder, for looking at them while they are made:
//! `cargo run -p shirube-web --example preview -- packs/medical-device 8421`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use shirube_plan::Files;
use std::{path::Path, sync::Arc};

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("folder of a pack");
    let port: u16 = arguments.next().map_or(8421, |p| p.parse().expect("port"));
    let data = arguments.next().map_or_else(|| std::env::temp_dir().join(format!("shirube-preview-{port}")), Into::into);
    let mut files = Files::new();
    read(Path::new(&folder), Path::new(&folder), &mut files);
    let (pack, mistakes) = shirube_plan::load(&files);
    mistakes.iter().for_each(|m| eprintln!("{m}"));
    let store = shirube_store::Store::open(&data, Arc::new(pack)).unwrap();
    let jobs = shirube_web::Jobs::open(data.join("jobs")).unwrap();
    let app = Arc::new(shirube_web::App::new(store, jobs, shirube_web::Site { data, ..Default::default() }, shirube_web::Who::Trial));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        println!("http://127.0.0.1:{port}/");
        let listeners = shirube_web::Listeners { portal: listener, metrics: None };
        shirube_web::serve(app, listeners, std::future::pending()).await;
    });
}
