//! Nor can the promise of one, which any `Swapped` would turn into a claim.

fn main() {
    let _ = samlgate::session::replay::PendingClaim {};
}
