//! Only a decision that lets the person in makes an `Admitted`.

use samlgate::policy::{Admitted, Decision};

fn admit(denied: Decision) -> Admitted {
    Admitted(denied)
}

fn main() {}
