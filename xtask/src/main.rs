//! Build, test, demo and bench tasks.
fn main() {}
