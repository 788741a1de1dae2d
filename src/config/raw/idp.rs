//! `idp` and `idps`.

use super::{DataSource, RemoteMetadata, RequestedAuthnContext, Span, StringMatch, Unsolicited, raw};

raw! {
    /// An identity provider that is trusted.
    #[cfg_attr(feature = "schema", schemars(extend("x-one-of" = ["metadata", "remote_metadata"])))]
    struct Idp {
        /// Its short name: letters, digits, `-` and `_`, at most 64. With several identity providers each has its own, by which
        /// rules, `?idp=` and the page for choosing name it.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        id: Option<String>,
        /// What people call it, such as `Example Ltd`; by default what its metadata says.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
        display_name: Option<String>,
        /// Its SAML 2.0 metadata document, unchanged. The keys in it are the only ones that are trusted. Either this or
        /// `remote_metadata` is needed.
        metadata: Option<DataSource>,
        /// Where its metadata is fetched, again and again, so that new keys are known before they sign. Needs `entity_id`.
        remote_metadata: Option<RemoteMetadata>,
        /// Its entityID; needed when the document describes several entities, and with `remote_metadata`: whatever is
        /// fetched is believed only about this one.
        entity_id: Option<String>,
        /// How the AuthnRequest travels.
        authn_request_binding: AuthnRequestBinding,
        /// Asks for responses by HTTP-Artifact instead of HTTP-POST: the browser brings a reference, and the response is
        /// fetched from the ArtifactResolutionService of the metadata.
        artifact_resolution: Option<ArtifactResolution>,
        /// Whether AuthnRequests are signed.
        sign_authn_requests: SignAuthnRequests,
        /// Whether a logout here ends the session there too, and the other way round.
        single_logout: SingleLogout,
        /// `NameIDPolicy/@Format` to ask for, a URI. Left out by default because identity providers refuse formats
        /// they were not set up for.
        name_id_format: Option<String>,
        /// `NameIDPolicy/@AllowCreate`: the identity provider may make a name for a person who has none for us. Only sent with
        /// `name_id_format`.
        allow_create: bool,
        /// `NameIDPolicy/@SPNameQualifier`, a URI: asks for names of a group of service providers. Only sent with
        /// `name_id_format`.
        sp_name_qualifier: Option<String>,
        /// Asks to authenticate the person anew at each sign-in, whatever session there is at the identity provider.
        force_authn: bool,
        /// How people must authenticate where no rule says otherwise.
        requested_authn_context: Option<RequestedAuthnContext>,
        /// User names that it may vouch for; any if empty. With several identity providers limit each of them, or the
        /// administrators of one can sign in as people of another.
        allowed_usernames: Vec<StringMatch>,
        /// Domains of the e-mail addresses of people whom it may vouch for, such as `example.com` or `*.example.com`; any if
        /// empty. Who has no address is then refused.
        allowed_email_domains: Vec<String>,
        /// Lets it begin a sign-in by itself; by default an answer that nobody asked for is refused.
        unsolicited: Option<Unsolicited>,
        /// Which parts of an answer must be signed. Whatever is read is always covered by a verified signature.
        require_signature: RequireSignature,
        /// How far its clock and ours may disagree; at most `300s`.
        clock_skew: Span,
        /// Accepts signatures and digests with SHA-1. Forgeries of SHA-1 signatures are within reach.
        danger_allow_sha1: bool,
        /// Accepts content encrypted with AES-CBC, which AD FS and Microsoft Entra ID use, and only inside a response
        /// that is signed itself (at Entra ID: sign response and assertion). AES-CBC does not notice changes, and a server
        /// that decrypts what anybody sends gives the plaintext away.
        danger_allow_aes_cbc: bool,
    }
}

raw! {
    /// How the AuthnRequest travels.
    words AuthnRequestBinding {
        /// HTTP-Redirect if the metadata offers it, else HTTP-POST.
        Auto = "AUTO",
        /// HTTP-Redirect only.
        HttpRedirect = "HTTP_REDIRECT",
        /// HTTP-POST only.
        HttpPost = "HTTP_POST",
    }
}

raw! {
    /// Whether AuthnRequests are signed.
    words SignAuthnRequests {
        /// Whenever `sp.signing` is given.
        Auto = "AUTO",
        /// Always; `sp.signing` must be given.
        Always = "ALWAYS",
        /// Never.
        Never = "NEVER",
    }
}

raw! {
    /// Whether a logout here ends the session there too, and the other way round.
    words SingleLogout {
        /// Where the metadata has a SingleLogoutService and `sp.signing` is given: such messages are always signed.
        Auto = "AUTO",
        /// Never: a logout ends the session here and nothing else, and messages of the identity provider are refused.
        Off = "OFF",
    }
}

raw! {
    /// Which parts of an answer must be signed.
    words RequireSignature {
        /// The response, the assertion or both.
        Any = "ANY",
        /// The response at least.
        Response = "RESPONSE",
        /// The assertion at least.
        Assertion = "ASSERTION",
        /// Both.
        Both = "BOTH",
    }
}

raw! {
    /// How responses that travel by artifact are fetched.
    struct ArtifactResolution {
        /// Name of the Envoy cluster that leads to the service. The address is that of the metadata; the cluster decides
        /// about TLS, and proves by a client certificate who we are where `sp.signing` is not given.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        cluster: Option<String>,
        /// `:authority` of the calls; by default the host of the service's address.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        authority: Option<String>,
        /// A call is given up after this long; from `0.1s` to `30s`.
        timeout: Span,
    }
}
