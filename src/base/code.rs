//! The catalogue of codes: the stable names of everything that can go wrong.
//!
//! An id is `SG` and four digits and is never reused: 1xxx binding and encoding, 2xxx XML, 3xxx signature and keys,
//! 4xxx SAML profile, 5xxx session and replay, 6xxx policy, 7xxx SCIM, 8xxx provisioning, 9xxx configuration and
//! host. People search for the id; metrics and logs carry the slug. `docs/errors.md` is generated from this table.

use core::fmt;

/// Who has to act on a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Ordinary life: a session ran out, an API client came without credentials.
    Notice,
    /// Something was refused; a rising count is worth a look.
    Warning,
    /// Looks like somebody trying to get in.
    Attack,
    /// The installation is broken until an operator acts.
    Error,
}

impl Severity {
    /// The lower-case word used in events and documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Attack => "attack",
            Self::Error => "error",
        }
    }
}

macro_rules! catalogue {
    ($($number:literal $name:ident $slug:literal $status:literal $severity:ident $public:literal $remedy:literal;)+) => {
        /// One finding of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`SG", $number, " ", $slug, "`: ", $public)] $name,)+
        }

        impl Code {
            /// Every code, in order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The id that people search for, `SG` and four digits.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => concat!("SG", $number),)+ }
            }

            /// The word used in metrics and events.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The HTTP status of the answer that carries the code; 0 where it never reaches a browser.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// Who has to act.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What the person in front of the browser is told: one sentence that helps no attacker.
            #[must_use]
            pub const fn public_reason(self) -> &'static str {
                match self { $(Self::$name => $public,)+ }
            }

            /// What the operator does about it: one sentence.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

catalogue! {
    // 1xxx: bindings and encodings
    1001 Base64Malformed "base64_malformed" 400 Warning "The sign-in answer could not be read." "Compare what the identity provider posted with the HTTP-POST binding; a proxy may have altered the form";
    1002 FormMalformed "form_malformed" 400 Warning "The sign-in answer could not be read." "The body is not application/x-www-form-urlencoded; check what posts to the assertion consumer service";
    1003 SamlResponseMissing "saml_response_missing" 400 Warning "The sign-in answer is missing." "The form lacks SAMLResponse; check the binding configured at the identity provider";
    1004 BodyTooLarge "body_too_large" 413 Warning "The sign-in answer is too large." "Send fewer groups or attributes, or raise limits.max_body_bytes and Envoy's per_connection_buffer_limit_bytes";
    1005 ContentTypeUnexpected "content_type_unexpected" 415 Warning "The sign-in answer has the wrong form." "The assertion consumer service takes application/x-www-form-urlencoded only";
    1006 BodyMissing "body_missing" 400 Warning "The sign-in answer is empty." "Check that no proxy in front of Envoy drops the body of the POST";
    1007 RelayStateMalformed "relay_state_malformed" 400 Warning "The sign-in answer does not belong to a sign-in that was started here." "The identity provider must return RelayState exactly as it was sent";
    1009 ParameterRepeated "parameter_repeated" 400 Attack "The sign-in answer could not be read." "The form names a SAML parameter twice; find out who posts it";
    1010 MethodNotAllowed "method_not_allowed" 405 Warning "This address does not take that kind of request." "The assertion consumer service takes POST, the metadata address GET or HEAD, logout POST or a same-site GET";
    1011 PathAmbiguous "path_ambiguous" 400 Attack "The address of this request is not acceptable." "The path can be read in two ways (encoded slash, backslash, dot segments, control bytes); the client must send it plainly";
    1012 RedirectTargetRefused "redirect_target_refused" 400 Attack "The address to return to is not acceptable." "Return addresses are paths of this site that begin with one slash";
    1013 HostUnexpected "host_unexpected" 421 Warning "This site is not served here." "The host of the request is not that of sp.base_uri; check the virtual host or add the name to allowed_hosts";

    // 2xxx: XML
    2001 XmlTooLarge "xml_too_large" 413 Warning "The sign-in answer is too large." "Send fewer groups or attributes, or raise limits.max_xml_bytes and Envoy's per_connection_buffer_limit_bytes";
    2002 XmlEncodingRefused "xml_encoding_refused" 400 Attack "The sign-in answer could not be read." "Messages must be UTF-8 without a byte order mark";
    2003 XmlDeclarationRefused "xml_declaration_refused" 400 Attack "The sign-in answer could not be read." "Only XML 1.0 in UTF-8 is accepted";
    2004 XmlDoctypeRefused "xml_doctype_refused" 400 Attack "The sign-in answer could not be read." "Document type declarations and entities are never accepted";
    2005 XmlProcessingInstructionRefused "xml_processing_instruction_refused" 400 Attack "The sign-in answer could not be read." "SAML messages contain no processing instructions; remove them at the sender";
    2006 XmlTooDeep "xml_too_deep" 400 Attack "The sign-in answer could not be read." "The message nests deeper than any real one";
    2007 XmlTooManyNodes "xml_too_many_nodes" 400 Attack "The sign-in answer could not be read." "The message has more elements than one of its size should; if it is real raise limits.max_xml_nodes or limits.max_xml_bytes";
    2008 XmlTooManyAttributes "xml_too_many_attributes" 400 Attack "The sign-in answer could not be read." "One element has more XML attributes than any real one";
    2009 XmlTooManyPrefixes "xml_too_many_prefixes" 400 Attack "The sign-in answer could not be read." "The message declares more namespace prefixes than any real one";
    2010 XmlNamespaceRefused "xml_namespace_refused" 400 Attack "The sign-in answer could not be read." "A namespace declaration is repeated, relative, empty or reserved";
    2011 XmlNameRefused "xml_name_refused" 400 Attack "The sign-in answer could not be read." "An element or attribute name is not a qualified XML name";
    2012 XmlReferenceRefused "xml_reference_refused" 400 Attack "The sign-in answer could not be read." "Only the five predefined entities and legal character references are accepted";
    2013 XmlNotWellFormed "xml_not_well_formed" 400 Warning "The sign-in answer could not be read." "The message is not well-formed XML; look for a proxy that truncates or rewrites it";
    2014 XmlIdRepeated "xml_id_repeated" 400 Attack "The sign-in answer could not be read." "Two elements carry the same ID";
    2015 XmlValueSplit "xml_value_split" 400 Attack "The sign-in answer could not be read." "A value is interrupted by a comment or an element";
    2016 CanonicalizationFailed "canonicalization_failed" 400 Attack "The sign-in answer could not be read." "The signed part has no canonical form";
    2017 XmlElementRepeated "xml_element_repeated" 400 Attack "The sign-in answer could not be read." "An element stands twice where only one is allowed; the detail names it";
    2018 XmlNameTooLong "xml_name_too_long" 400 Attack "The sign-in answer could not be read." "A name or a namespace is longer than any real one";
    2019 XmlValueTooLong "xml_value_too_long" 400 Attack "The sign-in answer could not be read." "An XML attribute is longer than 4096 bytes; addresses and names are not";
    2020 XmlTooManyComparisons "xml_too_many_comparisons" 400 Attack "The sign-in answer could not be read." "The message combines prefixes and attributes in a way that only makes work; no identity provider does";

    // 3xxx: signatures and keys
    3001 SignatureMissing "signature_missing" 403 Attack "The sign-in answer could not be verified." "Have the identity provider sign the response, the assertion or both";
    3002 SignatureStructure "signature_structure" 403 Attack "The sign-in answer could not be verified." "The signature is not shaped as SAML core 5.4 demands";
    3003 ReferenceRefused "reference_refused" 403 Attack "The sign-in answer could not be verified." "A SAML signature has one reference, to the ID of the element that contains it";
    3004 DigestMismatch "digest_mismatch" 403 Attack "The sign-in answer could not be verified." "The message was changed after it was signed; look for a proxy that rewrites XML";
    3005 SignatureInvalid "signature_invalid" 403 Attack "The sign-in answer could not be verified." "No configured key of this identity provider made the signature; update idp.metadata after a key rollover";
    3006 SignatureAlgorithmRefused "signature_algorithm_refused" 403 Attack "The sign-in answer could not be verified." "Have the identity provider sign with RSA or ECDSA and SHA-256 or better";
    3007 CanonicalizationRefused "canonicalization_refused" 403 Attack "The sign-in answer could not be verified." "Only exclusive canonical XML 1.0 is accepted: choose it at the identity provider, where that signs with another";
    3008 TransformRefused "transform_refused" 403 Attack "The sign-in answer could not be verified." "Only enveloped-signature followed by exclusive canonical XML 1.0 is accepted";
    3009 DigestAlgorithmRefused "digest_algorithm_refused" 403 Attack "The sign-in answer could not be verified." "Have the identity provider digest with SHA-256 or better";
    3010 KeyUnsuitable "key_unsuitable" 403 Attack "The sign-in answer could not be verified." "No configured key of this identity provider fits the algorithm that the message names";
    3011 KeyTooWeak "key_too_weak" 0 Error "A key is too weak." "Use RSA of at least 2048 bits, or P-256, P-384 or P-521";
    3012 SignatureValueMalformed "signature_value_malformed" 403 Attack "The sign-in answer could not be verified." "DigestValue and SignatureValue must be plain base64 of the right length";
    3013 SignatureChecksExceeded "signature_checks_exceeded" 403 Attack "The sign-in answer could not be verified." "The message asks for more signature checks than limits.max_signature_checks";
    3014 SigningFailed "signing_failed" 500 Error "The sign-in could not be started." "Check sp.signing: key and algorithm must fit";
    3015 CertificateMalformed "certificate_malformed" 0 Error "A certificate could not be read." "Give an X.509 certificate in PEM or bare base64";
    3016 PrivateKeyMalformed "private_key_malformed" 0 Error "A private key could not be read." "Give an unencrypted PKCS#8 key in PEM";
    3017 DecryptionFailed "decryption_failed" 403 Attack "The sign-in answer could not be decrypted." "The identity provider encrypts to a key that is not in sp.decryption; give it our current metadata";
    3018 EncryptionStructure "encryption_structure" 403 Attack "The sign-in answer could not be decrypted." "An encrypted element holds EncryptedData with its keys in EncryptedKey elements, inside or beside";
    3019 EncryptionAlgorithmRefused "encryption_algorithm_refused" 403 Attack "The sign-in answer could not be decrypted." "Have the identity provider encrypt with AES-GCM and RSA-OAEP; for AES-CBC see idp.danger_allow_aes_cbc";
    3020 EncryptionUncovered "encryption_uncovered" 403 Attack "The sign-in answer could not be decrypted." "AES-CBC is decrypted only inside a signed response; have the identity provider sign the response or encrypt with AES-GCM";
    3021 DecryptionsExceeded "decryptions_exceeded" 403 Attack "The sign-in answer could not be decrypted." "The message has more encrypted keys than limits allow; have the identity provider encrypt for us only";
    3022 IdentityTokenUnsigned "identity_token_unsigned" 500 Error "The request could not be handled." "Check identity_token.signing: key and algorithm must fit";
    3023 IdentityTokenTooLarge "identity_token_too_large" 500 Error "The request could not be handled." "The identity token is longer than headers can be; take GROUPS or attributes out of identity_token.claims, or give the person fewer groups";
    3024 PublicKeyMalformed "public_key_malformed" 0 Error "A public key could not be read." "Give a public key in PEM (BEGIN PUBLIC KEY) or an X.509 certificate";

    // 4xxx: SAML profiles
    4001 MessageUnexpected "message_unexpected" 400 Attack "The sign-in answer could not be read." "The document is not a SAML 2.0 Response";
    4002 VersionUnsupported "version_unsupported" 400 Warning "The sign-in answer could not be read." "Only SAML 2.0 is accepted";
    4003 StatusNotSuccess "status_not_success" 403 Warning "The identity provider did not sign you in." "Look up the status code in the identity provider's log";
    4004 IssuerUnknown "issuer_unknown" 403 Attack "The sign-in answer comes from an unknown identity provider." "The Issuer must equal the entityID in idp.metadata";
    4005 IssuerMismatch "issuer_mismatch" 403 Attack "The sign-in answer comes from an unknown identity provider." "Response and assertion must name the identity provider that was asked";
    4006 DestinationMismatch "destination_mismatch" 403 Attack "The sign-in answer was meant for another address." "Configure the assertion consumer service address at the identity provider exactly as in our metadata";
    4007 AssertionMissing "assertion_missing" 403 Warning "The sign-in answer contains no assertion." "Check the application's settings at the identity provider";
    4008 AssertionRepeated "assertion_repeated" 403 Attack "The sign-in answer could not be accepted." "Exactly one assertion is accepted";
    4009 AssertionEncrypted "assertion_encrypted" 403 Warning "The sign-in answer is encrypted." "Configure a key in sp.decryption, or switch encryption off at the identity provider";
    4010 SubjectConfirmationMissing "subject_confirmation_missing" 403 Attack "The sign-in answer could not be accepted." "The assertion needs a bearer SubjectConfirmation with Recipient, NotOnOrAfter and InResponseTo";
    4011 RecipientMismatch "recipient_mismatch" 403 Attack "The sign-in answer was meant for another address." "Configure the assertion consumer service address at the identity provider exactly as in our metadata";
    4012 ConfirmationExpired "confirmation_expired" 403 Warning "The sign-in took too long." "Sign in again; if it happens every time compare the clocks";
    4013 ConfirmationNotBefore "confirmation_not_before" 403 Attack "The sign-in answer could not be accepted." "A bearer SubjectConfirmationData must not carry NotBefore (profiles 4.1.4.2)";
    4014 InResponseToMismatch "in_response_to_mismatch" 403 Attack "The sign-in answer does not belong to the sign-in that was started here." "Start again from the application; a response must answer the request of the same browser";
    4015 UnsolicitedRefused "unsolicited_refused" 403 Warning "Start the sign-in from the application." "A sign-in started at the identity provider is not accepted";
    4016 AudienceMismatch "audience_mismatch" 403 Attack "The sign-in answer was meant for another service." "The audience at the identity provider must equal sp.entity_id exactly";
    4017 AudienceMissing "audience_missing" 403 Attack "The sign-in answer does not say for whom it is." "The assertion needs an AudienceRestriction";
    4018 AssertionNotYetValid "assertion_not_yet_valid" 403 Warning "The sign-in answer is not valid yet." "Compare the clocks of identity provider and Envoy, or raise clock_skew";
    4019 AssertionExpired "assertion_expired" 403 Warning "The sign-in answer is no longer valid." "Sign in again; if it happens every time compare the clocks";
    4020 ConditionUnknown "condition_unknown" 403 Warning "The sign-in answer carries a condition that cannot be met." "A condition that is not understood makes the assertion invalid (core 2.5.1.1)";
    4021 AuthnStatementMissing "authn_statement_missing" 403 Warning "The sign-in answer does not say how you signed in." "Switch the authentication statement on at the identity provider";
    4022 IdpSessionExpired "idp_session_expired" 403 Warning "The session at the identity provider has ended." "Sign in again";
    4023 InstantMalformed "instant_malformed" 403 Warning "The sign-in answer could not be read." "Instants are UTC in the form 2026-01-02T03:04:05Z (core 1.3.3)";
    4024 SchemaViolation "schema_violation" 403 Attack "The sign-in answer could not be read." "An element is missing, repeated or misplaced; the detail names it";
    4025 IssueInstantImplausible "issue_instant_implausible" 403 Warning "The sign-in answer is too old or from the future." "Compare the clocks of identity provider and Envoy";
    4026 NameIdMissing "name_id_missing" 403 Warning "The sign-in answer does not name you." "Have the identity provider send a NameID, or configure identity.username from an attribute";
    4027 ValueTooLong "value_too_long" 403 Warning "The sign-in answer holds a value that is too long." "The detail names the element; leave the attribute out at the identity provider, or raise limits.max_value_bytes";
    4028 ValuesExceeded "values_exceeded" 403 Warning "The sign-in answer holds too many values." "The detail names the element; release fewer attributes at the identity provider, or raise limits.max_attributes";
    4029 MetadataValidityRefused "metadata_validity_refused" 0 Error "The metadata of the identity provider is valid for too long." "Ask for a validUntil, or for an earlier one, or raise remote_metadata.max_validity; what was fetched was not used";
    4030 MetadataMalformed "metadata_malformed" 0 Error "The metadata of the identity provider could not be read." "Paste the identity provider's SAML 2.0 metadata document unchanged";
    4031 MetadataWithoutIdp "metadata_without_idp" 0 Error "The metadata names no identity provider." "The document needs an IDPSSODescriptor for SAML 2.0; with several entities name one in idp.entity_id";
    4032 MetadataWithoutEndpoint "metadata_without_endpoint" 0 Error "The metadata names no sign-in address." "The IDPSSODescriptor needs a SingleSignOnService with HTTP-Redirect or HTTP-POST";
    4033 MetadataWithoutKey "metadata_without_key" 0 Error "The metadata holds no signing key." "The IDPSSODescriptor needs a KeyDescriptor for signing with an X.509 certificate";
    4034 MetadataExpired "metadata_expired" 503 Error "The metadata of the identity provider has expired." "Fetch the identity provider's metadata again; validUntil has passed. With remote_metadata look for SG4038 in the log";
    4035 MetadataKeysExceeded "metadata_keys_exceeded" 0 Error "The metadata names too many signing keys." "Remove keys that are not used any more, or raise limits.max_signature_checks to twice their number";
    4036 MetadataUnavailable "metadata_unavailable" 503 Error "Sign-in is not possible for a moment." "The metadata of the identity provider has not been fetched yet; look for SG4038 in the log, and check the cluster and the address in idp.remote_metadata";
    4037 MetadataSignatureInvalid "metadata_signature_invalid" 0 Attack "The metadata of the identity provider is not signed as it must be." "Compare the certificate in the configuration with the one that signs the metadata; what was fetched was not used";
    4038 MetadataFetchFailed "metadata_fetch_failed" 0 Error "The metadata of the identity provider could not be fetched." "Look at the detail: cluster, address and TLS of remote_metadata; the last good copy is used until its validUntil";
    4039 CertificateExpiring "certificate_expiring" 0 Warning "A certificate of the identity provider ends soon." "Ask the identity provider when it changes its key; with remote_metadata the new one is learned by itself";
    4040 UsernameMissing "username_missing" 403 Warning "The sign-in answer does not contain your user name." "identity.username names an attribute that the identity provider does not send; there is no silent fall-back";
    4041 UsernameRefused "username_refused" 403 Warning "Your user name cannot be used here." "The user name does not match identity.username.pattern, is empty, too long or holds control characters";
    4042 GroupsExceeded "groups_exceeded" 403 Warning "Your account has more groups than can be taken over." "Send only the groups that concern the application, or raise limits.max_groups";
    4043 AuthnContextUnmet "authn_context_unmet" 403 Warning "You did not sign in in the way that this page demands." "The identity provider answered with another AuthnContextClassRef than was requested; compare with requested_authn_context.accepted_class_refs";
    4044 NoPassive "no_passive" 403 Notice "You are not signed in at your identity provider." "The identity provider was asked to show nothing and has no session of this person";
    4045 AuthnTooOld "authn_too_old" 403 Warning "Your last sign-in is too long ago for this page." "The identity provider did not authenticate the person anew although ForceAuthn asked for it; compare AuthnInstant and the clocks";
    4046 UnsolicitedTargetRefused "unsolicited_target_refused" 403 Warning "The sign-in leads to a page that it may not lead to." "RelayState of the identity provider's own sign-in names a path outside idp.unsolicited.target_paths";
    4050 LogoutMessageMissing "logout_message_missing" 400 Warning "The sign-out message is missing." "A single logout address takes exactly one of SAMLRequest and SAMLResponse; check the binding configured at the identity provider";
    4051 LogoutNotOffered "logout_not_offered" 403 Warning "Single sign-out is not set up with this identity provider." "Configure sp.signing and leave idp.single_logout on, or remove our logout address at the identity provider";
    4052 LogoutExpired "logout_expired" 403 Warning "The sign-out message is no longer valid." "Sign out again; if it happens every time compare the clocks";
    4053 LogoutUnexpected "logout_unexpected" 403 Warning "No sign-out is under way in this browser." "The answer came twice, too late or to another browser; the session here ended before the identity provider was asked";
    4054 LogoutUnconfirmed "logout_unconfirmed" 0 Warning "Other sites may still be signed in." "The identity provider could not sign the person out everywhere; its log names the application that did not answer";
    4055 SoapEnvelopeMalformed "soap_envelope_malformed" 400 Warning "The message could not be read." "The back-channel address takes a SOAP 1.1 envelope with one LogoutRequest";
    4047 ArtifactMalformed "artifact_malformed" 400 Warning "The sign-in answer could not be read." "SAMLart must be one SAML 2.0 artifact of type 4 and come without a message; find out what sends it";
    4048 ArtifactUnexpected "artifact_unexpected" 403 Attack "The sign-in answer does not come from where it was asked for." "The artifact's SourceID is not the SHA-1 of the entityID that was asked, or idp.artifact_resolution is not configured";
    4049 ArtifactUnresolved "artifact_unresolved" 503 Error "The sign-in answer could not be fetched." "The detail says what the artifact resolution service answered; check the cluster in idp.artifact_resolution and the ArtifactResolutionService of the metadata";

    // 5xxx: session and replay
    4056 ApplicationSessionKept "application_session_kept" 0 Warning "The application may keep its own session until that runs out." "The application did not end the person's sessions; look at the detail and at the credentials of the provisioning account";
    5001 PendingRequestMissing "pending_request_missing" 403 Warning "This sign-in was not started in this browser, or took too long." "Start again from the application; if it happens every time the browser drops the SameSite=None cookie";
    5002 PendingRequestUnreadable "pending_request_unreadable" 403 Attack "This sign-in was not started in this browser." "The cookie was altered, or sealed with a key that is not configured any more";
    5003 PendingRequestExpired "pending_request_expired" 403 Notice "The sign-in took too long." "Start again from the application, or raise session.pending_request_ttl";
    5004 AssertionReplayed "assertion_replayed" 403 Attack "This sign-in answer has been used before." "Start again from the application; a repeated count means somebody replays captured responses";
    5005 ReplayStoreUnavailable "replay_store_unavailable" 503 Error "The sign-in cannot be completed right now." "The store of used assertions could not be written; nothing is accepted without it";
    5006 SessionTooLarge "session_too_large" 403 Error "Your account has more groups or attributes than a session can hold." "Forward fewer groups or attributes (headers), or raise session.max_cookie_bytes";
    5007 SessionUnreadable "session_unreadable" 0 Notice "The session could not be read." "The cookie was altered, or sealed with a key that is not configured any more; the user signs in again";
    5008 SessionExpired "session_expired" 0 Notice "The session has ended." "Nothing to do: the user signs in again";
    5009 SessionIdle "session_idle" 0 Notice "The session was idle for too long." "Nothing to do: the user signs in again";
    5010 AuthenticationRequired "authentication_required" 401 Notice "Sign in first." "API clients need a session or their own credentials; list paths under rules if they may pass";
    5011 CrossSiteRefused "cross_site_refused" 403 Attack "This request came from another site." "Add the origin to allowed_origins if it is yours";
    5012 EntropyUnavailable "entropy_unavailable" 503 Error "The sign-in cannot be started right now." "The host gave no randomness";
    5013 SessionRevoked "session_revoked" 0 Notice "The session was ended by a logout." "Nothing to do: the user signs in again";
    5014 RevocationsStale "revocations_stale" 503 Error "Your session cannot be checked right now." "The shared store could not be read for longer than shared_store.max_staleness, so nobody knows who signed out elsewhere; bring etcd back, or choose shared_store.on_failure: CONTINUE";
    5015 SignInLoop "sign_in_loop" 403 Error "You were signed in again and again, but this site does not remember it." "The browser does not bring the session cookie back: compare session.cookie (path, domain, same_site) with the address that people use, and see whether anything on the way removes set-cookie";
    5016 StepUpRequired "step_up_required" 401 Notice "This page needs a fresher or stronger sign-in." "A rule demands max_authn_age or requested_authn_context, and this client cannot be led to the sign-in; open the page in a browser";
    5017 DiscoveryRefused "discovery_refused" 400 Warning "This is no place to sign in for this site." "The address or the discovery service names an identity provider that is not configured; let it name one of idps";
    5018 RevocationStoreUnavailable "revocation_store_unavailable" 503 Error "Your session cannot be checked right now." "Envoy's shared data could not be read or written; look for another plugin that uses the same vm_id, and restart Envoy; or 1,000 logouts wait for the shared store: bring it back";
    5019 FormNotSaved "form_not_saved" 401 Notice "Your session has ended, and what you sent could not be kept. Go back, sign in in another tab, and send it again." "The detail says why; larger forms need saved_forms.max_bytes, more people saved_forms.max_forms; uploads are never kept";
    5020 SavedFormMissing "saved_form_missing" 410 Notice "What you sent is not here any more." "A form is shown once, in the browser that sent it, within session.pending_request_timeout, and only by the replica that kept it";
    5021 SavedFormOfAnother "saved_form_of_another" 403 Warning "What was sent here was filled in by somebody else." "Nothing to do: another person signed in after a session had ended; the form is shown to its sender only";
    5022 SharedStoreUnavailable "shared_store_unavailable" 503 Error "The sign-in cannot be completed right now." "The detail says what etcd answered; look at the cluster of shared_store.etcd, at etcd's health and at the rights of its user on the key prefix";
    5023 SharedStoreForgot "shared_store_forgot" 0 Warning "The session cannot be checked completely." "etcd was emptied, restored or replaced; every Envoy tells it again what it ended, but what was ended at an Envoy that is gone is known only to those that had read it";
    5024 SharedStoreRecordUnreadable "shared_store_record_unreadable" 0 Attack "The session cannot be checked completely." "Somebody else writes below shared_store.etcd.key_prefix, or a replica seals with a session key that is not configured here";

    // 6xxx: policy
    6001 GroupsUnknown "groups_unknown" 403 Warning "The sign-in answer does not say which groups you belong to." "Have the identity provider send the group attribute, with Entra ID only the groups assigned to the application, or set identity.unknown_groups to KEEP";

    // 7xxx: SCIM and directories
    7001 ScimSyntax "scim_syntax" 400 Warning "The request could not be read." "The detail says where; the client sent no JSON, a name twice, or another shape than RFC 7644 asks for";
    7002 ScimValue "scim_value" 400 Warning "A value is missing or of the wrong type." "The detail names the attribute; correct the attribute mapping at the directory";
    7003 ScimFilter "scim_filter" 400 Warning "The filter could not be answered." "The detail says why; docs/operating/scim-clients.md lists what filters can ask";
    7004 ScimPath "scim_path" 400 Warning "The path of a change names nothing that is known." "The detail says why; remove the attribute from the mapping at the directory, or correct its name";
    7005 ScimNoTarget "scim_no_target" 400 Warning "The path of a change selects nothing." "Usually the directory and the gateway disagree about what there is; start a full synchronization at the directory";
    7006 ScimMutability "scim_mutability" 400 Warning "This attribute cannot be changed." "The detail names the attribute; remove it from the mapping at the directory, or change it where the application lets people change it";
    7007 ScimTooLarge "scim_too_large" 413 Warning "The request holds too much." "The detail names the limit; send fewer values, members or operations in one request";
    7008 ScimMediaType "scim_media_type" 415 Warning "The request is of the wrong type." "The client must send application/scim+json or application/json";
    7009 ScimNotFound "scim_not_found" 404 Notice "There is no such resource." "Ordinary when a directory asks for somebody who was deleted; else compare the tenant URL at the directory with scim_gateway.path_prefix";
    7010 ScimUniqueness "scim_uniqueness" 409 Warning "The name is already in use." "Two people or groups of the directory have the same name, or the directory creates what it should look up first";
    7011 ScimVersion "scim_version" 412 Notice "The resource was changed in the meantime." "The client reads it again and repeats its change";
    7012 ScimTooMany "scim_too_many" 400 Warning "The question has too many answers." "The client must ask with a filter on id, userName, externalId, displayName or emails";
    7013 ScimMethod "scim_method" 405 Warning "This address does not take that kind of request." "Compare the tenant URL at the directory with scim_gateway.path_prefix";
    7014 ScimNotImplemented "scim_not_implemented" 501 Notice "The service does not do that." "ServiceProviderConfig says what it does; switch the feature off at the client";
    7015 ScimForbidden "scim_forbidden" 403 Notice "This endpoint cannot be asked that." "Discovery endpoints take no filter (RFC 7644 4); remove it at the client";
    7016 ScimBulkReference "scim_bulk_reference" 409 Warning "An operation refers to one that did not succeed." "The detail says whether the operations of the bulk request refer to one another in a circle; else look at the operation that failed first";
    7020 ScimGroupUnmapped "scim_group_unmapped" 403 Warning "This group does not concern the application." "Give the group a row in policy.group_mapping, or take it out of what the directory pushes";
    7021 ScimServiceUnavailable "scim_service_unavailable" 503 Error "The application's SCIM service cannot be reached right now." "Look at the cluster of scim_gateway.pass_through and at the service behind it; the directory comes again by itself";
    7022 ScimServiceRefused "scim_service_refused" 503 Error "The application's SCIM service does not let the gateway in." "The credentials of scim_gateway.pass_through are wrong or have expired; make new ones at the application";
    7023 ScimServiceMalformed "scim_service_malformed" 503 Error "The application's SCIM service answered with something else." "The detail says what; compare scim_gateway.pass_through with the base address that the application names";
    7024 ScimPeopleLeft "scim_people_left" 0 Warning "A change of a group concerned more people than one request brings to the application." "A sign-in or directory_sync brings the others; the event says how many they are";
    7025 ScimPeopleUnsettled "scim_people_unsettled" 503 Error "The application cannot take what the change means for people right now." "Look for the event of the application's own failure beside it; the directory comes again by itself";
    7030 ScimTokenRefused "scim_token_refused" 401 Warning "The bearer token is missing or not one of ours." "Give the client one of the tokens in scim_gateway.tokens; events name the network it came from";
    7031 ScimNetworkRefused "scim_network_refused" 403 Warning "Clients from this network are not taken." "Add the client's network to scim_gateway.allowed_client_networks, or find out who has the token";
    7032 ScimTooManyRequests "scim_too_many_requests" 429 Notice "There are too many requests at the moment." "Nothing to do: clients ask again; raise scim_gateway.max_requests_per_second if it lasts";
    7033 ScimTableUnavailable "scim_table_unavailable" 503 Error "What was pushed cannot be read at the moment." "Bring the shared store back; clients ask again";
    7034 ScimTableUnreadable "scim_table_unreadable" 503 Attack "What was pushed cannot be read." "A row of the table does not open: a session key is missing in session.keys, or somebody else wrote to the store";
    7035 ScimTableNotReady "scim_table_not_ready" 503 Warning "What was pushed cannot be found at the moment." "Restore the shared store, or set scim_gateway.table: BEGIN_ANEW if there was no table yet, or if all clients push everything again";
    7036 ScimContended "scim_contended" 503 Notice "Others change the same at the moment." "Nothing to do: clients ask again; lower how many requests the client sends at once if it happens often";
    7037 ScimTargetUnavailable "scim_target_unavailable" 503 Error "The application cannot be changed at the moment." "Look for the event of the application's own failure beside it; what is left to do is done as soon as it answers";
    7038 ScimTargetRefused "scim_target_refused" 400 Warning "The application does not take this change." "The detail names the finding of the application or the rule; correct the person at the directory";
    7039 ScimLimitReached "scim_limit_reached" 400 Error "A documented limit is reached." "Split the group, or raise scim_gateway.max_users_per_group or max_groups up to what the application takes";
    7040 ScimTodoStuck "scim_todo_stuck" 0 Error "Somebody could not be brought to the application." "It is tried again and again with growing pauses; the event beside it names the application's finding";
    7041 ScimTableBegun "scim_table_begun" 0 Warning "A new table was begun." "Take scim_gateway.table: BEGIN_ANEW out of the configuration now; where there was a table before, let the clients push everything again";
    7042 ScimGroupDetached "scim_group_detached" 0 Warning "A group was left alone because its name is taken." "The application has an organization of that name; rename one of them, or set scim_gateway.on_name_conflict: SYNC and push the group anew";
    7043 ScimBodyNotTaken "scim_body_not_taken" 413 Warning "The request is too large." "Raise scim_gateway.max_body_bytes, or let the client send members in smaller pieces";
    7070 SourceUnreachable "source_unreachable" 0 Warning "The directory cannot be reached." "Check the directory, and that the cluster of directory_sync.source is in Envoy's configuration; the pull goes on later where it stopped";
    7071 SourceThrottled "source_throttled" 0 Notice "The directory asks for a pause." "Nothing to do: the pull goes on when the directory allows; raise directory_sync.full_interval if it happens at every pull";
    7072 SourceUnauthorized "source_unauthorized" 0 Error "The directory does not accept our credentials." "Renew the credentials of directory_sync.source; client secrets and API tokens expire";
    7073 SourceRefused "source_refused" 0 Error "The directory refuses to be read." "Give the client the right to read users and groups (docs/operating/directory-sources.md lists it for each directory), and check path_prefix";
    7074 SourceAnswerMalformed "source_answer_malformed" 0 Error "The directory's answer could not be read." "The detail says what was expected; look for a proxy that answers in the directory's place, and check path_prefix";
    7075 SourceLinkRefused "source_link_refused" 0 Attack "The directory's answer leads elsewhere." "Pages are followed at the configured authority below path_prefix only: find out who answers with an address of another host";
    7076 SourceEndless "source_endless" 0 Error "The directory's pages do not end." "The pages go in a circle or are more than any directory has; nobody was removed because of it";
    7077 SourceIncomplete "source_incomplete" 0 Warning "The directory was not read to its end." "The pages ended early or moved while they were read; nobody was removed because of it, and the next pull begins anew";
    7078 SourceDeltaExpired "source_delta_expired" 0 Notice "The directory forgot what changed since the last pull." "Nothing to do: everything is pulled instead; shorten directory_sync.delta_interval if it happens often";

    // 8xxx: provisioning
    6002 AccessDenied "access_denied" 403 Warning "You are not allowed to use this application." "Look at the decision with samlgate explain; change policy.access or policy.default_access if the person should enter";
    6003 RequiredGroupMissing "required_group_missing" 403 Warning "You are not in a group that may use this application." "Add the person to one of policy.required_groups at the identity provider, and see that its groups are sent";
    6004 NoMappedGroup "no_mapped_group" 403 Warning "You are not in a group that gets an account in this application." "Add the person to a group that policy maps, or switch provisioning.create_only_with_mapped_group off";
    6005 TestPageRefused "test_page_refused" 403 Warning "You may not see this test sign-in." "Add the person to test_page.people, or put a new secret into test_page.secret: each starts one test";
    6006 EmergencySecretRefused "emergency_secret_refused" 403 Attack "This is not the secret." "Compare with emergency_access.secret; every attempt is in the audit trail";
    6007 EmergencyNetworkRefused "emergency_network_refused" 403 Attack "This is not open to you." "The client is in none of emergency_access.allowed_client_networks; behind a proxy see that use_remote_address and xff_num_trusted_hops are right";
    6008 EmergencyAttemptsExceeded "emergency_attempts_exceeded" 429 Attack "There were too many attempts; wait a while." "Wait for emergency_access.attempt_window, or restart Envoy; somebody may be guessing";
    6009 EmailDomainUnlisted "email_domain_unlisted" 403 Notice "There is no sign-in for this e-mail address here." "Add the domain to discovery.email_domains, or name an identity provider for all others in discovery.other_email_domains";
    6010 PersonOfAnotherIdp "person_of_another_idp" 403 Attack "Your identity provider cannot sign you in here." "The user name or the e-mail domain is none that this identity provider may vouch for; see idps[].allowed_usernames and allowed_email_domains";
    8001 TargetUnreachable "target_unreachable" 503 Error "Your account could not be prepared because the application does not answer." "Check the cluster of the provisioning target and the application's health";
    8002 TargetUnauthorized "target_unauthorized" 503 Error "Your account could not be prepared." "The application refuses the provisioning credentials; renew the token and its rights";
    8003 TargetRefused "target_refused" 503 Error "Your account could not be prepared." "The application refused the change; the detail names the operation and the status";
    8004 TargetThrottled "target_throttled" 503 Warning "The application is busy, try again in a moment." "Exempt the provisioning account from rate limiting in the application";
    8005 TargetAnswerMalformed "target_answer_malformed" 503 Error "Your account could not be prepared." "The application answered with something other than the documented JSON; check path_prefix and proxies between";
    8006 GuardrailExceeded "guardrail_exceeded" 503 Error "Your account could not be prepared." "The plan removes more groups than provisioning.max_group_removals allows; check the assertion and the mapping before raising it";
    8007 AccountInactive "account_inactive" 403 Warning "Your account in the application is deactivated." "Reactivate the account in the application";
    8008 AccountAbsent "account_absent" 403 Warning "You have no account in the application." "Create the account, or switch provisioning.create_accounts on";
    8009 DirectoryReadOnly "directory_read_only" 503 Error "Your account could not be prepared." "What should change belongs to a directory that the application may only read; change it there, set policy.apply_idp_groups_to: NEW_USERS, or choose groups of the application's own directory";
    8010 AccountAmbiguous "account_ambiguous" 403 Warning "More than one account in the application has your e-mail address." "Give each account an address of its own, or switch provisioning.link_by_email off";
    8011 AccountProtected "account_protected" 403 Attack "This account cannot be used with single sign-on." "The user name is listed in provisioning.protected_usernames; find out why the identity provider sends it";
    8012 CircuitOpen "circuit_open" 503 Warning "Your account could not be prepared because the application does not answer." "The application failed a moment ago and is left alone for provisioning.circuit_open_for; look for the first failure";
    8013 SeatsLow "seats_low" 0 Warning "The application has few licences left." "Buy seats, or take groups with application access from people who do not need them";
    8014 JobDropped "job_dropped" 0 Error "Your account could not be prepared." "What was left to do for a person was given up; the next sign-in does it again. Look at the events before this one";
    8015 EmailConflict "email_conflict" 0 Warning "Your e-mail address differs from that of your account." "The application does not let an address be changed; change it at its source, or give the person another account";
    8016 OrganizationRefused "organization_refused" 503 Error "Your account could not be prepared." "The organization is kept by somebody else; choose another name, or let the identity provider that owns it keep it";
    8017 LimitExceeded "limit_exceeded" 503 Error "Your account could not be prepared." "A documented limit of the application is reached; split the group, or delete groups that nobody uses";
    8018 EmailMissing "email_missing" 403 Warning "Your identity provider did not send your e-mail address." "The application knows people by e-mail address: let the identity provider send one, or correct identity.email";
    8019 AbsenceImpossible "absence_impossible" 501 Error "The application cannot do this to an account." "The provisioning target cannot deactivate, delete or anonymize accounts; choose what docs/targets says it can do";
    8020 RunGuardrailExceeded "run_guardrail_exceeded" 0 Error "Too many people would lose access at once." "Look why so many people are missing in the directory; raise the guardrail only when that is right";
    8021 NameTaken "name_taken" 409 Warning "The name is taken." "Another account or group of the application has the new name; rename one of them at its source";

    // 9xxx: configuration and host
    8040 SyncStateUnavailable "sync_state_unavailable" 0 Error "How far a sync is could not be read or written." "Look at the shared store, or without one at the events before this one: a run goes on only when it can keep how far it came";
    8041 SyncCheckpointLost "sync_checkpoint_lost" 0 Warning "A sync that was broken off begins anew." "Nothing to do unless it comes again: what earlier pages said was lost or written over, and nobody is cleaned up for it";
    8042 CleanupIncomplete "cleanup_incomplete" 0 Warning "Who is gone could not be found out." "Nobody was cleaned up; the detail says what was not read, and the next full pull tries again";
    8043 CleanupReportOnly "cleanup_report_only" 0 Warning "Accounts would be cleaned up." "Look at the events cleanup_candidate; the next full pull acts, or now with directory_sync.first_run: ACT";
    8044 CleanupPersonFound "cleanup_person_found" 0 Warning "The directory has somebody whom its pages left out." "Nothing was done to the account; look why the directory's pages leave people out if it comes again";
    8045 DirectoryStatusRefused "directory_status_refused" 401 Warning "This page is for operators." "Present the text of directory_sync.status.secret as a bearer token or as a password";
    8046 SyncRemovalsExceeded "sync_removals_exceeded" 0 Error "Too many memberships would be taken away at once." "Nothing more was taken. Look at the directory's groups and at the rules; a whole run that wants to take less ends this by itself, and directory_sync.guardrail.max_group_removals allows more where that is right";
    9001 ConfigMalformed "config_malformed" 0 Error "The configuration could not be read." "Fix the JSON or YAML at the named place";
    9002 ConfigUnknownField "config_unknown_field" 0 Error "The configuration has an unknown field." "Remove the field or use the suggested name";
    9003 ConfigValueInvalid "config_value_invalid" 0 Error "A configuration value is not acceptable." "The detail says what was found and what is expected";
    9004 ConfigFieldMissing "config_field_missing" 0 Error "The configuration lacks a field." "Add the named field";
    9005 ConfigConflict "config_conflict" 0 Error "Two configuration values contradict each other." "The detail names both places";
    9006 SecretUnavailable "secret_unavailable" 0 Error "A secret is not there." "Set the named environment variable and list it in vm_config.environment_variables";
    9010 BodyNeverArrived "body_never_arrived" 503 Error "The sign-in cannot be completed because of the server's configuration." "Set allow_on_headers_stop_iteration: true in the plugin configuration of the Wasm filter (Envoy 1.35 or later)";
    9011 HostCallFailed "host_call_failed" 500 Error "The request could not be handled." "Envoy refused a host call; the detail names it";
    9012 IdpNotConfigured "idp_not_configured" 503 Error "Sign-in is not set up yet." "Give the metadata of the identity provider in idp.metadata";
}

/// The catalogue as a document, `docs/errors.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(PREAMBLE);
    let mut chapter = None;
    for code in Code::ALL {
        let thousand = code.id().chars().nth(2);
        if thousand != chapter {
            chapter = thousand;
            let title = match thousand {
                Some('1') => "Bindings and encodings",
                Some('2') => "XML",
                Some('3') => "Signatures and keys",
                Some('4') => "SAML profiles and identity",
                Some('5') => "Session and replay",
                Some('6') => "Policy",
                Some('7') => "SCIM",
                Some('8') => "Provisioning",
                _ => "Configuration and host",
            };
            text.push_str(&format!("## {title}\n\n"));
        }
        let shown = match code.status() {
            0 => String::from("never shown to a browser"),
            status => format!("answered with {status}"),
        };
        text.push_str(&format!(
            "### {} {}\n\n{} ({}, {shown})\n\n{}.\n\n",
            code.id(),
            code.slug(),
            code.public_reason(),
            code.severity().as_str(),
            code.remedy()
        ));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

const PREAMBLE: &str = "\
# Codes

<!-- Generated by `cargo xtask codes` from src/base/code.rs; do not edit. -->

Everything that samlgate refuses has a code that never changes its meaning. The page in the browser shows the code and
the first sentence; the log adds what was found and what was expected; metrics are labelled with the word behind the
code. The second paragraph of each entry says what an operator does.

";

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.slug())
    }
}

/// A refusal at the edge: what the browser may know, and what the operator's log adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The finding.
    pub code: Code,
    /// What was found and what was expected. Goes to the log only; personal values in it are [`crate::base::Pii`]
    /// and print redacted.
    pub detail: String,
}

impl Rejection {
    /// A refusal with `code` because of `detail`.
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self { code, detail: detail.to_string() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl core::error::Error for Rejection {}
