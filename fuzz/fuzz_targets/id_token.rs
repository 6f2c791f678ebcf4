#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shirube_fuzz::identity::id_token(data));
