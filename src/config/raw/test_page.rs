//! `test_page`.

use super::{DataSource, raw};

raw! {
    /// The test sign-in page: a real sign-in that changes nothing and begins no session, and shows what would follow.
    /// At least one of `people` and `secret` is needed.
    struct TestPage {
        /// Its path.
        path: String,
        /// User names of the people who may use it; the identity provider must vouch for them.
        people: Vec<String>,
        /// Text of at least 20 characters with which anybody may start one test, and repeat it in the same browser while
        /// `session.pending_request_timeout` lasts. A new text makes it good for one more; so does a restart of Envoy.
        secret: Option<DataSource>,
    }
}
