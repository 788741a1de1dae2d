//! The kinds of attacks.

/// What kind of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The signature stays good for the genuine element while another one is to be read.
    Wrapping,
    /// A value is cut in two, so that readers disagree about it.
    Splitting,
    /// Names that mean one thing to one reader and another to the next.
    Namespace,
    /// IDs that several elements claim, or in several spellings.
    Identifier,
    /// The structure of the signature.
    SignedInfo,
    /// What the signature says that it signs.
    Reference,
    /// How the signed element becomes octets.
    Transform,
    /// Weak, wrong and confused algorithms.
    Algorithm,
    /// The number that is the signature.
    SignatureValue,
    /// Keys that the message brings, and keys that are not for this.
    Key,
    /// Bytes that are characters to some.
    Encoding,
    /// Document types, entities, processing instructions.
    Markup,
    /// The form around the message.
    Form,
    /// Work without end.
    Bomb,
    /// What is encrypted, and by whom.
    Encryption,
    /// A good signature under an answer that is not for us.
    Profile,
    /// Each limit in time, on both sides.
    Clock,
    /// The right answer for somebody else: other identity provider, other browser, other request, second use.
    Confusion,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 18] = [
        Self::Wrapping,
        Self::Splitting,
        Self::Namespace,
        Self::Identifier,
        Self::SignedInfo,
        Self::Reference,
        Self::Transform,
        Self::Algorithm,
        Self::SignatureValue,
        Self::Key,
        Self::Encoding,
        Self::Markup,
        Self::Form,
        Self::Bomb,
        Self::Encryption,
        Self::Profile,
        Self::Clock,
        Self::Confusion,
    ];

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Wrapping => "Wrapping",
            Self::Splitting => "Split values",
            Self::Namespace => "Namespaces",
            Self::Identifier => "IDs",
            Self::SignedInfo => "The signature's structure",
            Self::Reference => "What is signed",
            Self::Transform => "Transforms and canonicalization",
            Self::Algorithm => "Algorithms",
            Self::SignatureValue => "Signature values",
            Self::Key => "Keys",
            Self::Encoding => "Characters",
            Self::Markup => "Document types and entities",
            Self::Form => "The form",
            Self::Bomb => "Bombs",
            Self::Encryption => "Encryption",
            Self::Profile => "Answers that are not for us",
            Self::Clock => "Time",
            Self::Confusion => "Confusion and replay",
        }
    }

    /// One word for files and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wrapping => "wrapping",
            Self::Splitting => "splitting",
            Self::Namespace => "namespace",
            Self::Identifier => "identifier",
            Self::SignedInfo => "signed-info",
            Self::Reference => "reference",
            Self::Transform => "transform",
            Self::Algorithm => "algorithm",
            Self::SignatureValue => "signature-value",
            Self::Key => "key",
            Self::Encoding => "encoding",
            Self::Markup => "markup",
            Self::Form => "form",
            Self::Bomb => "bomb",
            Self::Encryption => "encryption",
            Self::Profile => "profile",
            Self::Clock => "clock",
            Self::Confusion => "confusion",
        }
    }
}
