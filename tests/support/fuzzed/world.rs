//! The service provider to which fuzzed responses are posted, and the genuine messages that it accepts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use samlgate::base::{ClockSkew, Limits, Secret, UnixTime};
use samlgate::effect::{CryptoProvider, SignatureScheme, SigningFailure, SigningKey, VerificationKey};
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{Attribute, NameId, ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::{CipherPolicy, DecryptionKey, Recipient};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

/// 2026-01-02T03:04:05Z, when every vector is issued.
pub const NOW: u64 = 1_767_323_045;
pub const IDP: &str = "https://idp.example/metadata";
pub const SP: &str = "https://sp.example/saml";
pub const ACS: &str = "https://jira.example/saml/acs";
pub const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

const RSA_CERTIFICATE: &str = include_str!("../../keys/rsa2048.crt.pem");
const RSA_KEY: &str = include_str!("../../keys/rsa2048.key.pem");

/// The folder `tests` of the repository, from the core's package and from `fuzz/` alike.
pub fn tests_folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if package.join("fuzz_targets").is_dir() { package.join("..") } else { package.to_owned() };
    root.join("tests")
}

/// Everything that an accepted message says about the person.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    id: String,
    issuer: String,
    pub name_id: Option<NameId>,
    pub attributes: Vec<Attribute>,
    session_index: Option<String>,
    session_not_on_or_after: Option<UnixTime>,
    authn_instant: UnixTime,
    authn_context_class: Option<String>,
}

impl Outcome {
    fn of(accepted: &AcceptedAssertion) -> Self {
        Self {
            id: accepted.id().to_owned(),
            issuer: accepted.issuer().to_owned(),
            name_id: accepted.name_id().cloned(),
            attributes: accepted.attributes().to_vec(),
            session_index: accepted.session_index().map(str::to_owned),
            session_not_on_or_after: accepted.session_not_on_or_after(),
            authn_instant: accepted.authn_instant(),
            authn_context_class: accepted.authn_context_class().map(str::to_owned),
        }
    }
}

/// A service provider that trusts the keys of `tests/keys`, and to which messages are encrypted.
pub struct World {
    keys: Vec<VerificationKey>,
    decryption: Vec<DecryptionKey>,
    request: RequestId,
}

/// Our own keys, one about to take over from the other.
pub fn decryption_keys() -> Vec<DecryptionKey> {
    let key = |pem: &str, certificate: &str| {
        let certificate = Certificate::parse(certificate).expect("a certificate of the tests");
        DecryptionKey::parse(&Secret::new(pem.to_owned()), certificate).expect("a key of the tests")
    };
    vec![
        key(
            include_str!("../../keys/rsa2048_decryption.key.pem"),
            include_str!("../../keys/rsa2048_decryption.crt.pem"),
        ),
        key(
            include_str!("../../keys/rsa2048_decryption_second.key.pem"),
            include_str!("../../keys/rsa2048_decryption_second.crt.pem"),
        ),
    ]
}

impl World {
    pub fn new() -> Self {
        let keys = [
            RSA_CERTIFICATE,
            include_str!("../../keys/p256.crt.pem"),
            include_str!("../../keys/p384.crt.pem"),
            include_str!("../../keys/p521.crt.pem"),
        ]
        .map(|pem| Certificate::parse(pem).expect("a certificate of the tests").key().clone());
        Self {
            keys: keys.into(),
            decryption: decryption_keys(),
            request: RequestId::parse(REQUEST).expect("a request id"),
        }
    }

    pub fn accept(
        &self,
        xml: &[u8],
        idp: &str,
        crypto: &dyn CryptoProvider,
    ) -> Result<Outcome, ResponseError> {
        self.assertion(xml, idp, crypto).map(|accepted| Outcome::of(&accepted))
    }

    fn assertion(
        &self,
        xml: &[u8],
        idp: &str,
        crypto: &dyn CryptoProvider,
    ) -> Result<AcceptedAssertion, ResponseError> {
        let expectations = Expectations {
            now: UnixTime::from_secs(NOW),
            skew: ClockSkew::new(Duration::from_secs(60)).expect("a skew"),
            idp_entity_id: idp,
            audience: SP,
            recipient: ACS,
            destination: ACS,
            request: RequestBinding::Solicited(&self.request),
            authn: AuthnExpectation::default(),
        };
        let source = Source::check(xml, &Limits::DEFAULT)?;
        let document = source.document()?;
        let verified = Unverified::read(&document)?.verify(&Trust {
            keys: &self.keys,
            algorithms: AlgorithmPolicy::STRONG,
            demand: SignatureDemand::Any,
            recipient: &Recipient { entity_id: SP, keys: &self.decryption, ciphers: CipherPolicy::STRONG },
            crypto,
            limits: &Limits::DEFAULT,
        })?;
        Ok(accept(verified, &expectations)?)
    }
}

fn vector(name: &str) -> String {
    let path = tests_folder().join("vectors/response").join(name).join("input.xml");
    std::fs::read_to_string(path).expect("a vector")
}

/// What the vector `name` is accepted as.
pub fn accepted_vector(name: &str) -> AcceptedAssertion {
    World::new().assertion(vector(name).as_bytes(), IDP, &RustCrypto).expect("a good vector")
}

/// [`RustCrypto`], asked once for each question: most edits leave `SignedInfo` alone, and RSA is what takes time.
#[derive(Default)]
pub struct Remembering {
    answers: RefCell<HashMap<Question, bool>>,
}

type Question = (SignatureScheme, Vec<u8>, Vec<u8>, Vec<u8>);

impl CryptoProvider for Remembering {
    fn verify(
        &self,
        scheme: SignatureScheme,
        key: &VerificationKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let question = (scheme, key.spki_der().to_vec(), message.to_vec(), signature.to_vec());
        if let Some(answer) = self.answers.borrow().get(&question) {
            return *answer;
        }
        let answer = RustCrypto.verify(scheme, key, message, signature);
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= 4_096 {
            answers.clear();
        }
        answers.insert(question, answer);
        answer
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningFailure> {
        RustCrypto.sign(scheme, key, message)
    }
}

/// A vector that the world accepts.
pub struct Genuine {
    pub name: String,
    pub xml: String,
    pub idp: String,
    pub outcome: Outcome,
}

/// All vectors that are accepted under the settings of [`World`], in the order of their names.
pub fn genuine(world: &World, crypto: &dyn CryptoProvider) -> Vec<Genuine> {
    let folder = tests_folder().join("vectors/response");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("the vectors")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let case = std::fs::read_to_string(folder.join(&name).join("case.yaml")).expect("case.yaml");
        // Those refused for their user name, or at a clock of their own, are genuine all the same.
        let signed = case.contains("expect: accept")
            || ["username_", "review_name_", "clock_"].iter().any(|begin| name.starts_with(begin));
        if !signed {
            continue;
        }
        let xml = std::fs::read_to_string(folder.join(&name).join("input.xml")).expect("input.xml");
        let idp = case.lines().find_map(|line| line.strip_prefix("idp: "));
        let idp = idp.map_or(IDP, |idp| idp.trim_matches('"')).to_owned();
        if let Ok(outcome) = world.accept(xml.as_bytes(), &idp, crypto) {
            found.push(Genuine { name, xml, idp, outcome });
        }
    }
    assert!(found.len() >= 20, "only {} genuine messages", found.len());
    found
}

/// What somebody with an account at the same identity provider can get for another service provider: genuinely
/// signed, by the same key, about `admin`. None of it may ever be accepted here, whole or in parts.
pub fn donors() -> Vec<String> {
    let xml = vector("good_assertion_signed");
    let (before, rest) = xml.split_once("<ds:Signature ").expect("a signature");
    let (_, behind) = rest.split_once("</ds:Signature>").expect("its end");
    let bare =
        [before, behind].concat().replace(">alice<", ">admin<").replace(SP, "https://other.example/saml");
    let other = bare.replace("_assertion-1", "_donor-1").replace("_response-1", "_donor-response");
    let key = parse_signing_key(&Secret::new(RSA_KEY.to_owned())).expect("a key of the tests");
    let request = sign::SigningRequest {
        key: &key,
        scheme: SignatureScheme::RsaSha256,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    let signed = |xml: &str, id: &str| {
        sign::enveloped_id(xml, id, &request, &RustCrypto).expect("a donor can be signed")
    };
    vec![
        signed(&other, "_donor-1"),
        signed(&other, "_donor-response"),
        signed(&bare, "_assertion-1"),
        signed(&bare, "_response-1"),
    ]
}
