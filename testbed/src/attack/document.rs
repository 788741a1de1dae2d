//! `docs/threats.md`, as far as it is about messages: made from the table of attacks.

use super::{Attack, Class, PUBLISHED, Threat, all};

/// The lines between which the document is made from the factory.
pub const BEGIN: &str =
    "<!-- Made from testbed/src/attack by `cargo xtask threats`; do not edit up to the end mark. -->";
/// Behind them the document is written by hand.
pub const END: &str = "<!-- End of what is made from testbed/src/attack. -->";

/// Attacks that are named for one threat; `cargo run -p testbed --bin attacks` writes all of them.
const NAMED: usize = 4;

/// The tables of attacks and of what was published.
#[must_use]
pub fn markdown() -> String {
    let refused = all().iter().filter(|attack| attack.code().is_some()).count();
    let mut text = format!(
        "{} attacks, {refused} of which are refused with the code that the table says; the others change nothing that counts, \
         and the person who signs in is the same.\n\n",
        all().len(),
    );
    for class in Class::ALL {
        text.push_str(&format!("### {}\n\n", class.title()));
        text.push_str(
            "| attack | where it comes from, who suffered | what forbids it | tests |\n|---|---|---|---|\n",
        );
        let mut seen: Vec<&Threat> = Vec::new();
        for attack in all().iter().filter(|attack| attack.class() == class) {
            if seen.contains(&attack.threat) {
                continue;
            }
            seen.push(attack.threat);
            let Threat { attack: what, source, answer, .. } = attack.threat;
            let tests: Vec<&Attack> = all().iter().filter(|other| other.threat == attack.threat).collect();
            text.push_str(&format!("| {what} | {source} | {answer} | {} |\n", tests_of(&tests)));
        }
        text.push('\n');
    }
    text.push_str("### Breaks of other products\n\nA star stands for every attack whose name begins so.\n\n");
    text.push_str(
        "| published | who suffered | what it was | our tests of that shape |\n|---|---|---|---|\n",
    );
    for broken in PUBLISHED {
        let names: Vec<String> = broken.attacks.iter().map(|name| format!("`{name}`")).collect();
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            broken.name,
            broken.product,
            broken.what,
            names.join(", ")
        ));
    }
    text
}

fn tests_of(tests: &[&Attack]) -> String {
    let shown = |attack: &&Attack| match attack.code() {
        Some(code) => format!("`{}` {}", attack.name, code.id()),
        None => format!("`{}` accepted", attack.name),
    };
    // Those that differ in their code say more than the first ones.
    let mut chosen: Vec<&Attack> = Vec::new();
    for test in tests {
        if chosen.len() < NAMED && chosen.iter().all(|chosen| chosen.expect != test.expect) {
            chosen.push(test);
        }
    }
    for test in tests {
        if chosen.len() < NAMED && chosen.iter().all(|chosen| chosen.name != test.name) {
            chosen.push(test);
        }
    }
    let mut text = chosen.iter().map(shown).collect::<Vec<_>>().join(", ");
    let more = tests.len().saturating_sub(chosen.len());
    if more > 0 {
        text.push_str(&format!(", {more} more"));
    }
    text
}
