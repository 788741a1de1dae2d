//! What a decision costs, by the length of the table and the number of the person's groups: `cargo bench --bench policy`.
//! With `-- --table` it prints the part of docs/performance.md that says so.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench fails by panicking and prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use samlgate::base::{Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity};
use samlgate::policy::condition::Expression;
use samlgate::policy::{AccountFacts, Decision, Facts, GroupRule, RequestFacts, Settings, StartUrl, decide};

fn main() {
    if std::env::args().any(|argument| argument == "--table") {
        table();
    } else {
        divan::main();
    }
}

/// Groups of the person that a row of the table names.
const MAPPED: usize = 20;

/// A table, somebody's groups, and the account that the table leads to.
struct Case {
    settings: Settings,
    values: Vec<String>,
    identity: Identity,
    account: AccountFacts,
}

impl Case {
    /// `rules` rows; `groups` groups, of which `mapped` are in the table, spread over it.
    fn new(rules: usize, groups: usize, mapped: usize) -> Self {
        let name = |number: usize| format!("CN=team-{number:05},OU=Groups,DC=example,DC=com");
        let rows = (0..rules).map(|number| GroupRule {
            idp_group: name(number),
            groups: vec![format!("jira-team-{number:05}")],
        });
        let settings = Settings { group_mapping: rows.collect(), ..Settings::default() };
        let in_table = (0..mapped).map(|number| number * (rules / mapped));
        let elsewhere = rules..rules + groups - mapped;
        let values: Vec<String> = in_table.clone().chain(elsewhere).map(name).collect();
        let identity = Identity {
            username: Pii::new(String::from("alice")),
            name_id: None,
            email: None,
            display_name: None,
            groups: AssertedGroups::Known(read(&values)),
            attributes: BTreeMap::new(),
            friendly_names: BTreeMap::new(),
            incomplete_attributes: BTreeSet::new(),
        };
        let have = in_table.map(|number| format!("jira-team-{number:05}")).collect();
        let account = AccountFacts::Present { groups: have, active: true, unfinished: false };
        Self { settings, values, identity, account }
    }

    fn facts(&self) -> Facts<'_> {
        let started_at =
            Some(StartUrl { origin: "https://jira.example.com", path: "/", path_and_query: "/" });
        let request = RequestFacts { started_at };
        Facts { identity: &self.identity, request, account: &self.account, now: UnixTime::from_secs(0) }
    }

    fn decide(&self) -> Decision {
        decide(&black_box(self.facts()), black_box(&self.settings))
    }
}

/// From the values of the attribute to a set, as an assertion is read.
fn read(values: &[String]) -> BTreeSet<String> {
    values.iter().filter(|value| !value.trim().is_empty()).cloned().collect()
}

#[divan::bench(args = [(20, 20), (20, 2_000), (20_000, 20), (20_000, 2_000)])]
fn a_decision(bencher: Bencher<'_, '_>, (rules, groups): (usize, usize)) {
    let case = Case::new(rules, groups, MAPPED);
    bencher.bench_local(|| case.decide());
}

#[divan::bench(args = [20, 2_000])]
fn b_reading_the_groups(bencher: Bencher<'_, '_>, groups: usize) {
    let case = Case::new(groups, groups, MAPPED);
    bencher.bench_local(|| read(black_box(&case.values)));
}

#[divan::bench(args = [20, 2_000])]
fn c_all_groups_mapped(bencher: Bencher<'_, '_>, groups: usize) {
    let case = Case::new(20_000, groups, groups);
    bencher.bench_local(|| case.decide());
}

const EXPRESSIONS: [&str; 3] = [
    "request.present && request.path.startsWith('/servicedesk/')",
    "'CN=nobody' in groups",
    "groups.exists(g, g.startsWith('CN=x') || g.endsWith('DC=org'))",
];

#[divan::bench(args = [(0, 20), (1, 20), (2, 20), (0, 2_000), (1, 2_000), (2, 2_000)])]
fn d_expression(bencher: Bencher<'_, '_>, (which, groups): (usize, usize)) {
    let case = Case::new(groups, groups, MAPPED);
    let expression = Expression::admit(EXPRESSIONS.get(which).unwrap()).unwrap();
    bencher.bench_local(|| expression.holds(&black_box(case.facts())));
}

/// The middle of many times, measured in turn with the others, so that what else runs there hits all alike.
fn medians(mut measured: Vec<Box<dyn FnMut() + '_>>) -> Vec<Duration> {
    const ROUNDS: usize = 301;
    let mut times = vec![Vec::with_capacity(ROUNDS); measured.len()];
    for _ in 0..ROUNDS {
        for (work, times) in measured.iter_mut().zip(&mut times) {
            let began = Instant::now();
            work();
            times.push(began.elapsed());
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort();
            *times.get(ROUNDS / 2).unwrap()
        })
        .collect()
}

fn table() {
    let (small, large) = (Case::new(20, 20, MAPPED), Case::new(20_000, 2_000, MAPPED));
    let all = Case::new(20_000, 2_000, 2_000);
    let expressions = EXPRESSIONS.map(|text| Expression::admit(text).unwrap());
    let mut work: Vec<Box<dyn FnMut()>> = vec![
        Box::new(|| drop(black_box(small.decide()))),
        Box::new(|| drop(black_box(large.decide()))),
        Box::new(|| drop(black_box(read(black_box(&large.values))))),
        Box::new(|| drop(black_box(all.decide()))),
    ];
    for expression in &expressions {
        for case in [&small, &large] {
            work.push(Box::new(move || {
                black_box(expression.holds(&black_box(case.facts())));
            }));
        }
    }
    let micros: Vec<f64> = medians(work).iter().map(|time| time.as_secs_f64() * 1e6).collect();
    let at = |index: usize| *micros.get(index).unwrap();
    println!("| decision | us |\n|---|---:|");
    println!("| 20 rules, 20 groups | {:.1} |", at(0));
    println!("| 20,000 rules, 2,000 groups, {MAPPED} of them in the table | {:.1} |", at(1));
    println!("| reading 2,000 groups | {:.1} |", at(2));
    println!("| 20,000 rules, 2,000 groups, all of them in the table and in the account | {:.1} |", at(3));
    println!("\n| expression | us, 20 groups | us, 2,000 groups |\n|---|---:|---:|");
    for (number, text) in EXPRESSIONS.iter().enumerate() {
        println!(
            "| `{}` | {:.1} | {:.1} |",
            text.replace("||", "\\|\\|"),
            at(4 + 2 * number),
            at(5 + 2 * number)
        );
    }
    println!(
        "\nThe large decision is {:.1} times the small one, and {:.1} times less the cost of reading the groups.",
        at(1) / at(0),
        (at(1) - at(2)).max(0.0) / at(0),
    );
}
