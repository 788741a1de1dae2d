//! A SAML 2.0 identity provider for the demo and the tests: honest by default, and as wrong as a test asks it to be.

#[path = "../../../tests/support/encrypt.rs"]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "support of the core's tests: a fault of the test is a panic"
)]
pub(crate) mod encrypt;
mod issue;
mod keys;
mod logout;
mod request;
mod server;
mod signature;
mod single_logout;
mod users;

pub use issue::{Encrypted, Groups, IssueError, IssueOptions, Signed, Tamper, fresh_id, issue};
pub use keys::TestKey;
pub use logout::LogoutMessage;
pub use request::{AuthnRequest, Binding, SignatureCheck};
pub use server::{Idp, IdpOptions};
pub use users::User;
