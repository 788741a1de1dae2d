//! What README.md shows is what works: its configuration is read by the core as it stands.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use samlgate::base::UnixTime;
use samlgate::config;

#[test]
fn the_configuration_in_the_readme_is_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let yaml = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let configuration: serde_json::Value = serde_norway::from_str(yaml).unwrap();
    let certificate = fs::read_to_string(root.join("tests/keys/rsa2048.crt.pem")).unwrap();
    let certificate: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    let metadata = format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://idp.example.com\">\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example.com/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
    );
    let environment: BTreeMap<String, String> = [
        ("IDP_METADATA", metadata.as_str()),
        ("SAMLGATE_SESSION_KEY", "1X5Ppl4X0yKKt9l9fPBrJQ0bqrFqNOlDz5xlpCLqHVE="),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let loaded =
        config::load(configuration.to_string().as_bytes(), &environment, UnixTime::from_secs(1_800_000_000));
    let faults: Vec<String> = match &loaded {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    };
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
