#![no_main]

// The first call sets the stage, which is no input's time.
libfuzzer_sys::fuzz_target!(init: samlgate_fuzz::signed_response::check(b""), |input: &[u8]| {
    samlgate_fuzz::signed_response::check(input);
});
