//! The configuration that a case of `tests/vectors/response` describes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use samlgate::base::{ClockSkew, UnixTime};
use samlgate::flow::MetadataSource;
use samlgate::{config, flow};

use super::saml_response::{SP, decryption_key};
use super::{Expected, algorithms, certificate, ciphers, demand, identity_settings};

/// The configuration that `case` describes.
pub fn settings(case: &Expected) -> flow::Settings {
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "{SP}", "base_uri": "https://jira.example" }},
             "idp": {{ "metadata": {{ "inline_string": {} }} }},
             "headers": {{ "username": "x-user", "groups": {{ "name": "x-groups" }} }},
             "session": {{ "keys": [{{ "environment_variable": "KEY" }}] }} }}"#,
        serde_json::json!(include_str!("../vectors/config_idp/good.xml"))
    );
    let environment: BTreeMap<String, String> =
        [(String::from("KEY"), String::from("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="))].into();
    let loaded = config::load(text.as_bytes(), &environment, UnixTime::from_secs(case.now));
    let (settings, _) = loaded.unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut settings = settings.flow;
    settings.sp.acs_path = String::from("/saml/acs");
    settings.sp.decryption_keys = case.decryption.iter().map(|name| decryption_key(name)).collect();
    settings.identity = identity_settings(case);
    let idp = &mut settings.idps[0];
    let MetadataSource::Document(metadata) = &mut idp.source else { panic!("it is in the configuration") };
    let metadata = Arc::make_mut(metadata);
    metadata.entity_id.clone_from(&case.idp);
    idp.entity_id.clone_from(&case.idp);
    metadata.valid_until = None;
    metadata.signing_keys = case.keys.iter().map(|name| certificate(name).key().clone()).collect();
    idp.algorithms = algorithms(case);
    idp.ciphers = ciphers(case);
    idp.require_signature = demand(case);
    idp.clock_skew = ClockSkew::new(Duration::from_secs(case.skew)).unwrap();
    settings
}
