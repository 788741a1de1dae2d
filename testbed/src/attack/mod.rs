//! The attack factory: each attack takes what an honest identity provider sent and returns what an attacker makes of
//! it, with the code that must refuse it.
//!
//! The attacker wants to be [`VICTIM`] and has a good answer of their own. They hold no key of the identity provider
//! but the public ones. Changes work on the text, so that nothing is tidied up on the way; `None` means that the given
//! response lacks the part that the attack needs.
//!
//! A [`Threat`] says what is tried, who fell for it and what of ours forbids it; an [`Attack`] is one spelling of it.
//! `docs/threats.md` is made from this table, [`Stage`] runs it without Envoy, and the program `attacks` writes it as
//! files for other software to be asked about.

mod algorithm;
mod bomb;
mod class;
mod clock;
mod confusion;
mod corpus;
mod document;
mod encoding;
mod encryption;
mod envelope;
mod form;
mod identifier;
mod key;
mod markup;
mod namespace;
mod place;
mod profile;
mod published;
mod reference;
mod signed_info;
mod splitting;
mod stage;
mod stripped;
mod text;
mod transform;
mod value;
mod wrapping;

use std::fmt;
use std::sync::{Arc, OnceLock};

use samlgate::base::Code;

pub use class::Class;
pub use corpus::{Delivery, Form, Posted, Setting};
pub use document::{BEGIN, END, markdown};
pub use published::{Break, PUBLISHED};
pub use stage::{Identity, Outcome, Stage, Waiting, metadata};
pub use text::{attribute, split, text};

use crate::idp::{IssueOptions, Signed, TestKey};

/// Whom the attacker wants to be.
pub const VICTIM: &str = "admin";

/// Something that is tried.
#[derive(Debug, PartialEq, Eq)]
pub struct Threat {
    /// What kind.
    pub class: Class,
    /// What is tried.
    pub attack: &'static str,
    /// The CVE, paper or section that it comes from, and the products that fell for it.
    pub source: &'static str,
    /// The type or the check of ours that forbids it.
    pub answer: &'static str,
}

/// What must come of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It is refused with this code.
    Refused(Code),
    /// The change means nothing, so it is accepted, as the very person whom the identity provider named.
    SameIdentity,
}

type TextChange = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;
type BytesChange = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;
type IssueChange = Arc<dyn Fn(&mut IssueOptions) + Send + Sync>;
type FormChange = Arc<dyn Fn(&str, &str) -> Option<Form> + Send + Sync>;

/// How an attack is made.
#[derive(Clone)]
pub enum Make {
    /// The finished response as text becomes another text.
    Text(TextChange),
    /// The finished response becomes bytes that need not be text.
    Bytes(BytesChange),
    /// The identity provider issues something else: for somebody else, at another time, carelessly.
    Issue(IssueChange),
    /// The form that the browser posts is another; given are the response and the RelayState.
    Form(FormChange),
    /// Nothing is changed: the attack is in the way that it goes.
    Genuine,
}

impl fmt::Debug for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::Bytes(_) => f.write_str("Bytes"),
            Self::Issue(_) => f.write_str("Issue"),
            Self::Form(_) => f.write_str("Form"),
            Self::Genuine => f.write_str("Genuine"),
        }
    }
}

/// One attack.
#[derive(Clone, Debug)]
pub struct Attack {
    /// What it is called: lower-case words joined by hyphens, unique.
    pub name: String,
    /// What it is a spelling of.
    pub threat: &'static Threat,
    /// What must come of it.
    pub expect: Expect,
    /// What must be signed in the response that it starts from.
    pub on: Signed,
    /// With which key of the identity provider.
    pub key: TestKey,
    /// How it is made.
    pub make: Make,
    /// Which way it goes.
    pub delivery: Delivery,
    /// Holds only when the clock of the service provider is exactly that of the identity provider.
    pub exact_clock: bool,
}

impl Attack {
    fn new(threat: &'static Threat, name: impl Into<String>, expect: Expect, make: Make) -> Self {
        let exact_clock = threat.class == Class::Clock;
        let (on, key) = (Signed::Assertion, TestKey::Rsa);
        let delivery = Delivery::Straight;
        Self { name: name.into(), threat, expect, on, key, make, delivery, exact_clock }
    }

    /// Starts from a response signed like this instead of from a signed assertion.
    fn on(self, on: Signed) -> Self {
        Self { on, ..self }
    }

    /// Starts from a response signed with this key instead of the RSA key.
    fn key(self, key: TestKey) -> Self {
        Self { key, ..self }
    }

    /// Goes another way than from the browser that began the sign-in.
    fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    /// Needs no exact clock, although it is about time.
    fn any_clock(self) -> Self {
        Self { exact_clock: false, ..self }
    }

    /// What kind.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.threat.class
    }

    /// The code it is refused with; `None` when it is accepted by design.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        match self.expect {
            Expect::Refused(code) => Some(code),
            Expect::SameIdentity => None,
        }
    }
}

impl Threat {
    /// The response as text is changed.
    fn text(
        &'static self,
        name: impl Into<String>,
        code: Code,
        make: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Attack {
        Attack::new(self, name, Expect::Refused(code), Make::Text(Arc::new(make)))
    }

    /// The response as text is changed in a way that means nothing.
    fn harmless(
        &'static self,
        name: impl Into<String>,
        make: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Attack {
        Attack::new(self, name, Expect::SameIdentity, Make::Text(Arc::new(make)))
    }

    /// The response becomes other bytes.
    fn bytes(
        &'static self,
        name: impl Into<String>,
        code: Code,
        make: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Attack {
        Attack::new(self, name, Expect::Refused(code), Make::Bytes(Arc::new(make)))
    }

    /// The identity provider issues something else.
    fn issue(
        &'static self,
        name: impl Into<String>,
        expect: impl Into<Expect>,
        make: impl Fn(&mut IssueOptions) + Send + Sync + 'static,
    ) -> Attack {
        Attack::new(self, name, expect.into(), Make::Issue(Arc::new(make)))
    }

    /// The form is another.
    fn form(
        &'static self,
        name: impl Into<String>,
        expect: impl Into<Expect>,
        make: impl Fn(&str, &str) -> Option<Form> + Send + Sync + 'static,
    ) -> Attack {
        Attack::new(self, name, expect.into(), Make::Form(Arc::new(make)))
    }

    /// The genuine response goes another way.
    fn deliver(&'static self, name: &str, expect: impl Into<Expect>, delivery: Delivery) -> Attack {
        Attack::new(self, name, expect.into(), Make::Genuine).delivered(delivery)
    }
}

impl From<Code> for Expect {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

/// Every attack, by class.
#[must_use]
pub fn all() -> &'static [Attack] {
    static ALL: OnceLock<Vec<Attack>> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            wrapping::attacks(),
            stripped::attacks(),
            splitting::attacks(),
            namespace::attacks(),
            identifier::attacks(),
            signed_info::attacks(),
            reference::attacks(),
            transform::attacks(),
            algorithm::attacks(),
            value::attacks(),
            key::attacks(),
            encoding::attacks(),
            markup::attacks(),
            form::attacks(),
            bomb::attacks(),
            encryption::attacks(),
            profile::attacks(),
            envelope::attacks(),
            clock::attacks(),
            confusion::attacks(),
        ]
        .concat()
    })
}

/// The attack called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static Attack> {
    all().iter().find(|attack| attack.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_for_files() {
        let names: BTreeSet<&str> = all().iter().map(|attack| attack.name.as_str()).collect();
        assert_eq!(names.len(), all().len());
        let fits = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let wrong: Vec<_> = names.iter().filter(|name| !fits(name)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn every_class_has_attacks_that_are_refused() {
        for class in Class::ALL {
            let refused = all().iter().filter(|attack| attack.class() == class && attack.code().is_some());
            assert!(refused.count() >= 5, "{class:?}");
        }
        let refused = all().iter().filter(|attack| attack.code().is_some()).count();
        assert!(refused >= 150, "{refused}");
    }

    /// A change that finds nothing to change says so; what is laid around any text at all is the exception.
    #[test]
    fn a_response_without_the_part_is_no_start() {
        let made: Vec<_> = all()
            .iter()
            .filter(|attack| match &attack.make {
                Make::Text(make) => make("<a/>").is_some(),
                _ => false,
            })
            .filter(|attack| !matches!(attack.class(), Class::Encoding | Class::Markup | Class::Bomb))
            .map(|attack| &attack.name)
            .collect();
        assert!(made.is_empty(), "{made:?}");
    }
}
