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
    // One identity provider, or several.
    if whole.get("idps").is_some()
        && let Some(sections) = whole.as_object_mut()
    {
        sections.remove("idp");
    }
    // Where somebody looked at an account there is an application.
    if has_application && whole.get("provisioning").is_none() {
        whole["provisioning"] = json!({});
    }
    let names_target = |section: &Value| section.get("cluster").is_some();
    if let Some(provisioning) = whole.get_mut("provisioning")
        && !provisioning.as_object().expect("a section").values().any(names_target)
    {
        provisioning["jira_dc"] = json!({
            "cluster": "jira", "authority": "jira.example.com",
            "credentials": { "bearer": { "environment_variable": "SESSION_KEY" } },
        });
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut environment = variables(&whole);
    environment.insert("SESSION_KEY".to_owned(), "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned());
    environment.insert("EMERGENCY_SECRET".to_owned(), "correct horse battery staple".to_owned());
    environment.insert("SCIM_TOKEN".to_owned(), "a-token-of-the-directory-that-is-long-enough".to_owned());
    environment.insert("SYNC_STATUS_SECRET".to_owned(), "a-secret-of-the-status-page".to_owned());
    // What a webhook is signed with has a form of its own.
    environment.insert("WEBHOOK_SECRET".to_owned(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    // Keys are keys.
    for (name, file) in [
        ("TOKEN_KEY", "p256.key.pem"),
        ("NEXT_TOKEN_CERTIFICATE", "p384.crt.pem"),
        ("SP_KEY", "rsa2048.key.pem"),
        ("SP_CERTIFICATE", "rsa2048.crt.pem"),
        ("NEXT_SP_CERTIFICATE", "rsa2048_second.crt.pem"),
        ("SP_DECRYPTION_KEY", "rsa2048_decryption.key.pem"),
        ("SP_DECRYPTION_CERTIFICATE", "rsa2048_decryption.crt.pem"),
    ] {
        let pem = fs::read_to_string(root.join("tests/keys").join(file)).unwrap_or_default();
        environment.insert(name.to_owned(), pem);
    }
    let metadata = fs::read_to_string(root.join("tests/vectors/config_idp/good.xml")).unwrap();
    // Every other identity provider is one of its own.
    for (name, value) in environment.iter_mut().filter(|(name, _)| name.ends_with("_METADATA")) {
        *value = metadata.replace("idp.example.org", &format!("{}.example.org", name.to_lowercase()));
    }
    environment.insert("IDP_METADATA".to_owned(), metadata);
    match config::load(whole.to_string().as_bytes(), &environment, UnixTime::from_secs(NOW)) {
        Ok((settings, _)) => Ok(settings.flow),
        Err(faults) => Err(faults
            .iter()
            .map(|fault| format!("{}: {fault}", fault.path()))
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

/// Every variable that is named anywhere, with some text.
fn variables(configuration: &Value) -> BTreeMap<String, String> {
    match configuration {
        Value::Object(fields) => {
            let named = fields.get("environment_variable").and_then(Value::as_str);
            let named = named.map(|name| (name.to_owned(), "t0ken".to_owned()));
            fields.values().flat_map(variables).chain(named).collect()
        }
        Value::Array(items) => items.iter().flat_map(variables).collect(),
        _ => BTreeMap::new(),
    }
}
