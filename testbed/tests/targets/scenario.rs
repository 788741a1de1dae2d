//! Sign-ins while everything works.

use std::collections::BTreeSet;

use serde_json::json;
use testbed::idp::{Groups, User};

use crate::stage::{Turn, set};

const PORTAL: &str = "/servicedesk/customer/portal/1";

/// A group whose name would end a path segment, a query, a filter and a string, were it not encoded.
pub(crate) const ODD_GROUP: &str = "a/b?c=d&e \"f\" eq \\ Ü'";

fn with_licence(turn: &Turn, groups: &[&str]) -> BTreeSet<String> {
    let mut all = set(groups);
    all.insert(turn.product.traits().licence_group.to_owned());
    all
}

pub(crate) fn first_sign_in_creates_and_assigns(turn: &Turn) {
    assert_eq!(turn.product.account("agent"), None);
    turn.enter("agent", "/");
    let account = turn.account("agent");
    assert!(account.active);
    assert_eq!(account.groups, with_licence(turn, &["service-desk-agents", "staff"]));
    assert!(account.licensed, "who works in the application uses a seat");
    assert_eq!(account.organizations, BTreeSet::new(), "an agent is in no customer's organization");
}

pub(crate) fn second_sign_in_makes_no_write(turn: &Turn) {
    turn.enter("agent", "/");
    let before = turn.account("agent");
    for path in ["/", "/browse/A-1"] {
        let (_, writes) = turn.cost(|| drop(turn.enter("agent", path)));
        assert_eq!(writes, 0, "{path}:\n{}", turn.shown());
    }
    assert_eq!(turn.account("agent"), before);
}

pub(crate) fn a_group_removed_at_the_identity_provider_is_removed(turn: &Turn) {
    turn.enter("agent", "/");
    turn.scene.idp.set_groups("agent", &["idp-staff", "idp-customers"]);
    turn.enter("agent", "/");
    assert_eq!(turn.groups("agent"), with_licence(turn, &["portal-customers", "staff"]));
    turn.scene.idp.change(|options| options.groups = Groups::These(Vec::new()));
    turn.enter("agent", "/gone");
    assert_eq!(turn.groups("agent"), with_licence(turn, &[]));
    assert_eq!(turn.told_groups("/gone"), Some(json!([turn.product.traits().licence_group])));
}

pub(crate) fn groups_that_are_not_asserted_take_nothing_away(turn: &Turn) {
    turn.enter("agent", "/");
    let before = turn.account("agent");
    for groups in [Groups::Omitted, Groups::Overage] {
        let asserted = groups.clone();
        turn.scene.idp.change(move |options| options.groups = asserted.clone());
        let (_, writes) = turn.cost(|| drop(turn.enter("agent", "/")));
        assert_eq!((turn.account("agent"), writes), (before.clone(), 0), "{groups:?}:\n{}", turn.shown());
    }
}

pub(crate) fn groups_of_others_are_left_alone(turn: &Turn) {
    turn.seed("leaver", &["staff", "chess-club", "jira-administrators"]);
    turn.enter("leaver", "/");
    assert_eq!(turn.groups("leaver"), set(&["chess-club", "jira-administrators"]));
}

pub(crate) fn a_portal_customer_costs_no_licence(turn: &Turn) {
    let traits = turn.product.traits();
    if !traits.portal {
        return;
    }
    turn.enter("customer", PORTAL);
    let account = turn.account("customer");
    assert!(account.active && !account.licensed, "{account:?}");
    assert_eq!(account.groups, set(&["portal-customers"]));
    assert_eq!(account.organizations, set(traits.organizations));
    // Later visits, by whichever door, neither give nor take; the first by another door may note that.
    turn.enter("customer", "/");
    for path in [PORTAL, "/", "/servicedesk/"] {
        let (_, writes) = turn.cost(|| drop(turn.enter("customer", path)));
        assert_eq!((turn.account("customer"), writes), (account.clone(), 0), "{path}:\n{}", turn.shown());
    }
}

pub(crate) fn a_deactivated_account_is_refused(turn: &Turn) {
    if !turn.product.traits().deactivation {
        return;
    }
    turn.seed("leaver", &["staff"]);
    turn.product.set_active("leaver", false);
    let before = turn.account("leaver");
    let (_, writes) = turn.cost(|| assert_eq!(turn.refused("leaver", "/"), "SG8007"));
    assert_eq!((turn.account("leaver"), writes), (before, 0), "{}", turn.shown());
    // And not for good.
    turn.product.set_active("leaver", true);
    turn.enter("leaver", "/");
    assert_eq!(turn.groups("leaver"), BTreeSet::new());
}

pub(crate) fn a_deactivated_account_is_reactivated_where_that_is_allowed(turn: &Turn) {
    let traits = turn.product.traits();
    if !traits.deactivation || !traits.reactivation {
        return;
    }
    turn.seed("agent", &["staff"]);
    turn.product.set_active("agent", false);
    turn.enter("agent", "/");
    let account = turn.account("agent");
    assert!(account.active);
    assert!(account.groups.is_superset(&set(&["service-desk-agents", "staff"])), "{account:?}");
}

pub(crate) fn names_that_look_like_paths_and_filters_are_names(turn: &Turn) {
    if !turn.product.takes_odd_names() {
        return;
    }
    let name = "o'brien+x&y=1%2f";
    turn.scene.idp.add_user(User::new(name, "O' \"Brien\" \\ <b>", &["idp-odd", "idp-staff"]));
    turn.enter(name, "/");
    let wanted = with_licence(turn, &[ODD_GROUP, "staff"]);
    assert_eq!(folded(&turn.groups(name)), folded(&wanted), "{}", turn.shown());
    let (_, writes) = turn.cost(|| drop(turn.enter(name, "/")));
    assert_eq!(writes, 0, "{}", turn.shown());
    turn.scene.idp.set_groups(name, &["idp-staff"]);
    turn.enter(name, "/");
    assert_eq!(turn.groups(name), with_licence(turn, &["staff"]), "{}", turn.shown());
}

/// Some applications keep the names of groups in lower case.
fn folded(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

pub(crate) fn parallel_sign_ins_of_one_person_all_succeed(turn: &Turn) {
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| turn.enter("agent", "/"));
        }
    });
    let wanted = with_licence(turn, &["service-desk-agents", "staff"]);
    assert_eq!(turn.groups("agent"), wanted, "{}", turn.shown());
    // Nobody's account was made twice, and nothing is left to do.
    let (_, writes) = turn.cost(|| drop(turn.enter("agent", "/")));
    assert_eq!((turn.groups("agent"), writes), (wanted, 0), "{}", turn.shown());
}

pub(crate) fn no_call_carries_anything_of_the_browser(turn: &Turn) {
    let mut browser = turn.scene.browser();
    turn.scene.sign_in_with(&mut browser, "agent", "/").unwrap();
    for call in turn.product.stand_in().calls() {
        for forbidden in ["cookie", "origin", "referer", "x-remote-user", "sec-fetch-site", "accept-language"]
        {
            assert_eq!(call.header(forbidden), None, "{} carries {forbidden}", call.line());
        }
        assert!(!call.header("user-agent").is_some_and(|agent| agent.contains("Mozilla")), "{}", call.line());
        let credential = call.header("authorization");
        assert_eq!(credential, Some(turn.product.authorization().as_str()), "{}", call.line());
    }
    let log = turn.scene.envoy_log();
    let secret = turn.product.authorization();
    assert!(!log.contains(secret.split(' ').next_back().unwrap()), "the credential is in the log");
}

pub(crate) fn calls_of_a_sign_in_are_counted(turn: &Turn) {
    let costs = turn.product.traits().costs;
    // Somebody else has every group already, so that nothing has to be found out about them.
    let everything = ["idp-agents", "idp-staff", "idp-customers"];
    turn.scene.idp.add_user(User::new("pioneer", "Pia Pioneer", &everything));
    turn.enter("pioneer", "/");

    let (calls, _) = turn.cost(|| drop(turn.enter("pioneer", "/")));
    assert_eq!(calls, costs.unchanged, "unchanged:\n{}", turn.shown());

    // Two mapped groups and the default one.
    let (calls, _) = turn.cost(|| drop(turn.enter("agent", "/")));
    assert_eq!(calls, costs.new_account + 3 * costs.new_account_group, "new:\n{}", turn.shown());

    turn.scene.idp.set_groups("agent", &everything);
    let (calls, writes) = turn.cost(|| drop(turn.enter("agent", "/")));
    assert_eq!(calls, costs.one_added, "one group added:\n{}", turn.shown());
    assert!(writes <= 2, "one group added:\n{}", turn.shown());

    turn.scene.idp.set_groups("agent", &["idp-agents", "idp-staff"]);
    let (calls, writes) = turn.cost(|| drop(turn.enter("agent", "/")));
    assert_eq!(calls, costs.one_removed, "one group removed:\n{}", turn.shown());
    assert_eq!(writes, 1, "one group removed:\n{}", turn.shown());
}
