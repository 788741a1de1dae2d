//! What the receiver is told.

use serde_json::{Map, Value, json};

use crate::base::UnixTime;
use crate::provision::{Delivery, ProfileField};

/// The one type of message; a receiver ignores types that it does not know.
const TYPE: &str = "samlgate.sign_in";

/// The message in the shape that Standard Webhooks recommends: type, timestamp, data.
pub(super) fn message(delivery: &Delivery, now: UnixTime) -> Value {
    let profile: Map<String, Value> = delivery
        .profile
        .iter()
        .map(|(field, value)| (field_name(*field).to_owned(), json!(value.expose())))
        .collect();
    json!({
        "type": TYPE,
        "timestamp": now.to_xs_date_time(),
        "data": {
            "username": delivery.username.expose(),
            "email": delivery.email.as_ref().map(|email| email.expose()),
            "display_name": delivery.display_name.expose(),
            "profile": profile,
            "customer": delivery.is_customer,
            "groups": delivery.groups,
            "not_groups": delivery.not_groups,
            "organizations": delivery.organizations,
            "signed_in_at": delivery.signed_in_at.map(|time| time.to_xs_date_time()),
        },
    })
}

const fn field_name(field: ProfileField) -> &'static str {
    match field {
        ProfileField::Title => "title",
        ProfileField::Department => "department",
        ProfileField::Organization => "organization",
        ProfileField::TimeZone => "time_zone",
        ProfileField::PreferredLanguage => "preferred_language",
    }
}
