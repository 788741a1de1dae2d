//! Not a benchmark: shows that the orders of magnitude in the design hold. Run with
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo test --lib session::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use super::{Counting, NOW, jar, open, session, settings};
use crate::effect::NothingStored;
use crate::session::{OpenedCache, seal};

#[test]
#[ignore = "measures time"]
#[expect(clippy::print_stderr, reason = "the numbers are what this is run for")]
fn opening_a_cookie_takes_microseconds() {
    let settings = settings();
    let mut session = session();
    session.fields.groups = (0..18).map(|index| format!("group-{index}")).collect();
    let cookies = seal(&session, &settings, &[], &Counting::default()).unwrap();
    let jar = jar(&cookies);
    let mut cache = OpenedCache::new(512);
    let best = |run: &mut dyn FnMut()| {
        (0..50)
            .map(|_| {
                let begun = Instant::now();
                (0..200).for_each(|_| run());
                begun.elapsed() / 200
            })
            .min()
            .unwrap()
    };
    let opened = best(&mut || drop(open(&jar, &settings, NOW).unwrap()));
    let cached = best(&mut || drop(cache.open(&jar, &settings, NOW, &NothingStored, |_| ()).unwrap()));
    let sealed = best(&mut || drop(seal(&session, &settings, &[], &Counting::default()).unwrap()));
    eprintln!("{} characters: open {opened:?}, cached {cached:?}, seal {sealed:?}", jar[0].1.len());
    assert!(opened.as_micros() < 20 && cached < opened);
}
