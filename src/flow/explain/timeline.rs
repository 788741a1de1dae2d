//! The checks of a sign-in in the order in which they are made.

use crate::base::{Code, Rejection};
use crate::report::{Check, CheckOutcome};
use crate::saml::profiles::web_sso;

/// One line of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Where the sign-in started.
    Start,
    /// The form that the browser posts.
    Form,
    /// Whom we trust.
    IdentityProvider,
    /// That its metadata has not run out.
    Metadata,
    /// The XML.
    Xml,
    /// The shape of the response.
    Response,
    /// What the identity provider answers.
    Status,
    /// The signatures.
    Signature,
    /// What is encrypted.
    Decryption,
    /// The shape of the assertion.
    Assertion,
    /// A rule of the web SSO profile.
    Profile(web_sso::Check),
    /// User name, groups and the rest.
    Identity,
    /// That the assertion was not used before.
    OneUse,
    /// The rules about entering.
    Access,
    /// The account and what is to be changed.
    Provisioning,
    /// The session.
    Session,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "started_at",
            Self::Form => "form",
            Self::IdentityProvider => "identity_provider",
            Self::Metadata => "metadata",
            Self::Xml => "xml",
            Self::Response => "response",
            Self::Status => "status",
            Self::Signature => "signature",
            Self::Decryption => "decryption",
            Self::Assertion => "assertion",
            Self::Profile(check) => check.as_str(),
            Self::Identity => "identity",
            Self::OneUse => "one_use",
            Self::Access => "access",
            Self::Provisioning => "provisioning",
            Self::Session => "session",
        }
    }

    const fn section(self) -> &'static str {
        match self {
            // Our own rules.
            Self::Start | Self::Access | Self::Provisioning => "",
            Self::Form => "bindings 3.5.4",
            Self::IdentityProvider => "profiles 4.1.4.3",
            Self::Metadata => "metadata 2.3.2",
            Self::Xml => "XML 1.0; XML names 1.0",
            Self::Response => "core 3.2.2; core 3.3.3",
            Self::Status => "core 3.2.2.2",
            Self::Signature => "core 5.4; xmldsig 3.2",
            Self::Decryption => "core 2.3.4; xmlenc 4.4",
            Self::Assertion => "core 2.3.3",
            Self::Profile(check) => check.section(),
            Self::Identity => "core 2.2.3; core 2.7.3.1",
            Self::OneUse => "profiles 4.1.4.5",
            Self::Session => "profiles 4.1.4.3",
        }
    }

    /// What [`crate::saml::Unverified::verify`] was at when it found `code`.
    pub(super) const fn of_verification(code: Code) -> Self {
        match code {
            Code::StatusNotSuccess => Self::Status,
            Code::SignatureMissing
            | Code::SignatureStructure
            | Code::ReferenceRefused
            | Code::DigestMismatch
            | Code::SignatureInvalid
            | Code::SignatureAlgorithmRefused
            | Code::CanonicalizationRefused
            | Code::TransformRefused
            | Code::DigestAlgorithmRefused
            | Code::KeyUnsuitable
            | Code::SignatureValueMalformed
            | Code::SignatureChecksExceeded => Self::Signature,
            Code::DecryptionFailed
            | Code::EncryptionStructure
            | Code::EncryptionAlgorithmRefused
            | Code::EncryptionUncovered
            | Code::DecryptionsExceeded => Self::Decryption,
            _ => Self::Assertion,
        }
    }
}

/// What was checked so far, and what is still to come.
pub(super) struct Timeline {
    done: Vec<Check>,
    left: Vec<Stage>,
}

impl Timeline {
    pub(super) fn new() -> Self {
        let before = [
            Stage::Start,
            Stage::Form,
            Stage::IdentityProvider,
            Stage::Metadata,
            Stage::Xml,
            Stage::Response,
            Stage::Status,
            Stage::Signature,
            Stage::Decryption,
            Stage::Assertion,
        ];
        let after = [Stage::Identity, Stage::OneUse, Stage::Access, Stage::Provisioning, Stage::Session];
        let profile = web_sso::Check::ALL.map(Stage::Profile);
        Self { done: Vec::new(), left: before.into_iter().chain(profile).chain(after).collect() }
    }

    /// `stage` holds.
    pub(super) fn pass(&mut self, stage: Stage, detail: impl Into<String>) {
        self.line(stage, CheckOutcome::Passed, detail.into());
    }

    /// The next stage failed, or `stage` where it is known which.
    pub(super) fn fail(&mut self, stage: Option<Stage>, rejection: &Rejection) {
        if let Some(stage) = stage.or_else(|| self.left.first().copied()) {
            self.line(stage, CheckOutcome::Failed, rejection.detail.clone());
        }
    }

    /// There is nothing to check about `stage`.
    pub(super) fn skip(&mut self, stage: Stage) {
        self.left.retain(|left| *left != stage);
    }

    /// All lines; those that were not reached at the end.
    pub(super) fn finish(mut self) -> Vec<Check> {
        for stage in core::mem::take(&mut self.left) {
            self.line(stage, CheckOutcome::NotReached, String::new());
        }
        self.done
    }

    fn line(&mut self, stage: Stage, outcome: CheckOutcome, detail: String) {
        self.skip(stage);
        self.done.push(Check { check: stage.name(), section: stage.section(), outcome, detail });
    }
}
