//! Programs of other people against the filter: identity providers, an application that believes headers, a browser.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod chromium;
mod gate;
mod pages;
mod pysaml2;
mod radicale;
mod scim;
mod scim_source;
mod scim_tester;
mod second_opinions;
mod signers;
mod simplesamlphp;
mod support;
mod webdriver;
