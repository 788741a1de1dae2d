//! `sp`.

use super::{SecretText, SpDescription, raw};

raw! {
    /// Our own side of SAML: the service provider.
    struct Sp {
        /// Our entityID, a URI of at most 1024 characters. It is the only audience that is accepted.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024), extend("x-required" = true)))]
        entity_id: Option<String>,
        /// Scheme and host, with the port where it is not the default, under which browsers reach the application,
        /// such as `https://jira.example.com`. `http` is accepted for `localhost` and `*.localhost` only. Every
        /// address that we publish or check is made from it, never from request headers.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        base_uri: Option<String>,
        /// Path of the assertion consumer service: where the identity provider posts its answer.
        acs_path: String,
        /// Path of our metadata.
        metadata_path: String,
        /// Path that ends the session.
        logout_path: String,
        /// Path of the page that is shown after logout.
        logged_out_path: String,
        /// Path where identity providers send the messages of a single logout by the browser.
        single_logout_path: String,
        /// Path where identity providers send them directly, by SOAP, so that a logout needs no browser. It appears in our
        /// metadata when it is given, and many identity providers then use it instead of the browser.
        single_logout_soap_path: Option<String>,
        /// Key and certificate for signing AuthnRequests and the messages of a single logout, which is off without it; they
        /// also appear in our metadata.
        signing: Option<Signing>,
        /// Signs our metadata with the key of `signing`, for those who get it by another way than from its address, or
        /// whose identity provider demands it.
        sign_metadata: bool,
        /// Keys for decrypting assertions, names and attributes. Every key is tried; the certificate of the first is
        /// published in our metadata. To change the key add the new one as second, publish both or swap them, and remove
        /// the old one when no identity provider uses it any more.
        decryption: Vec<Decryption>,
        /// What our metadata says for people, and which attributes it asks for.
        description: SpDescription,
    }
}

raw! {
    /// Key and certificate for signing AuthnRequests.
    #[derive(Default)]
    struct Signing {
        /// Signature algorithm; it must fit the key.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        algorithm: Option<SigningAlgorithm>,
        /// Unencrypted PKCS#8 private key in PEM: RSA of at least 2048 bits, P-256, P-384 or P-521.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        private_key: Option<DataSource>,
        /// X.509 certificate of the same key, in PEM or bare base64.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        certificate: Option<DataSource>,
        /// Certificates of other keys that our metadata publishes beside it, while the key is changed: first that of the
        /// next key; then, when every identity provider has read it, the keys are swapped and this is that of the last one.
        #[cfg_attr(feature = "schema", schemars(length(max = 4)))]
        further_certificates: Vec<DataSource>,
    }
}

raw! {
    /// Key and certificate for decrypting.
    #[derive(Default)]
    struct Decryption {
        /// Unencrypted PKCS#8 private RSA key in PEM, of at least 2048 bits. Do not sign with it too.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        private_key: Option<DataSource>,
        /// X.509 certificate of the same key, in PEM or bare base64.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        certificate: Option<DataSource>,
        /// Whether our metadata publishes the certificate; by default that of the first key only. Of several an identity
        /// provider encrypts to whichever it likes.
        publish: Option<bool>,
    }
}

raw! {
    /// Signature algorithms that we sign with.
    words SigningAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RsaSha256 = "RSA_SHA256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RsaSha384 = "RSA_SHA384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RsaSha512 = "RSA_SHA512",
        /// ECDSA with SHA-256.
        EcdsaSha256 = "ECDSA_SHA256",
        /// ECDSA with SHA-384.
        EcdsaSha384 = "ECDSA_SHA384",
        /// ECDSA with SHA-512.
        EcdsaSha512 = "ECDSA_SHA512",
    }
}

raw! {
    /// Where a secret or a document comes from: exactly one of the keys.
    choice DataSource {
        /// The text itself. For a secret prefer `environment_variable`: Envoy's `/config_dump` prints this.
        InlineString(SecretText),
        /// Name of an environment variable that holds the text. List it under
        /// `vm_config.environment_variables.host_env_keys` of the Wasm filter.
        EnvironmentVariable(String),
    }
}
