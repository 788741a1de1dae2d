#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| samlgate_fuzz::scim::filter(input));
