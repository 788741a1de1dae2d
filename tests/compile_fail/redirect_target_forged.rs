//! Where the browser goes afterwards was parsed as a path of this site; a text does not do.

use samlgate::base::UnixTime;
use samlgate::http::RedirectTarget;
use samlgate::session::pending_request::{Demanded, Intent, PendingRequest};

fn main() {
    let _ = RedirectTarget(String::from("https://evil.example/"));
    let _ = PendingRequest {
        request_id: String::new(),
        idp_entity_id: String::new(),
        target: String::from("//evil.example/"),
        intent: Intent::SignIn,
        demanded: Demanded::default(),
        expires_at: UnixTime::from_secs(0),
    };
}
