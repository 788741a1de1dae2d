//! Where customers belong: an organization that an attribute names, and every way in which that fails.

use std::collections::BTreeSet;

use crate::product::{Effect, Place, at};
use crate::stage::{Turn, set};

pub(crate) const PORTAL: &str = "/servicedesk/customer/portal/1";

/// A customer without groups, so that nothing but organizations is at stake.
pub(crate) const CUSTOMER: &str = "leaver";

/// The calls of Jira Service Management.
pub(crate) struct Desks {
    /// Lists organizations.
    pub list: Place,
    /// Makes one.
    pub create: Place,
    /// Puts somebody in.
    pub join: Place,
    /// Takes somebody out.
    pub leave: Place,
    /// Links one to the service desk.
    pub link: Place,
}

/// The attribute that says where a customer belongs.
pub(crate) fn company(name: &str) -> Vec<(String, Vec<String>)> {
    vec![("company".to_owned(), vec![name.to_owned()])]
}

/// Enters by the portal.
pub(crate) fn enter(turn: &Turn, user: &str) {
    let (_, page) = turn.sign_in(user, PORTAL);
    let code = page.header("x-samlgate-code");
    assert_eq!((page.status(), code), (200, None), "{user}\n{}", turn.shown());
}

fn organizations(turn: &Turn) -> BTreeSet<String> {
    turn.account(CUSTOMER).organizations
}

pub(crate) fn go_where_their_attribute_says(turn: &Turn) {
    // A name that would end a path, a query and a string, were it not encoded.
    let odd = "Äcme & \"Söhne\" /..";
    turn.scene.idp.change(move |options| options.attributes = company(odd));
    enter(turn, CUSTOMER);
    assert_eq!(organizations(turn), set(&[odd]), "{}", turn.shown());
    let (_, writes) = turn.cost(|| enter(turn, CUSTOMER));
    assert_eq!(writes, 0, "{}", turn.shown());
    assert!(!turn.shown().contains("servicedeskapi"), "nothing changed, nothing read: {}", turn.shown());
    // By the front door nothing is said about it, so nothing changes.
    turn.scene.idp.change(|options| options.attributes = company("Acme 08"));
    drop(turn.enter(CUSTOMER, "/"));
    assert_eq!(organizations(turn), set(&[odd]));
    enter(turn, CUSTOMER);
    assert_eq!(organizations(turn), set(&["Acme 08"]), "{}", turn.shown());
    // An attribute that was left out says nothing.
    turn.scene.idp.change(|options| options.attributes = Vec::new());
    enter(turn, CUSTOMER);
    assert_eq!(organizations(turn), set(&["Acme 08"]), "{}", turn.shown());
    let (_, writes) = turn.cost(|| enter(turn, CUSTOMER));
    assert_eq!(writes, 0, "{}", turn.shown());
    assert!(!turn.account(CUSTOMER).licensed);
}

pub(crate) fn fail_and_heal(turn: &Turn, desks: &Desks) {
    for (name, place) in [
        ("list", desks.list),
        ("create", desks.create),
        ("link", desks.link),
        ("join", desks.join),
        ("leave", desks.leave),
    ] {
        for effect in [
            Effect::Reset,
            Effect::Truncated,
            Effect::Status(401),
            Effect::Status(403),
            Effect::Status(404),
            Effect::Status(412),
            Effect::RateLimit(3600),
            Effect::Status(500),
            Effect::Html,
        ] {
            turn.reset();
            let what = format!("{name} {effect:?}");
            let wanted = format!("New {what}");
            // Ids are remembered for a while, so each time it is another one.
            let old = format!("Old {what}");
            if name == "leave" {
                let attribute = company(&old);
                turn.scene.idp.change(move |options| options.attributes = attribute.clone());
                enter(turn, CUSTOMER);
            }
            let attribute = company(&wanted);
            turn.scene.idp.change(move |options| options.attributes = attribute.clone());
            turn.product.stand_in().clear_calls();
            turn.fault(at(place, effect.clone()).times(100));
            // Without an answer that can be believed nobody enters.
            let (_, page) = turn.sign_in(CUSTOMER, PORTAL);
            let met = turn
                .product
                .stand_in()
                .calls()
                .iter()
                .any(|call| call.method == place.method && call.path.starts_with(place.path));
            assert!(met || name == "list", "{what} was never called:\n{}", turn.shown());
            let code = page.header("x-samlgate-code").unwrap_or_default();
            assert_eq!(page.status() == 200, !met, "{what}: {code}\n{}", turn.shown());
            assert!(!met || code.starts_with("SG8"), "{what}: {code}");
            turn.heal(CUSTOMER, PORTAL);
            assert_eq!(organizations(turn), set(&[wanted.as_str()]), "{what}\n{}", turn.shown());
            let (_, writes) = turn.cost(|| enter(turn, CUSTOMER));
            assert_eq!(writes, 0, "{what}\n{}", turn.shown());
        }
    }
}

/// The organization was deleted after its id had been learned.
pub(crate) fn come_although_theirs_is_gone(turn: &Turn, user: &str, organization: &str) {
    let (_, page) = turn.sign_in(user, PORTAL);
    if page.status() != 200 {
        assert_eq!(page.header("x-samlgate-code"), Some("SG8003"), "{}", turn.shown());
        turn.heal(user, PORTAL);
    }
    assert_eq!(turn.account(user).organizations, set(&[organization]), "{}", turn.shown());
}
