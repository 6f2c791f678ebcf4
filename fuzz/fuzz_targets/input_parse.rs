#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::input_parse(data));
