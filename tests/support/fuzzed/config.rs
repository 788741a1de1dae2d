//! Loading a configuration ends with settings, or with faults that can be read; and no configuration that is good stays
//! good with a field that does not exist.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use samlgate::base::UnixTime;
use samlgate::config;
use serde_json::Value;

use super::world::NOW;

/// The variables of `tests/vectors/config/environment.yaml`, with an elliptic key wherever one is due.
pub static VARIABLES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let key = include_str!("../../keys/p256.key.pem");
    let certificate = include_str!("../../keys/p256.crt.pem");
    [
        ("SESSION_KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="),
        ("NEXT_SESSION_KEY", "BWC7FnHMJ4LdOJPuSaT/WrUQa8YhfNcyjehDnvlUrwplwBt20SyH4j2Y806pBF+6"),
        ("IDP_METADATA", include_str!("../../vectors/config_idp/good.xml")),
        ("SP_PRIVATE_KEY", key),
        ("SP_CERTIFICATE", certificate),
        ("EC_PRIVATE_KEY", key),
        ("EC_CERTIFICATE", certificate),
        ("OTHER_CERTIFICATE", include_str!("../../keys/rsa2048_second.crt.pem")),
        ("WEAK_CERTIFICATE", include_str!("../../keys/rsa1024_weak.crt.pem")),
        ("JIRA_TOKEN", "token-of-the-application"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
});

/// What is wrong with `bytes`: nothing, or the text of each fault.
fn faults(bytes: &[u8]) -> Vec<String> {
    match config::load(bytes, &*VARIABLES, UnixTime::from_secs(NOW)) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            let paths: Vec<_> = faults.iter().map(config::ConfigError::path).collect();
            assert!(paths.is_sorted(), "faults in disorder");
            faults.iter().map(|fault| format!("{} {fault}", fault.code().id())).collect()
        }
    }
}

pub fn check(input: &[u8]) {
    let found = faults(input);
    assert_eq!(faults(input), found, "another answer the second time");
    for fault in &found {
        assert!(!fault.contains(['\n', '\r']), "{fault:?}");
    }
    // The secrets are never shown.
    let secret = &VARIABLES["SESSION_KEY"];
    assert!(!found.iter().any(|fault| fault.contains(secret.as_str())), "{found:?}");
    if !found.is_empty() {
        return;
    }
    let Ok(good) = serde_json::from_slice::<Value>(input) else { return };
    let mut places = Vec::new();
    objects(&good, String::new(), &mut places);
    for place in places.iter().take(6) {
        let mut bad = good.clone();
        let object = bad.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
        object.insert(String::from("zzz"), Value::from(1));
        assert!(!faults(bad.to_string().as_bytes()).is_empty(), "accepted with {place}/zzz: {good}");
    }
}

/// Pointers to all objects.
fn objects(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                objects(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
            found.push(at);
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| objects(value, format!("{at}/{index}"), found));
        }
        _ => {}
    }
}
