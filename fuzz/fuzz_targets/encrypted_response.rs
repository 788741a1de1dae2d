#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| samlgate_fuzz::signed_response::check_encrypted(input));
