//! How much work one message may cause, and where each number comes from.

use core::fmt;

/// Upper bounds on one inbound message. Every loop over input counts against one of them, and nothing is ever cut short:
/// what exceeds a bound is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a form body: [`Limits::body_for`] the document unless configured. 1 MiB is also Envoy's default
    /// `per_connection_buffer_limit_bytes`: a larger body is answered 413 by Envoy before the filter sees it.
    pub max_body_bytes: usize,
    /// Bytes of one XML document, and twice as many of its canonical form, which repeats declarations. 256 KiB hold
    /// 1,400 groups with distinguished names of 120 bytes, or 2,000 of 65; the slowest document of this size that is known
    /// costs less than 50 ms in wasm (docs/budgets.md).
    pub max_xml_bytes: usize,
    /// Depth of nested elements. Real responses stay under 15; xmlsec1 and libxml2 stop at 256.
    pub max_xml_depth: usize,
    /// Elements, texts and comments of one document: [`Limits::nodes_for`] its size unless configured.
    pub max_xml_nodes: usize,
    /// Attributes (namespace declarations included) of one element. The parser is quadratic in this number. Real
    /// elements have fewer than 16; the schemas of SAML know at most 12.
    pub max_xml_attributes: usize,
    /// Distinct prefixes declared in one document. The parser is cubic in nested declarations: 2,000 stall it for
    /// seconds. Real responses use fewer than ten.
    pub max_xml_prefixes: usize,
    /// Bytes of a qualified name, and of the name of a namespace. The parser and canonical XML compare both again and
    /// again: one namespace name of 50 KB kept them busy for 0.3 s. The longest of SAML and its relatives have 30 and 81.
    pub max_xml_name_bytes: usize,
    /// Bytes of the value of an XML attribute as it is written. SAML puts addresses, names and instants there; a
    /// `PrefixList` too. Browsers and servers take addresses of about 2,000 bytes.
    pub max_xml_value_bytes: usize,
    /// Prefixes in a `PrefixList`. OpenSAML lists `xs`, others up to five.
    pub max_listed_prefixes: usize,
    /// Attributes of one assertion, told apart by `Name`. Directories that release everything send about a hundred.
    pub max_attributes: usize,
    /// Values of the attribute that holds the groups: [`Limits::groups_for`] the size of the document unless configured.
    pub max_groups: usize,
    /// Bytes of the name of a group. Jira takes 255 characters; distinguished names of directories stay under 500 bytes.
    pub max_group_bytes: usize,
    /// Bytes of one attribute value: photographs and certificates are the largest, and stay under 50 KB in base64.
    pub max_value_bytes: usize,
    /// Bytes of a `NameID`. Persistent ones have at most 256 characters (SAML core 8.3.7); a user name has 255.
    pub max_name_id_bytes: usize,
    /// Bytes of `Issuer`, `Audience` and `AuthnContextClassRef`. An entity id has at most 1,024 characters (SAML metadata
    /// 2.2.1).
    pub max_uri_bytes: usize,
    /// `Audience` elements of one assertion. One is usual; a few name every address of a service.
    pub max_audiences: usize,
    /// `SubjectConfirmation` elements of one assertion. One is usual; one for each address of a service is allowed.
    pub max_confirmations: usize,
    /// Bytes after inflating a Redirect-binding message. Real ones stay under 16 KiB.
    pub max_inflated_bytes: usize,
    /// Signature checks for one message: signatures times candidate keys. A response and its assertion against
    /// eight keys each; hence metadata may name [`Limits::max_signing_keys`].
    pub max_signature_checks: u32,
    /// Encrypted keys of one encrypted element. A message has one for each recipient; federations send one or two.
    pub max_encrypted_keys: usize,
    /// Uses of private keys for one message: encrypted keys times our own keys. One costs about 8 ms in wasm (RSA with
    /// 2048 bits), so that five stay below 50 ms; an assertion with an encrypted name and two keys of ours needs four.
    pub max_decryptions: u32,
}

impl Limits {
    /// The limits that apply unless the configuration says otherwise.
    pub const DEFAULT: Self = Self {
        max_body_bytes: Self::body_for(256 * 1024),
        max_xml_bytes: 256 * 1024,
        max_xml_depth: 48,
        max_xml_nodes: Self::nodes_for(256 * 1024),
        max_xml_attributes: 40,
        max_xml_prefixes: 40,
        max_xml_name_bytes: 256,
        max_xml_value_bytes: 4096,
        max_listed_prefixes: 16,
        max_attributes: 256,
        max_groups: Self::groups_for(256 * 1024),
        max_group_bytes: 1024,
        max_value_bytes: 64 * 1024,
        max_name_id_bytes: 1024,
        max_uri_bytes: 2048,
        max_audiences: 64,
        max_confirmations: 16,
        max_inflated_bytes: 64 * 1024,
        max_signature_checks: 16,
        max_encrypted_keys: 8,
        max_decryptions: 5,
    };

    /// For documents of our own and of the operator's: as large as the configuration lets any document be.
    pub const LARGEST: Self = Self {
        max_body_bytes: Self::body_for(Self::LARGEST_XML_BYTES),
        max_xml_bytes: Self::LARGEST_XML_BYTES,
        max_xml_nodes: Self::nodes_for(Self::LARGEST_XML_BYTES),
        max_groups: Self::groups_for(Self::LARGEST_XML_BYTES),
        ..Self::DEFAULT
    };

    /// The most that `max_xml_bytes` can be set to: 20,000 groups with distinguished names of 120 bytes.
    pub const LARGEST_XML_BYTES: usize = 4 * 1024 * 1024;

    /// The bytes of a form that certainly holds a document of `xml_bytes`: base64 makes four out of three, and a browser
    /// may write any character of it as an escape of three.
    #[must_use]
    pub const fn body_for(xml_bytes: usize) -> usize {
        xml_bytes.saturating_mul(4)
    }

    /// The nodes that a document of `xml_bytes` may have: one for each 12 bytes. A short group by itself,
    /// `<AttributeValue>users</AttributeValue>` and a line break, has three in 40.
    #[must_use]
    pub const fn nodes_for(xml_bytes: usize) -> usize {
        xml_bytes / 12
    }

    /// The groups that a document of `xml_bytes` may hold: one for each 50 bytes, of which
    /// `<saml:AttributeValue></saml:AttributeValue>` takes 43. That is 5,242 at 256 KiB, five times the 1,015 with which
    /// Windows still lets somebody log on: size refuses first, and this only what is no list of groups.
    #[must_use]
    pub const fn groups_for(xml_bytes: usize) -> usize {
        xml_bytes / 50
    }

    /// The bytes of the canonical form of a document. It declares a prefix at every element that uses it and that has no
    /// ancestor which does: 54 bytes for each value with an `xsi:type`.
    #[must_use]
    pub const fn max_canonical_bytes(&self) -> usize {
        self.max_xml_bytes.saturating_mul(2)
    }

    /// How often names may be compared while a document is parsed and put into canonical form. Both look through the
    /// prefixes in scope for each prefix, and compare each attribute with all others of its element. Four for each byte:
    /// real responses need one for five bytes, and what the limit admits takes a few milliseconds.
    #[must_use]
    pub const fn max_xml_comparisons(&self) -> usize {
        self.max_xml_bytes.saturating_mul(4)
    }

    /// Signing keys that the metadata of an identity provider may name, so that each can be tried on two signatures.
    /// One is usual, two during a rollover.
    #[must_use]
    pub const fn max_signing_keys(&self) -> usize {
        (self.max_signature_checks / 2) as usize
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A counter that only goes down; threaded through work whose amount the sender chooses.
#[derive(Debug)]
pub struct Budget {
    left: u32,
}

/// The sender asked for more work than the budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetExceeded;

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message asks for more work than the limit allows")
    }
}

impl Budget {
    /// A budget of `units`.
    #[must_use]
    pub const fn new(units: u32) -> Self {
        Self { left: units }
    }

    /// Takes one unit.
    ///
    /// # Errors
    /// [`BudgetExceeded`] when none is left.
    pub fn spend(&mut self) -> Result<(), BudgetExceeded> {
        self.left = self.left.checked_sub(1).ok_or(BudgetExceeded)?;
        Ok(())
    }
}
