//! One file per flow: what happens in which order, as asks and answers.
//!
//! Flows parse no protocol themselves, hold no reference across steps and never call the host.

mod acs;
pub mod background;
pub mod cleanup;
mod demand;
mod directory;
pub mod discovery;
mod emergency;
mod event;
mod examine;
pub mod explain;
mod filter_state;
pub mod identity_headers;
mod login;
mod logout;
pub mod metadata;
mod provisioning;
mod saved_form;
#[allow(dead_code, reason = "its caller, the SCIM gateway, comes next")]
pub mod scim_pass;
pub mod scim_push;
mod settings;
mod shared_store;
pub mod sync;
pub mod test_page;
mod trust;
mod turn;

pub use acs::{AcsFlow, ArtifactResolution, Visit};
pub use demand::AuthnDemand;
pub use discovery::{Discovery, DiscoveryRule, Way};
pub use emergency::{EmergencyAccess, EmergencyFlow};
pub use explain::explain;
pub use filter_state::FilterState;
pub use identity_headers::{AttributeHeader, Bearer, IdentityHeaders, MultiValueFormat, MultiValueHeader};
pub use login::login;
pub use logout::{LogoutFlow, LogoutIntent};
pub use metadata::RemoteMetadata;
pub use provisioning::Identifiers;
pub use saved_form::{SaveForm, SavedForms, TakeForm};
pub use settings::{
    AuthnRequestBinding, Customers, IdentityProvider, IdentityToken, MetadataSource, OnFailure, OnGuardrail,
    Organizations, Provisioning, ServiceProvider, Settings, SignAuthnRequests, Unsolicited,
};
pub use shared_store::Replication;
pub use test_page::{TestPage, TestStart};
pub use trust::{Trust, TrustedIdp};
pub use turn::Turn;

use core::time::Duration;

use crate::base::{Code, EntropySource, Rejection, UnixTime};
use crate::effect::{AskId, CryptoProvider, Tell, Verdict};
use crate::page::{self, Reader};

/// What answers at once and has no effect, handed to every step.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The time of this step; never before that of the step before.
    pub now: UnixTime,
    /// A clock that only measures: where it starts means nothing, and it never goes back.
    pub uptime: Duration,
    /// Randomness.
    pub entropy: &'a dyn EntropySource,
    /// Public-key cryptography.
    pub crypto: &'a dyn CryptoProvider,
    /// The configuration in force.
    pub settings: &'a Settings,
    /// What is known of the identity providers.
    pub trust: &'a Trust,
}

/// One turn of a flow: [`crate::effect::Step`].
pub type Step<S> = crate::effect::Step<S>;

/// Asks of one step are numbered from here on.
const FIRST_ASK: AskId = AskId(0);

/// Ends a flow with a refusal: page, event and counter say the same code.
pub(crate) fn refuse<S>(rejection: &Rejection, reader: &Reader, retry: Option<&str>) -> Step<S> {
    Step::End {
        verdict: Verdict::Reply(page::refusal(rejection.code, reader, retry)),
        tells: refusal_tells(rejection, reader),
    }
}

fn refusal_tells(rejection: &Rejection, reader: &Reader) -> Vec<Tell> {
    vec![
        event::refused(rejection, &reader.request_id),
        Tell::Count { outcome: "refused", code: Some(rejection.code) },
    ]
}

/// An answer of a kind that the step did not ask for: the driver broke the one contract.
fn out_of_turn(expected: &'static str) -> Rejection {
    Rejection::new(Code::HostCallFailed, format_args!("the driver answered out of turn, expected {expected}"))
}
