//! Bytes that are characters to some.

use samlgate::base::Code;

use super::text::{about_the_victim, swap, text, unsigned, with_text};
use super::{Attack, Class, Threat, VICTIM};

static CHARSET: Threat = Threat {
    class: Class::Encoding,
    attack: "another encoding, declared or by a byte order mark, under which the bytes say something else",
    source: "XML 1.0 section 4.3.3 and appendix F; UTF-7 and UTF-16 past filters, as in CVE-2024-52806 simplesamlphp/saml2",
    answer: "`xml::Source::check`: UTF-8 without byte order mark; a declaration may say UTF-8 and nothing else",
};

static BAD_BYTES: Threat = Threat {
    class: Class::Encoding,
    attack: "bytes that are no UTF-8, or characters that are no XML",
    source: "RFC 3629 sections 3 and 10; XML 1.0 production 2",
    answer: "`core::str::from_utf8`, then `xml::lexer` for every character and character reference",
};

static ROOTS: Threat = Threat {
    class: Class::Encoding,
    attack: "more than one root element: one is verified, another is read",
    source: "CVE-2022-39299 node-saml and passport-saml; CVE-2022-39353 xmldom",
    answer: "`xml::lexer` counts the roots",
};

static DECLARATION: Threat = Threat {
    class: Class::Encoding,
    attack: "an XML declaration that changes the rules, or stands in the wrong place",
    source: "XML 1.0 section 2.8; XML 1.1",
    answer: "`xml::lexer` accepts version 1.0 at the very beginning only",
};

static LOOKALIKE: Threat = Threat {
    class: Class::Encoding,
    attack: "a name that looks like another, or that folding makes another",
    source: "Unicode TR 36; CVE-2019-19844 Django (case folding of e-mail addresses)",
    answer: "the name is the identity provider's and signed; `identity::username` refuses letters that fold into others",
};

fn utf16(xml: &str, order: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xFEFF);
    mark.into_iter().chain(xml.encode_utf16()).flat_map(order).collect()
}

fn declared(xml: &str, declaration: &str) -> Option<String> {
    about_the_victim(xml).map(|xml| format!("{declaration}{xml}"))
}

/// Raw bytes in the stead of the name.
fn name_of_bytes(xml: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let name = text(xml, "saml:NameID")?;
    let (front, back) = xml.split_once(&format!(">{name}</saml:NameID>"))?;
    Some([front.as_bytes(), b">", bytes, b"</saml:NameID>", back.as_bytes()].concat())
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = charsets();
    attacks.extend(bad_bytes());
    attacks.extend(declarations());
    attacks
}

fn charsets() -> Vec<Attack> {
    let refused = Code::XmlEncodingRefused;
    let declares = |name: &str, encoding: &'static str| {
        CHARSET.text(name, Code::XmlDeclarationRefused, move |xml| {
            declared(xml, &format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>"))
        })
    };
    vec![
        CHARSET.bytes("utf-16-little-endian", refused, |xml| Some(utf16(xml, u16::to_le_bytes, true))),
        CHARSET.bytes("utf-16-big-endian", refused, |xml| Some(utf16(xml, u16::to_be_bytes, true))),
        CHARSET.bytes("utf-16-without-mark", refused, |xml| Some(utf16(xml, u16::to_le_bytes, false))),
        CHARSET.bytes("utf-32", refused, |xml| {
            Some(xml.chars().flat_map(|character| u32::from(character).to_be_bytes()).collect())
        }),
        CHARSET.text("byte-order-mark", refused, |xml| Some(format!("\u{FEFF}{xml}"))),
        CHARSET.text("byte-order-mark-behind-declaration", Code::XmlNotWellFormed, |xml| {
            Some(format!("<?xml version=\"1.0\"?>\u{FEFF}{xml}"))
        }),
        declares("declared-utf-16", "UTF-16"),
        declares("declared-utf-7", "UTF-7"),
        declares("declared-latin-1", "ISO-8859-1"),
        declares("declared-ascii", "US-ASCII"),
        declares("declared-ebcdic", "IBM037"),
        declares("declared-utf8-without-hyphen", "UTF8"),
        CHARSET.text("utf-7-name", Code::XmlDeclarationRefused, |xml| {
            let xml = with_text(xml, "saml:NameID", |_| String::from("+AGEAZABtAGkAbg-"))?;
            Some(format!("<?xml version=\"1.0\" encoding=\"utf-7\"?>{xml}"))
        }),
        CHARSET.harmless("declared-utf-8", |xml| {
            text(xml, "saml:NameID").map(|_| format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{xml}"))
        }),
    ]
}

fn bad_bytes() -> Vec<Attack> {
    let refused = Code::XmlEncodingRefused;
    let name = |name: &str, code, bytes: &'static [u8]| {
        BAD_BYTES.bytes(name, code, move |xml| name_of_bytes(xml, bytes))
    };
    let reference = |name: &str, reference: &'static str| {
        BAD_BYTES.text(name, Code::XmlReferenceRefused, move |xml| {
            with_text(xml, "saml:NameID", |_| format!("{VICTIM}{reference}"))
        })
    };
    vec![
        name("latin-1-byte", refused, b"adm\xEDn"),
        name("overlong-less-than", refused, b"admin\xC0\xBC!-- --\xC0\xBE"),
        name("overlong-null", refused, b"admin\xC0\x80"),
        name("surrogate-in-utf-8", refused, b"admin\xED\xA0\x80"),
        name("beyond-unicode", refused, b"admin\xF4\x90\x80\x80"),
        name("cut-sequence", refused, b"admin\xE2\x82"),
        name("null-in-name", Code::XmlNotWellFormed, b"admin\0.evil"),
        name("control-in-name", Code::XmlNotWellFormed, b"admin\x08\x08"),
        name("not-a-character", Code::XmlNotWellFormed, b"admin\xEF\xBF\xBF"),
        reference("reference-to-null", "&#0;.evil"),
        reference("reference-to-a-control", "&#8;"),
        reference("reference-to-a-surrogate", "&#xD800;"),
        reference("reference-beyond-unicode", "&#x110000;"),
        reference("reference-with-a-sign", "&#+97;"),
        reference("reference-without-an-end", "&#97"),
        reference("reference-that-overflows", "&#4294967393;"),
        reference("reference-with-many-zeros", "&#00000000000000000000000000000097;"),
        BAD_BYTES.bytes("null-behind-the-document", Code::XmlNotWellFormed, |xml| {
            Some([xml.as_bytes(), b"\0"].concat())
        }),
        LOOKALIKE.text("kelvin-sign", Code::DigestMismatch, |xml| {
            with_text(xml, "saml:NameID", |_| String::from("\u{212A}elvin"))
        }),
        LOOKALIKE.issue("signed-kelvin-sign", Code::UsernameRefused, |o| {
            o.user.name = String::from("\u{212A}elvin");
        }),
        LOOKALIKE.issue("signed-long-s", Code::UsernameRefused, |o| {
            o.user.name = String::from("cu\u{17F}tomer");
        }),
        LOOKALIKE.issue("signed-invisible-letter", Code::UsernameRefused, |o| {
            o.user.name = String::from("admin\u{200B}");
        }),
        LOOKALIKE
            .issue("signed-space-behind", Code::UsernameRefused, |o| o.user.name = String::from("admin ")),
        LOOKALIKE.issue("signed-right-to-left", Code::UsernameRefused, |o| {
            o.user.name = String::from("\u{202E}nimda");
        }),
        LOOKALIKE.issue("signed-control-character", Code::UsernameRefused, |o| {
            o.name_id_xml = Some(String::from("admin&#10;x"));
        }),
        LOOKALIKE.issue("signed-empty-name", Code::UsernameRefused, |o| o.name_id_xml = Some(String::new())),
    ]
}

fn declarations() -> Vec<Attack> {
    let refused = Code::XmlDeclarationRefused;
    let with = |name: &str, code, declaration: &'static str| {
        DECLARATION.text(name, code, move |xml| declared(xml, declaration))
    };
    vec![
        with("version-1-1", refused, "<?xml version=\"1.1\"?>"),
        with("version-2", refused, "<?xml version=\"2.0\"?>"),
        with("version-left-out", refused, "<?xml encoding=\"UTF-8\"?>"),
        with("version-twice", refused, "<?xml version=\"1.0\" version=\"1.0\"?>"),
        with("encoding-twice", refused, "<?xml version=\"1.0\" encoding=\"UTF-8\" encoding=\"UTF-16\"?>"),
        with("standalone-maybe", refused, "<?xml version=\"1.0\" standalone=\"maybe\"?>"),
        with(
            "declaration-twice",
            Code::XmlProcessingInstructionRefused,
            "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>",
        ),
        with("declaration-behind-a-space", Code::XmlProcessingInstructionRefused, " <?xml version=\"1.0\"?>"),
        with("declaration-in-upper-case", Code::XmlProcessingInstructionRefused, "<?XML version=\"1.0\"?>"),
        with(
            "stylesheet",
            Code::XmlProcessingInstructionRefused,
            "<?xml-stylesheet href=\"http://evil.example/x.xsl\"?>",
        ),
        DECLARATION.text("declaration-inside", Code::XmlProcessingInstructionRefused, |xml| {
            swap(xml, "<samlp:Status>", "<?xml version=\"1.0\"?><samlp:Status>")
        }),
        with("text-before-the-root", Code::XmlNotWellFormed, "x"),
        ROOTS.text("two-roots-evil-first", Code::XmlNotWellFormed, |xml| {
            Some(format!("{}{xml}", about_the_victim(xml)?))
        }),
        ROOTS.text("two-roots-evil-last", Code::XmlNotWellFormed, |xml| {
            Some(format!("{xml}{}", about_the_victim(xml)?))
        }),
        ROOTS.text("two-roots-evil-unsigned", Code::XmlNotWellFormed, |xml| {
            Some(format!("{xml}{}", about_the_victim(&unsigned(xml)?.0)?))
        }),
        ROOTS.text("two-roots-comment-between", Code::XmlNotWellFormed, |xml| {
            Some(format!("{xml}<!-- -->{}", about_the_victim(xml)?))
        }),
        DECLARATION.text("text-behind-the-root", Code::XmlNotWellFormed, |xml| Some(format!("{xml}x"))),
        DECLARATION.text("cut-off", Code::XmlNotWellFormed, |xml| {
            xml.split_once("<saml:Subject>").map(|(head, _)| head.to_owned())
        }),
        DECLARATION.text("tags-crossed", Code::XmlNotWellFormed, |xml| {
            swap(xml, "</saml:NameID>", "</saml:Subject></saml:NameID><saml:Subject>")
        }),
        DECLARATION.text("carriage-return-in-a-name", Code::DigestMismatch, |xml| {
            with_text(xml, "saml:NameID", |name| format!("{name}\r"))
        }),
        DECLARATION.text("next-line-as-white-space", Code::XmlNameRefused, |xml| {
            swap(xml, "<saml:Subject>", "<saml:Subject\u{85}>")
        }),
    ]
}
