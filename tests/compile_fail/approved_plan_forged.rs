//! A plan is carried out only after the guardrail has approved it: nothing else makes an `Approved`.

use samlgate::provision::{Approved, Plan, Progress};

fn main() {
    let plan = Plan::default();
    let _ = Progress::new(plan.clone());
    let _ = Progress::new(Approved(plan));
}
