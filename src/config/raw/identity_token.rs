//! `identity_token`, `filter_state` and `health_check`.

use super::{DataSource, Span, raw};

raw! {
    /// A short-lived signed statement of who is signed in (JWT, RFC 7519), in a request header, for applications that want
    /// more than a header. It says `iss`, `sub` (the user name), `aud`, `iat`, `exp`, `sid` (the id of our session),
    /// `auth_time`, `acr` and what `claims` and `attributes` name.
    struct IdentityToken {
        /// Header that carries it. It is removed from every inbound request, in every spelling.
        header: String,
        /// `iss`; `sp.base_uri` by default.
        issuer: Option<String>,
        /// `aud`: whom it is for. An application must refuse tokens for somebody else.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16), extend("x-required" = true)))]
        audience: Vec<String>,
        /// How long a token is good, `30s` to `3600s`; never longer than its session. The application always gets one with
        /// half of this before it, or what is left of the session. A token stays good after a logout.
        lifetime: Span,
        /// The key that signs.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        signing: Option<TokenSigning>,
        /// Further public keys that the key set publishes, in PEM (`BEGIN PUBLIC KEY`) or as certificates: first the next
        /// key; then, when every application has read it, the keys are swapped and this is the last one.
        #[cfg_attr(feature = "schema", schemars(length(max = 4)))]
        further_public_keys: Vec<DataSource>,
        /// Path of the key set (JWKS, RFC 7517) that tokens are verified with.
        jwks_path: String,
        /// What it says beside the above. The less the better: applications log headers.
        claims: Vec<TokenClaim>,
        /// Attributes of the assertion in it, each as a list of texts.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        attributes: Vec<TokenAttribute>,
    }
}

raw! {
    /// The key that signs identity tokens. It signs nothing else.
    #[derive(Default)]
    struct TokenSigning {
        /// Signature algorithm; it must fit the key.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        algorithm: Option<TokenAlgorithm>,
        /// Unencrypted PKCS#8 private key in PEM. `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes
        /// one for `ES256`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        private_key: Option<DataSource>,
    }
}

raw! {
    /// Signature algorithms of tokens (RFC 7518 3.1).
    words TokenAlgorithm {
        /// ECDSA on P-256 with SHA-256: short and fast.
        Es256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        Es384 = "ES384",
        /// ECDSA on P-521 with SHA-512.
        Es512 = "ES512",
        /// RSASSA-PKCS1-v1_5 with SHA-256: what the oldest libraries know.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
    }
}

raw! {
    /// What an identity token may say.
    words TokenClaim {
        /// `email`.
        Email = "EMAIL",
        /// `name`: the display name.
        DisplayName = "DISPLAY_NAME",
        /// `groups`: the application groups that the policy decided, as a list.
        Groups = "GROUPS",
        /// `name_id`: the `NameID`.
        NameId = "NAME_ID",
        /// `idp`: the entityID of the identity provider.
        Idp = "IDP",
    }
}

raw! {
    /// One attribute in the identity token.
    #[derive(Default)]
    struct TokenAttribute {
        /// `Name`, object identifier or `FriendlyName` of the attribute, letter by letter.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        attribute: Option<String>,
        /// Name of the claim; none that means something already.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64), extend("x-required" = true)))]
        claim: Option<String>,
    }
}

raw! {
    /// What Envoy itself may know of who is signed in, as filter state of the request: for its access log, RBAC and rate
    /// limits. Nothing is set for requests without a session.
    words FilterStateValue {
        /// `wasm.samlgate_user`: the user name, written as in headers.
        User = "USER",
        /// `wasm.samlgate_groups`: the application groups with a comma before, between and behind them (`,a,b,`), so that
        /// a match for `,a,` finds that group and no other. A comma inside a name is written `%2C`.
        Groups = "GROUPS",
        /// `wasm.samlgate_session`: the id of our session.
        SessionId = "SESSION_ID",
    }
}

raw! {
    /// An address that says whether this Envoy can serve people: 200 when it can, 503 while the metadata of no identity
    /// provider is known. It is answered whatever the host name of the request.
    struct HealthCheck {
        /// Its path.
        path: String,
    }
}
