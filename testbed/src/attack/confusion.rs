//! The right answer for somebody else: other identity provider, other browser, other request, second use.

use samlgate::base::Code;

use super::corpus::Delivery;
use super::text::{signed_by, unsigned, with_assertion};
use super::{Attack, Class, Threat};
use crate::idp::{IssueOptions, Signed, TestKey, User};

/// The other identity provider of the metadata.
const OTHER_IDP: &str = "http://other-idp.localhost:8082/metadata";

static OTHER_PROVIDER: Threat = Threat {
    class: Class::Confusion,
    attack: "another identity provider of the same metadata, honest or not, answers for ours",
    source: "Mainka and others, \"Your Software at my Service\" (2014); CVE-2026-49283 simplesamlphp/saml2",
    answer: "keys are those of the one entity that was asked (`IdpMetadata::parse` chooses it); the sealed pending request \
             names it",
};

static OTHER_BROWSER: Threat = Threat {
    class: Class::Confusion,
    attack: "an answer that another browser asked for: stolen, or given to a victim (login CSRF)",
    source: "Barth, Jackson, Mitchell (2008); CVE-2017-6807 mod_auth_mellon; SAML profiles 4.1.4.2",
    answer: "`PendingRequest` is sealed in a cookie of the browser that began; RelayState opens it, InResponseTo must name it",
};

static SECOND_USE: Threat = Threat {
    class: Class::Confusion,
    attack: "a good answer is used again, as it is or changed where nothing is signed",
    source: "SAML profiles 4.1.4.5; core 2.5.1.5",
    answer: "`ReplayLedger`, keyed by issuer and assertion ID; a session needs a `ReplayClaim`",
};

/// What the other identity provider says about our administrator.
fn theirs(o: &mut IssueOptions, issuer: &str) {
    o.user = User::admin();
    o.issuer = issuer.to_owned();
    o.key = TestKey::OtherIdp;
}

pub(super) fn attacks() -> Vec<Attack> {
    let invalid = Code::SignatureInvalid;
    vec![
        OTHER_PROVIDER.issue("other-provider-in-its-own-name", invalid, |o| theirs(o, OTHER_IDP)),
        OTHER_PROVIDER.issue("other-provider-in-our-name", invalid, |o| {
            let ours = o.issuer.clone();
            theirs(o, &ours);
        }),
        OTHER_PROVIDER
            .issue("other-provider-in-its-own-name-response-signed", invalid, |o| theirs(o, OTHER_IDP))
            .on(Signed::Response),
        OTHER_PROVIDER.issue("other-provider-names-ours-in-the-response", invalid, |o| {
            let ours = o.issuer.clone();
            theirs(o, &ours);
            o.assertion_issuer = Some(String::from(OTHER_IDP));
        }),
        OTHER_PROVIDER.issue("our-key-in-the-name-of-the-other", Code::IssuerMismatch, |o| {
            o.issuer = String::from(OTHER_IDP);
        }),
        OTHER_PROVIDER
            .text("other-provider-signs-around-ours", invalid, |xml| signed_by(xml, TestKey::OtherIdp)),
        OTHER_PROVIDER
            .text("other-provider-signs-within-ours", Code::DigestMismatch, |xml| {
                with_assertion(xml, |assertion| signed_by(assertion, TestKey::OtherIdp))
            })
            .on(Signed::Response),
        OTHER_PROVIDER.text("other-provider-signs-anew", invalid, |xml| {
            with_assertion(xml, |assertion| signed_by(&unsigned(assertion)?.0, TestKey::OtherIdp))
        }),
        OTHER_PROVIDER.deliver(
            "pending-request-of-another-provider",
            Code::IssuerUnknown,
            Delivery::OtherIdentityProvider,
        ),
        OTHER_BROWSER.deliver("other-browser", Code::InResponseToMismatch, Delivery::OtherBrowser),
        OTHER_BROWSER
            .deliver("other-browser-response-signed", Code::InResponseToMismatch, Delivery::OtherBrowser)
            .on(Signed::Response),
        OTHER_BROWSER.deliver(
            "other-browser-our-relay-state",
            Code::PendingRequestMissing,
            Delivery::OtherBrowserOurRelayState,
        ),
        OTHER_BROWSER.deliver("browser-without-cookies", Code::PendingRequestMissing, Delivery::NoCookies),
        OTHER_BROWSER.deliver(
            "other-request-of-this-browser",
            Code::InResponseToMismatch,
            Delivery::OtherRequest,
        ),
        SECOND_USE.deliver("used-twice", Code::AssertionReplayed, Delivery::Twice),
        SECOND_USE
            .deliver("used-twice-response-signed", Code::AssertionReplayed, Delivery::Twice)
            .on(Signed::Response),
        SECOND_USE
            .text("used-twice-with-another-response-id", Code::AssertionReplayed, |xml| {
                super::text::with_attribute(xml, "ID", "_another")
            })
            .delivered(Delivery::AfterGenuine),
        SECOND_USE
            .text("used-twice-in-another-spelling", Code::AssertionReplayed, |xml| {
                super::text::with_text(xml, "saml:NameID", |name| format!("<![CDATA[{name}]]>"))
            })
            .delivered(Delivery::AfterGenuine),
        SECOND_USE
            .text("used-twice-with-the-id-in-another-spelling", Code::AssertionReplayed, |xml| {
                with_assertion(xml, |assertion| {
                    let id = super::text::attribute(assertion, "ID")?.to_owned();
                    super::text::with_attribute(assertion, "ID", &id.replacen('_', "&#x5F;", 1))
                })
            })
            .delivered(Delivery::AfterGenuine),
        SECOND_USE
            .text("used-twice-without-the-response-signature", Code::AssertionReplayed, |xml| {
                Some(unsigned(xml)?.0)
            })
            .on(Signed::Both)
            .delivered(Delivery::AfterGenuine),
    ]
}
