#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shirube_fuzz::portal::request_trial(data));
