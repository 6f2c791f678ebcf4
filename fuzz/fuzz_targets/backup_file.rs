#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shirube_fuzz::archive::backup_file(data));
