//! A request is forwarded with edits that come from a head whose identity headers were removed.

use samlgate::effect::Verdict;
use samlgate::http::HeaderEdits;

fn main() {
    let _ = Verdict::Forward(HeaderEdits { remove: Vec::new(), set: Vec::new(), response: Vec::new() });
}
