//! Assertions and names that the identity provider encrypts.

use serde_json::{Value, json};
use testbed::idp::{Encrypted, IssueOptions, Signed, TestKey};
use testbed::{Scene, SceneOptions};

use crate::page_refusal;

fn key(key: TestKey) -> Value {
    json!({
        "private_key": { "inline_string": key.private_pem() },
        "certificate": { "inline_string": key.certificate_pem() },
    })
}

fn scene(keys: &[TestKey]) -> Scene {
    let keys: Vec<_> = keys.iter().map(|own| key(*own)).collect();
    Scene::start(SceneOptions::new().patch(json!({ "sp": { "decryption": keys } }))).unwrap()
}

/// Signs `agent` in while the identity provider answers so; what the application is told, or the refusal.
fn answered(
    scene: &Scene,
    change: impl Fn(&mut IssueOptions) + Send + Sync + 'static,
) -> Result<String, (u16, String)> {
    scene.idp.change(change);
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    if page.status() != 200 {
        let (status, code) = page_refusal(&page);
        return Err((status, code.to_owned()));
    }
    Ok(scene.app.last_request().unwrap().header("x-remote-user").unwrap().to_owned())
}

#[test]
fn encrypted_answers_are_read_with_every_configured_key() {
    let scene = scene(&[TestKey::NextDecryption, TestKey::Decryption]);
    let metadata = scene.browser().open(&scene.app_url("/saml/metadata")).unwrap().text();
    let encryption = metadata.split_once("use=\"encryption\"").unwrap().1;
    assert!(encryption.contains(&TestKey::NextDecryption.certificate_base64()), "the first key is published");
    assert!(!metadata.contains(&TestKey::Decryption.certificate_base64()), "the second is not");
    for to in [TestKey::NextDecryption, TestKey::Decryption] {
        for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
            let said = answered(&scene, move |options| {
                (options.encrypted, options.signed) = (Some(Encrypted::Assertion(to)), signed);
            });
            assert_eq!(said.as_deref(), Ok("agent"), "{to:?} {signed:?}");
        }
        let said = answered(&scene, move |options| options.encrypted = Some(Encrypted::NameId(to)));
        assert_eq!(said.as_deref(), Ok("agent"), "{to:?}");
    }
    let refused = |code: &str| Err((403, code.to_owned()));
    let to = TestKey::Decryption;
    let said = answered(&scene, |options| options.encrypted = Some(Encrypted::Assertion(TestKey::Stranger)));
    assert_eq!(said, refused("SG3017"));
    let said = answered(&scene, move |options| {
        (options.encrypted, options.signed) = (Some(Encrypted::Assertion(to)), Signed::Nothing);
    });
    assert_eq!(said, refused("SG3001"), "anybody can encrypt");
    let said = answered(&scene, move |options| {
        (options.encrypted, options.key) = (Some(Encrypted::Assertion(to)), TestKey::Stranger);
    });
    assert_eq!(said, refused("SG3005"));
}

#[test]
fn without_a_key_the_page_says_what_to_configure() {
    let scene = Scene::start(SceneOptions::new()).unwrap();
    let said =
        answered(&scene, |options| options.encrypted = Some(Encrypted::Assertion(TestKey::Decryption)));
    assert_eq!(said, Err((403, "SG4009".to_owned())));
}
