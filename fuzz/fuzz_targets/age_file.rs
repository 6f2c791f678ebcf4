#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shirube_fuzz::archive::age_file(data));
