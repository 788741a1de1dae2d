//! Every application that can be provisioned, through a real Envoy, by the same scenarios.
//!
//! A new application is one file beside this one: it implements [`product::Product`] for its stand-in and ends with
//! `scenarios!(Name::new)`. What is particular to one application (which calls, which bodies) is tested elsewhere; here
//! is what people and operators may rely on whichever application it is.
//!
//! | part | what is in it |
//! |---|---|
//! | `product` | what a stand-in has to offer, and what the application can do |
//! | `stage` | one Envoy for each application and failure policy, shared by tests that take turns |
//! | `scenario` | sign-ins while everything works, and how many calls they cost |
//! | `background` | what is left to the background service |
//! | `failure` | every way in which an application can fail, at every kind of call |
//! | `organizations` | where customers belong, for the applications that have organizations |
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stderr, reason = "libtest shows it with the failed test")]

mod background;
mod failure;
mod organizations;
mod product;
mod scenario;
mod stage;
#[path = "../visits/mod.rs"]
mod visits;

mod atlassian_scim;
mod bitbucket_dc;
mod confluence_dc;
mod crowd;
mod jira_cloud;
mod jira_dc;
mod jsm_dc;
mod scim;
mod webhook;

/// Runs all scenarios for the product that `$new` makes; each Envoy has one of its own.
macro_rules! scenarios {
    ($new:expr) => {
        mod scenarios {
            use super::*;
            use crate::stage::{Policy, Stage};

            static STRICT: Stage = Stage::new(|| Box::new($new()), Policy::Strict);
            static LENIENT: Stage = Stage::new(|| Box::new($new()), Policy::Lenient);
            static RETRYING: Stage = Stage::new(|| Box::new($new()), Policy::Retrying);

            $crate::scenarios! { @tests STRICT crate::scenario:
                first_sign_in_creates_and_assigns,
                second_sign_in_makes_no_write,
                a_group_removed_at_the_identity_provider_is_removed,
                groups_that_are_not_asserted_take_nothing_away,
                groups_of_others_are_left_alone,
                a_portal_customer_costs_no_licence,
                a_deactivated_account_is_refused,
                names_that_look_like_paths_and_filters_are_names,
                parallel_sign_ins_of_one_person_all_succeed,
                no_call_carries_anything_of_the_browser,
                calls_of_a_sign_in_are_counted,
            }
            $crate::scenarios! { @tests LENIENT crate::scenario:
                a_deactivated_account_is_reactivated_where_that_is_allowed,
            }
            $crate::scenarios! { @tests STRICT crate::failure:
                a_read_that_fails_refuses_without_a_write,
                a_write_that_fails_refuses_and_the_next_sign_in_heals,
                a_write_whose_answer_was_lost_counts_as_made,
                a_write_that_hangs_costs_a_bounded_time,
                an_application_that_is_down_costs_one_timeout,
                a_browser_that_goes_away_breaks_nothing,
                a_denied_credential_is_reported_once_for_each_sign_in,
            }
            $crate::scenarios! { @tests LENIENT crate::failure:
                a_failure_is_overlooked_where_that_is_configured,
            }
            $crate::scenarios! { @tests RETRYING crate::background:
                what_a_sign_in_could_not_do_is_done_afterwards,
                what_a_browser_left_behind_is_finished,
                an_application_that_stays_away_is_left_alone_in_between,
                a_newer_sign_in_supersedes_what_an_older_one_left,
            }
        }
    };
    (@tests $stage:ident $module:ident :: $scenarios:ident: $($name:ident,)+) => {
        $(
            #[test]
            fn $name() {
                $module::$scenarios::$name(&$stage.turn());
            }
        )+
    };
}
pub(crate) use scenarios;
