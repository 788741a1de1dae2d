//! A claim cannot be made up: replay would be one line.

fn main() {
    let _ = samlgate::session::replay::ReplayClaim {};
}
