#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::printed_read(data));
