//! A session comes from `begin` or from a cookie that we sealed.

fn main() {
    let _ = samlgate::session::Session {};
}
