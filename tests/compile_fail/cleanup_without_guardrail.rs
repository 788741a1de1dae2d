//! A run that ends access for everybody whom it did not see takes the guardrail along: nobody is taken out of a list that
//! was not approved, and nothing but the guardrail approves one.

use samlgate::provision::{Approved, Removal, Removals, RunGuardrail};

fn main() {
    let guardrail = RunGuardrail { max_deactivations: 1, max_deactivation_percent: 1 };
    let mut removals = Removals::under(&guardrail);
    let _: Option<Removal> = removals.take();
    let _: Approved<Removals> = Approved(removals);
}
