//! Some sections of a configuration, completed to a whole one and loaded as the filter loads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use samlgate::base::UnixTime;
use samlgate::{config, flow};
use serde_json::{Value, json};

pub(crate) const NOW: u64 = 1_800_000_000;

/// The settings of a whole configuration with these sections.
pub(crate) fn settings(sections: &Value, has_application: bool) -> Result<flow::Settings, String> {
    let mut whole = json!({
        "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
        "idp": { "metadata": { "environment_variable": "IDP_METADATA" } },
        "session": { "keys": [{ "environment_variable": "SESSION_KEY" }] },
    });
    for (name, section) in sections.as_object().expect("sections") {
        whole[name] = section.clone();
    }
    // Where somebody looked at an account there is an application.
    if has_application && whole.get("provisioning").is_none() {
        whole["provisioning"] = json!({});
    }
    if let Some(provisioning) = whole.get_mut("provisioning") {
        provisioning["jira_dc"] = json!({
            "cluster": "jira", "authority": "jira.example.com", "token": { "environment_variable": "SESSION_KEY" },
        });
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment: BTreeMap<String, String> = [
        ("SESSION_KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
        ("IDP_METADATA", fs::read_to_string(root.join("tests/vectors/config_idp/good.xml")).unwrap()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    match config::load(whole.to_string().as_bytes(), &environment, UnixTime::from_secs(NOW)) {
        Ok((settings, _)) => Ok(settings.flow),
        Err(faults) => Err(faults
            .iter()
            .map(|fault| format!("{}: {fault}", fault.path()))
            .collect::<Vec<_>>()
            .join("; ")),
    }
}
