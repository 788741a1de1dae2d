//! The session itself: who signed in, what is forwarded about them, and for how long.

use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::{SessionError, Unreadable};
use super::replay::ReplayClaim;
use super::settings::Settings;
use crate::base::{EntropySource, Pii, UnixTime, random};
use crate::encoding::base64url;
use crate::identity::Identity;
use crate::policy::Admitted;
use crate::saml::profiles::web_sso::AcceptedAssertion;

/// How far the clocks of two replicas may differ before a session counts as forged.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(300);

/// A last use is recorded no more often than this: every record is a cookie in a reply.
const MIN_TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// A signed-in user, as the session cookie holds them.
///
/// Only [`Session::begin`] makes one, from an accepted assertion and the proof that it was not used before, and only
/// [`super::open`] reads one back.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub(super) fields: Fields,
}

/// What is sealed. Not public: whoever could deserialize it could make a [`Session`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fields {
    pub(super) id: [u8; 16],
    pub(super) username: Pii<String>,
    pub(super) name_id: Option<SessionNameId>,
    pub(super) email: Option<Pii<String>>,
    pub(super) display_name: Option<Pii<String>>,
    pub(super) groups: Vec<String>,
    pub(super) attributes: Vec<(String, Vec<String>)>,
    pub(super) idp_entity_id: String,
    pub(super) session_index: Option<String>,
    pub(super) authn_instant: UnixTime,
    pub(super) authn_context_class: Option<String>,
    pub(super) asserted_at: UnixTime,
    pub(super) issued_at: UnixTime,
    pub(super) last_seen: UnixTime,
    pub(super) expires_at: UnixTime,
}

/// The NameID as a later logout must repeat it (core 3.7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionNameId {
    /// The identifier.
    pub value: Pii<String>,
    /// `Format`.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// `SPProvidedID`.
    pub sp_provided_id: Option<Pii<String>>,
}

/// What a session keeps for the application: what `policy` decided, not what the identity provider said.
///
/// Made from a decision by which the person may enter, so there is no session against the rules.
#[derive(Clone, PartialEq, Eq)]
pub struct Forwarded {
    pub(super) groups: BTreeSet<String>,
    pub(super) attributes: BTreeMap<String, Vec<String>>,
}

impl Forwarded {
    /// The application groups of the decision, and the values of the attributes that are forwarded, by attribute name.
    #[must_use]
    pub fn new(admitted: &Admitted, attributes: BTreeMap<String, Vec<String>>) -> Self {
        Self { groups: admitted.decision().application_groups.clone(), attributes }
    }
}

impl Session {
    /// Begins the session of the person whom `assertion` vouches for, and spends the proof that it was not used before.
    ///
    /// It ends after `settings.absolute_ttl`, or at the identity provider's SessionNotOnOrAfter if that comes first
    /// (profiles 4.1.4.3); that instant is taken without any skew, because it only shortens.
    ///
    /// # Errors
    /// [`SessionError::AssertionReplayed`] when `claim` is for another assertion, [`SessionError::IdpSessionEnded`],
    /// [`SessionError::EntropyUnavailable`].
    #[expect(clippy::needless_pass_by_value, reason = "the claim is spent: it proves one use")]
    pub fn begin(
        assertion: &AcceptedAssertion,
        identity: &Identity,
        claim: ReplayClaim,
        forwarded: Forwarded,
        now: UnixTime,
        settings: &Settings,
        entropy: &dyn EntropySource,
    ) -> Result<Self, SessionError> {
        // profiles 4.1.4.5: the claim proves something about one assertion only
        if !claim.is_for(assertion) {
            return Err(SessionError::AssertionReplayed);
        }
        let mut expires_at = now.saturating_add(settings.absolute_ttl);
        if let Some(not_on_or_after) = assertion.session_not_on_or_after() {
            // profiles 4.1.4.3: our session ends no later
            if now >= not_on_or_after {
                return Err(SessionError::IdpSessionEnded { not_on_or_after });
            }
            expires_at = expires_at.min(not_on_or_after);
        }
        let name_id = identity.name_id.as_ref().map(|name_id| SessionNameId {
            value: name_id.value().clone(),
            format: name_id.format().map(str::to_owned),
            name_qualifier: name_id.name_qualifier().map(str::to_owned),
            sp_name_qualifier: name_id.sp_name_qualifier().map(str::to_owned),
            sp_provided_id: name_id.sp_provided_id().cloned(),
        });
        Ok(Self {
            fields: Fields {
                id: random(entropy)?,
                username: identity.username.clone(),
                name_id,
                email: identity.email.clone(),
                display_name: identity.display_name.clone(),
                groups: forwarded.groups.into_iter().collect(),
                attributes: forwarded.attributes.into_iter().collect(),
                idp_entity_id: assertion.issuer().to_owned(),
                session_index: assertion.session_index().map(str::to_owned),
                authn_instant: assertion.authn_instant(),
                authn_context_class: assertion.authn_context_class().map(str::to_owned),
                asserted_at: assertion.issue_instant(),
                issued_at: now,
                last_seen: now,
                expires_at,
            },
        })
    }

    /// Who signed in.
    #[must_use]
    pub const fn username(&self) -> &Pii<String> {
        &self.fields.username
    }

    /// The NameID of the assertion.
    #[must_use]
    pub const fn name_id(&self) -> Option<&SessionNameId> {
        self.fields.name_id.as_ref()
    }

    /// E-mail address.
    #[must_use]
    pub const fn email(&self) -> Option<&Pii<String>> {
        self.fields.email.as_ref()
    }

    /// Name for display.
    #[must_use]
    pub const fn display_name(&self) -> Option<&Pii<String>> {
        self.fields.display_name.as_ref()
    }

    /// Application groups as they are forwarded, in order and without repetition.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.fields.groups
    }

    /// Attributes as they are forwarded, in order of their names.
    #[must_use]
    pub fn attributes(&self) -> &[(String, Vec<String>)] {
        &self.fields.attributes
    }

    /// The values of one forwarded attribute; empty when it is absent.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &[String] {
        self.fields.attributes.iter().find(|(have, _)| have == name).map_or(&[], |(_, values)| values)
    }

    /// The identity provider that vouched.
    #[must_use]
    pub fn idp_entity_id(&self) -> &str {
        &self.fields.idp_entity_id
    }

    /// SessionIndex of the assertion's AuthnStatement (core 2.7.2).
    #[must_use]
    pub fn session_index(&self) -> Option<&str> {
        self.fields.session_index.as_deref()
    }

    /// When the person authenticated at the identity provider (core 2.7.2).
    #[must_use]
    pub const fn authn_instant(&self) -> UnixTime {
        self.fields.authn_instant
    }

    /// How, as its class (core 2.7.2.2).
    #[must_use]
    pub fn authn_context_class(&self) -> Option<&str> {
        self.fields.authn_context_class.as_deref()
    }

    /// Random name of this session, 22 characters of base64url. It says nothing about the cookie, so it may be logged
    /// and forwarded.
    #[must_use]
    pub fn id(&self) -> String {
        base64url::encode(&self.fields.id)
    }

    /// When the identity provider issued the assertion, by its clock.
    #[must_use]
    pub const fn asserted_at(&self) -> UnixTime {
        self.fields.asserted_at
    }

    /// When the user signed in.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.fields.issued_at
    }

    /// The last use that was recorded; at most the touch interval behind the real one.
    #[must_use]
    pub const fn last_seen(&self) -> UnixTime {
        self.fields.last_seen
    }

    /// The first second at which the session has ended, however much it is used.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.fields.expires_at
    }

    /// Whether the session may be used at `now`.
    ///
    /// # Errors
    /// [`SessionError::SessionUnreadable`] when it comes from the future, [`SessionError::SessionExpired`],
    /// [`SessionError::SessionIdle`].
    pub(super) fn check(&self, settings: &Settings, now: UnixTime) -> Result<(), SessionError> {
        let fields = &self.fields;
        if fields.issued_at.max(fields.last_seen) > now.saturating_add(MAX_CLOCK_DIFFERENCE) {
            return Err(SessionError::SessionUnreadable(Unreadable::Future));
        }
        let ended_at = fields.expires_at.min(fields.issued_at.saturating_add(settings.absolute_ttl));
        if now >= ended_at {
            return Err(SessionError::SessionExpired { ended_at });
        }
        if settings.idle_ttl.is_some_and(|idle| now >= fields.last_seen.saturating_add(idle)) {
            return Err(SessionError::SessionIdle { last_seen: fields.last_seen });
        }
        Ok(())
    }

    /// This session with a use recorded at `now`, if the last record is old enough to be worth a cookie.
    pub(super) fn touched(&self, settings: &Settings, now: UnixTime) -> Option<Self> {
        let idle = settings.idle_ttl?;
        let interval = MIN_TOUCH_INTERVAL.max(idle / 10).min(idle / 2);
        if now < self.fields.last_seen.saturating_add(interval) {
            return None;
        }
        let mut touched = self.clone();
        touched.fields.last_seen = now;
        (touched != *self).then_some(touched)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("issued_at", &self.fields.issued_at)
            .field("last_seen", &self.fields.last_seen)
            .field("expires_at", &self.fields.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forwarded({} groups, {} attributes)", self.groups.len(), self.attributes.len())
    }
}
