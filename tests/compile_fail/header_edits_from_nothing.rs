//! There are no empty edits to begin with either.

fn main() {
    let _ = samlgate::effect::Verdict::Forward(samlgate::http::HeaderEdits::default());
}
