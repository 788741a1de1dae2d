//! The responses that everybody is asked about, and what we say to each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use samlgate::base::{ClockSkew, Code, Limits, Secret, UnixTime};
use samlgate::identity::{Identity, Settings, UsernamePattern, UsernameSource};
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, MAX_AGE, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::{CipherPolicy, DecryptionKey, Recipient};
use samlgate::xmlsec::key::Certificate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testbed::attack::{Delivery, Stage, all};
use testbed::idp::TestKey;

use crate::support::repository;

/// How somebody reads a person: the name, and the values of each attribute.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Person {
    pub name_id: Option<String>,
    pub attributes: BTreeMap<String, Vec<Value>>,
}

/// A response and everything that a service provider must know to judge it.
pub struct Case {
    pub question: Question,
    /// Whom the identity provider named.
    pub honest: &'static str,
    /// What we say: who it is, or the code of the refusal.
    pub ours: Result<Person, Code>,
}

/// What the drivers are told.
#[derive(Serialize)]
pub struct Question {
    pub name: String,
    pub file: PathBuf,
    pub now: u64,
    pub skew: u64,
    /// The oldest assertion that is taken, in seconds.
    pub max_age: u64,
    pub idp: String,
    pub certificates: Vec<PathBuf>,
    pub demand: Demand,
    pub sha1: bool,
    pub aes_cbc: bool,
    pub sp: String,
    pub acs: String,
    pub request: String,
    pub decryption_keys: Vec<PathBuf>,
}

impl Question {
    /// The response of `file`, which its case says nothing special about.
    pub fn new(name: String, file: PathBuf) -> Self {
        Self {
            name,
            file,
            now: issued(),
            skew: one_minute(),
            max_age: MAX_AGE.as_secs(),
            idp: idp(),
            certificates: Vec::new(),
            demand: Demand::Any,
            sha1: false,
            aes_cbc: false,
            sp: String::from("https://sp.example/saml"),
            acs: String::from("https://jira.example/saml/acs"),
            request: String::from("_0123456789abcdef0123456789abcdef"),
            decryption_keys: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all(serialize = "lowercase", deserialize = "UPPERCASE"))]
pub enum Demand {
    #[default]
    Any,
    Response,
    Assertion,
    Both,
}

/// The fields of `case.yaml` that are questions; `tests/vectors_response.rs` knows what they all mean.
#[derive(Deserialize)]
struct Vector {
    expect: String,
    #[serde(default = "issued")]
    now: u64,
    #[serde(default = "one_minute")]
    skew: u64,
    #[serde(default = "first_key")]
    keys: Vec<String>,
    #[serde(default = "idp")]
    idp: String,
    #[serde(default)]
    demand: Demand,
    #[serde(default)]
    danger_allow_sha1: bool,
    #[serde(default)]
    decryption: Vec<String>,
    #[serde(default)]
    danger_allow_aes_cbc: bool,
    username_attribute: Option<String>,
    username_pattern: Option<String>,
}

const fn issued() -> u64 {
    1_767_323_045
}

const fn one_minute() -> u64 {
    60
}

fn first_key() -> Vec<String> {
    vec![String::from("rsa2048")]
}

fn idp() -> String {
    String::from("https://idp.example/metadata")
}

/// Every case of `tests/vectors/response`.
pub fn vectors() -> Vec<Case> {
    let folder = repository().join("tests/vectors/response");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.into_iter().map(|name| vector(&folder.join(&name), name)).collect()
}

fn vector(folder: &Path, name: String) -> Case {
    let yaml = std::fs::read_to_string(folder.join("case.yaml")).unwrap();
    let vector: Vector = serde_norway::from_str(&yaml).unwrap_or_else(|error| panic!("{name}: {error}"));
    let keys = repository().join("tests/keys");
    let question = Question {
        now: vector.now,
        skew: vector.skew,
        idp: vector.idp.clone(),
        certificates: vector.keys.iter().map(|name| keys.join(format!("{name}.crt.pem"))).collect(),
        demand: vector.demand,
        sha1: vector.danger_allow_sha1,
        aes_cbc: vector.danger_allow_aes_cbc,
        decryption_keys: vector.decryption.iter().map(|name| keys.join(format!("{name}.key.pem"))).collect(),
        ..Question::new(name, folder.join("input.xml"))
    };
    let settings = Settings {
        username: match &vector.username_attribute {
            None => UsernameSource::NameId,
            Some(name) => UsernameSource::Attribute(vec![name.clone()]),
        },
        username_pattern: vector
            .username_pattern
            .as_ref()
            .map(|text| UsernamePattern::compile(text).unwrap()),
        ..Settings::default()
    };
    let ours = verdict(&question, &settings);
    let said = ours.as_ref().map_or_else(|code| code.id(), |_| "accept");
    assert_eq!(said, vector.expect, "{}: we are not asked as tests/vectors_response.rs asks", question.name);
    Case { question, honest: "alice", ours }
}

/// The attack factory's responses, and the genuine ones that they start from, written to `folder`.
///
/// Attacks on the form around the response are not among them, nor those by another browser, in another order or for
/// the second time: what is asked about is a response.
pub fn attacks(folder: &Path) -> Vec<Case> {
    let setting = Stage::new().unwrap().begin().unwrap().setting;
    let certificates: Vec<PathBuf> = TestKey::CORPUS
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let file = folder.join(format!("{number}.crt.pem"));
            std::fs::write(&file, key.certificate_pem()).unwrap();
            file
        })
        .collect();
    // The certificate lies beside the key, as in tests/keys.
    let decryption_key = folder.join("decryption.key.pem");
    std::fs::write(&decryption_key, TestKey::Decryption.private_pem()).unwrap();
    std::fs::write(folder.join("decryption.crt.pem"), TestKey::Decryption.certificate_pem()).unwrap();
    let case = |name: &str, xml: &[u8], code: Option<Code>| {
        let file = folder.join(format!("{name}.xml"));
        std::fs::write(&file, xml).unwrap();
        let question = Question {
            now: setting.now,
            idp: setting.idp.clone(),
            certificates: certificates.clone(),
            sp: setting.sp.clone(),
            acs: setting.acs.clone(),
            request: setting.request_id.clone(),
            decryption_keys: vec![decryption_key.clone()],
            ..Question::new(format!("attack/{name}"), file)
        };
        // Where a refusal comes from is the business of the attacks' own test.
        let ours = match code {
            Some(code) => Err(code),
            None => Ok(verdict(&question, &Settings::default()).unwrap()),
        };
        Case { question, honest: "agent", ours }
    };
    let mut cases = BTreeMap::new();
    for attack in all() {
        let genuine = format!("genuine-{:?}-{:?}", attack.on, attack.key).to_lowercase();
        cases
            .entry(genuine.clone())
            .or_insert_with(|| case(&genuine, attack.genuine(&setting).unwrap().as_bytes(), None));
        if let (Delivery::Straight, Some(xml)) = (attack.delivery, attack.post(&setting).unwrap().xml) {
            cases.insert(attack.name.clone(), case(&attack.name, &xml, attack.code()));
        }
    }
    cases.into_values().collect()
}

/// What we say to `question`.
fn verdict(question: &Question, settings: &Settings) -> Result<Person, Code> {
    let xml = std::fs::read(&question.file).unwrap();
    let accepted = accepted(&xml, question).map_err(|error| error.code())?;
    Identity::from_assertion(&accepted, settings).map_err(|error| error.code())?;
    Ok(Person {
        name_id: accepted.name_id().map(|name| name.value().expose().clone()),
        attributes: accepted
            .attributes()
            .iter()
            .map(|attribute| {
                (attribute.name.clone(), attribute.values.iter().cloned().map(Value::String).collect())
            })
            .collect(),
    })
}

/// The key of `file`, whose certificate lies beside it.
fn decryption_key(file: &Path) -> DecryptionKey {
    let pem = std::fs::read_to_string(file).unwrap();
    let certificate = file.to_str().unwrap().replace(".key.pem", ".crt.pem");
    let certificate = Certificate::parse(&std::fs::read_to_string(certificate).unwrap()).unwrap();
    DecryptionKey::parse(&Secret::new(pem), certificate).unwrap()
}

fn accepted(xml: &[u8], question: &Question) -> Result<AcceptedAssertion, ResponseError> {
    let keys: Vec<_> = question
        .certificates
        .iter()
        .map(|file| Certificate::parse(&std::fs::read_to_string(file).unwrap()).unwrap().key().clone())
        .collect();
    let policy =
        if question.sha1 { AlgorithmPolicy::STRONG.with_danger_sha1() } else { AlgorithmPolicy::STRONG };
    let demand = match question.demand {
        Demand::Any => SignatureDemand::Any,
        Demand::Response => SignatureDemand::Response,
        Demand::Assertion => SignatureDemand::Assertion,
        Demand::Both => SignatureDemand::Both,
    };
    let request = RequestId::parse(&question.request).unwrap();
    let expectations = Expectations {
        now: UnixTime::from_secs(question.now),
        skew: ClockSkew::new(Duration::from_secs(question.skew)).unwrap(),
        idp_entity_id: &question.idp,
        audience: &question.sp,
        recipient: &question.acs,
        destination: &question.acs,
        request: RequestBinding::Solicited(&request),
        authn: AuthnExpectation::default(),
    };
    let source = Source::check(xml, &Limits::DEFAULT)?;
    let document = source.document()?;
    let unverified = Unverified::read(&document)?;
    let decryption: Vec<_> = question.decryption_keys.iter().map(|file| decryption_key(file)).collect();
    let ciphers = CipherPolicy::STRONG;
    let verified = unverified.verify(&Trust {
        keys: &keys,
        algorithms: policy,
        demand,
        recipient: &Recipient {
            entity_id: &question.sp,
            keys: &decryption,
            ciphers: if question.aes_cbc { ciphers.with_danger_cbc() } else { ciphers },
        },
        crypto: &RustCrypto,
        limits: &Limits::DEFAULT,
    })?;
    Ok(accept(verified, &expectations)?)
}
