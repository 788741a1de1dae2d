//! What an application's stand-in offers to the scenarios.

use std::collections::BTreeSet;

use axum::Router;
use serde_json::Value;
use testbed::stand_in::{Api, Call, StandIn};
pub(crate) use testbed::stand_in::{Effect, Fault};

/// An application and its stand-in. [`StandIn`] is a handle, so `&self` is enough to change it.
pub(crate) trait Product: Send + Sync {
    /// The key under `provisioning`.
    fn name(&self) -> &'static str;

    /// What is merged into `provisioning`: the target under its key, with `"cluster": "jira_api"` and a timeout of
    /// [`crate::stage::TIMEOUT`], and what this application needs besides, such as `customers`.
    fn provisioning(&self) -> Value;

    /// The value of the `Authorization` header that Envoy injects.
    fn authorization(&self) -> String;

    /// What the application can do, and what it costs.
    fn traits(&self) -> Traits;

    /// Names of people and groups may have any character.
    fn takes_odd_names(&self) -> bool {
        true
    }

    /// The stand-in: calls, faults, the way back to the first state, in which nobody of the scenarios has an account.
    fn stand_in(&self) -> &dyn Control;

    /// What the application knows of a user, by user name (by e-mail address where it has no user names).
    fn account(&self, user: &str) -> Option<Account>;

    /// Makes a group.
    fn seed_group(&self, group: &str);

    /// Makes an account that has signed in through us before, with these groups, which are made where they are missing.
    fn seed_account(&self, user: &str, email: &str, groups: &[&str]);

    /// Sets whether the account may be used.
    fn set_active(&self, user: &str, active: bool);
}

/// What a [`StandIn`] of any application can do.
pub(crate) trait Control {
    /// Its API.
    fn router(&self) -> Router;
    /// Back to the first state, without calls and faults.
    fn reset(&self);
    /// Misbehaves from now on.
    fn fault(&self, fault: Fault);
    /// Behaves again.
    fn clear_faults(&self);
    /// The calls that arrived, in order.
    fn calls(&self) -> Vec<Call>;
    /// Forgets them.
    fn clear_calls(&self);
}

impl<A: Api> Control for StandIn<A> {
    fn router(&self) -> Router {
        self.router()
    }

    fn reset(&self) {
        self.reset();
    }

    fn fault(&self, fault: Fault) {
        self.fault(fault);
    }

    fn clear_faults(&self) {
        self.clear_faults();
    }

    fn calls(&self) -> Vec<Call> {
        self.calls()
    }

    fn clear_calls(&self) {
        self.clear_calls();
    }
}

/// What the application knows of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// May it be used?
    pub active: bool,
    /// Its groups, in the spelling they were made with.
    pub groups: BTreeSet<String>,
    /// Organizations of the customer.
    pub organizations: BTreeSet<String>,
    /// It takes a seat of a licence.
    pub licensed: bool,
}

/// What an application can do. What it cannot do is not asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Traits {
    /// The organizations that `provisioning` gives to portal customers; empty where there are none.
    pub organizations: &'static [&'static str],
    /// Accounts can be deactivated, and a sign-in sees that.
    pub deactivation: bool,
    /// A sign-in can activate them again.
    pub reactivation: bool,
    /// Missing groups are made; otherwise the scenarios seed them.
    pub creates_groups: bool,
    /// The group whose members take a seat: it becomes the default group of those who come by the front door.
    pub licence_group: &'static str,
    /// A customer who came by the portal has an account like everybody else; false where the portal is the whole
    /// application or there is none.
    pub portal: bool,
    /// Calls that are made at every sign-in, before anything is written.
    pub reads: &'static [Place],
    /// The call that creates the account.
    pub create: Place,
    /// The call that adds a membership.
    pub join: Place,
    /// The call that ends one.
    pub leave: Place,
    /// How many calls a sign-in costs, with groups that are known to exist.
    pub costs: Costs,
}

/// Which calls a fault meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The method.
    pub method: &'static str,
    /// How path and query begin.
    pub path: &'static str,
}

/// How many calls a sign-in makes. Groups have been used before, so nothing has to be found out about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// Nothing changed.
    pub unchanged: usize,
    /// A new account without a group ..
    pub new_account: usize,
    /// .. and for each of its groups.
    pub new_account_group: usize,
    /// One group added to an account.
    pub one_added: usize,
    /// One group taken away.
    pub one_removed: usize,
}

/// How a [`Place`] fails.
pub(crate) fn at(place: Place, effect: Effect) -> Fault {
    Fault::new(place.method, place.path, effect)
}
