//! The form around the message (bindings 3.5).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use samlgate::base::Code;

use super::corpus::Form;
use super::text::about_the_victim;
use super::{Attack, Class, Expect, Threat};

static BASE64: Threat = Threat {
    class: Class::Form,
    attack: "base64 that decoders read differently: other alphabets, missing or early padding, rubbish between",
    source: "RFC 4648 sections 3.1, 3.3 and 12",
    answer: "`encoding::base64::decode_xml`: one alphabet, full padding, no left-over bits, XML white space only",
};

static PARAMETERS: Threat = Threat {
    class: Class::Form,
    attack: "parameters twice, in another case, in another place, or of another kind",
    source: "HTTP parameter pollution; CVE-2025-27773 simplesamlphp/saml2 (SAMLRequest beside SAMLResponse)",
    answer: "`bindings::post::decode` takes each parameter once, from the body, by its exact name",
};

static COMPRESSED: Threat = Threat {
    class: Class::Form,
    attack: "a deflated message by HTTP-POST",
    source: "CVE-2025-25293 ruby-saml; CVE-2023-26483 gosaml2; CVE-2023-28119 crewjam/saml; SAML bindings 3.5.4",
    answer: "what comes by HTTP-POST is never inflated",
};

static CONTENT_TYPE: Threat = Threat {
    class: Class::Form,
    attack: "a body of another type, or none, or of any length",
    source: "SAML bindings 3.5.4; CVE-2016-2146 mod_auth_mellon (a body without limit)",
    answer: "`bindings::post::decode` takes one media type; the body is asked for with a limit, and only when a pending \
             request opens",
};

const FORM: &str = "application/x-www-form-urlencoded";

fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Form {
    Form { content_type: content_type.to_owned(), body: body.into() }
}

/// Stored blocks (RFC 1951, 3.2.4): the simplest DEFLATE.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chunks = bytes.chunks(0xffff).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.push(u8::from(chunks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = base64();
    attacks.extend(parameters());
    attacks.extend(bodies());
    attacks
}

fn base64() -> Vec<Attack> {
    let text = |name: &str, expect: Expect, change: fn(String) -> String| {
        BASE64.form(name, expect, move |xml, state| {
            Some(Form::of(&[("SAMLResponse", &change(STANDARD.encode(xml))), ("RelayState", state)]))
        })
    };
    let refused = Expect::Refused(Code::Base64Malformed);
    vec![
        text("base64-without-padding", refused, |text| {
            // Whatever the length, something is missing.
            text.trim_end_matches('=').get(..text.len().saturating_sub(3)).unwrap_or_default().to_owned()
        }),
        text("base64-cut", refused, |text| text.chars().skip(1).collect()),
        text("base64-padded-too-much", refused, |text| format!("{text}=")),
        text("base64-padded-in-front", refused, |text| format!("={text}")),
        text("base64-two-texts", refused, |text| format!("QQ=={text}")),
        text("base64-rubbish-between", refused, |text| text.replacen('P', "P*", 1)),
        text("base64-null-between", refused, |text| text.replacen('P', "P\0", 1)),
        text("base64-data-uri", refused, |text| format!("data:text/xml;base64,{text}")),
        text("base64-comma", refused, |text| format!("{text},{text}")),
        BASE64.form("base64-url-safe", refused, |xml, state| {
            // A comment with characters that differ in the two alphabets.
            let xml = format!("{xml}<!--\u{3FF}\u{3FF}\u{3FF}???>>>-->");
            let encoded = URL_SAFE.encode(xml);
            encoded
                .contains(['-', '_'])
                .then(|| Form::of(&[("SAMLResponse", &encoded), ("RelayState", state)]))
        }),
        BASE64.form("base64-left-over-bits", refused, |xml, state| {
            let padded = [1, 2, 0].into_iter().map(|spaces| format!("{xml}{}", " ".repeat(spaces)));
            let one = padded.map(|xml| STANDARD.encode(xml)).find(|text| text.ends_with('='))?;
            let kept = one.trim_end_matches('=');
            let changed =
                format!("{}{}{}", kept.get(..kept.len().checked_sub(1)?)?, "x", one.get(kept.len()..)?);
            (changed != one).then(|| Form::of(&[("SAMLResponse", &changed), ("RelayState", state)]))
        }),
        text("base64-twice", Expect::Refused(Code::XmlNotWellFormed), |text| STANDARD.encode(text)),
        text("base64-in-lines", Expect::SameIdentity, |text| {
            let lines: Vec<_> = text.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
            lines.join("\r\n")
        }),
        BASE64.form("not-base64-at-all", refused, |xml, state| {
            Some(Form::of(&[("SAMLResponse", xml), ("RelayState", state)]))
        }),
    ]
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parameters() -> Vec<Attack> {
    let fields = |name: &str, expect: Expect, make: fn(&str, &str, &str) -> Vec<(String, String)>| {
        PARAMETERS.form(name, expect, move |xml, state| {
            let (good, evil) = (STANDARD.encode(xml), STANDARD.encode(about_the_victim(xml)?));
            let fields = make(&good, &evil, state);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            Some(Form::of(&fields))
        })
    };
    let refused = Expect::Refused;
    vec![
        fields("response-twice", refused(Code::ParameterRepeated), |good, evil, state| {
            of(&[("SAMLResponse", good), ("SAMLResponse", evil), ("RelayState", state)])
        }),
        fields("response-twice-one-empty", refused(Code::ParameterRepeated), |good, _, state| {
            of(&[("SAMLResponse", ""), ("SAMLResponse", good), ("RelayState", state)])
        }),
        fields("relay-state-twice", refused(Code::ParameterRepeated), |good, _, state| {
            of(&[("SAMLResponse", good), ("RelayState", state), ("RelayState", "https://evil.example/")])
        }),
        fields("response-in-lower-case", refused(Code::SamlResponseMissing), |good, _, state| {
            of(&[("samlresponse", good), ("RelayState", state)])
        }),
        fields("response-as-array", refused(Code::SamlResponseMissing), |good, _, state| {
            of(&[("SAMLResponse[]", good), ("RelayState", state)])
        }),
        fields("request-instead", refused(Code::SamlResponseMissing), |good, _, state| {
            of(&[("SAMLRequest", good), ("RelayState", state)])
        }),
        fields("artifact-instead", refused(Code::ArtifactUnexpected), |_, _, state| {
            of(&[
                ("SAMLart", "AAQAAMFbLinlXaCM+FIxiDwGOLAy2T71gbpO7ZhNzAgEANlB90ECfpNEVLg="),
                ("RelayState", state),
            ])
        }),
        fields("response-empty", refused(Code::SamlResponseMissing), |_, _, state| {
            of(&[("SAMLResponse", ""), ("RelayState", state)])
        }),
        fields("relay-state-left-out", refused(Code::RelayStateMalformed), |good, _, _| {
            of(&[("SAMLResponse", good)])
        }),
        fields("relay-state-an-address", refused(Code::RelayStateMalformed), |good, _, _| {
            of(&[("SAMLResponse", good), ("RelayState", "https://evil.example/")])
        }),
        fields("relay-state-too-long", refused(Code::RelayStateMalformed), |good, _, state| {
            of(&[("SAMLResponse", good), ("RelayState", &state.repeat(10))])
        }),
        fields("relay-state-of-nobody", refused(Code::PendingRequestMissing), |good, _, _| {
            of(&[("SAMLResponse", good), ("RelayState", "AAAAAAAAAAAAAAAAAAAAAA")])
        }),
        // Signature parameters belong to HTTP-Redirect; here they mean nothing.
        fields("redirect-signature-beside", Expect::SameIdentity, |good, evil, state| {
            of(&[
                ("SAMLRequest", evil),
                ("SAMLResponse", good),
                ("RelayState", state),
                ("SigAlg", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
                ("Signature", "AAAA"),
            ])
        }),
        fields("redirect-signature-instead", refused(Code::DigestMismatch), |_, evil, state| {
            of(&[
                ("SAMLResponse", evil),
                ("RelayState", state),
                ("SigAlg", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
                ("Signature", "AAAA"),
            ])
        }),
        fields("forty-parameters", refused(Code::FormMalformed), |good, _, state| {
            let mut pairs = of(&[("SAMLResponse", good), ("RelayState", state)]);
            pairs.extend((0..40).map(|number| (format!("p{number}"), String::new())));
            pairs
        }),
    ]
}

fn bodies() -> Vec<Attack> {
    let body = |name: &str, code, make: fn(&str, &str) -> Form| {
        CONTENT_TYPE.form(name, code, move |xml, state| Some(make(xml, state)))
    };
    let good = |xml: &str, state: &str| Form::response(xml.as_bytes(), state).body;
    let typed = |name: &str, content_type: &'static str| {
        CONTENT_TYPE.form(name, Code::ContentTypeUnexpected, move |xml, state| {
            Some(raw(content_type, good(xml, state)))
        })
    };
    vec![
        typed("type-left-out", ""),
        typed("type-text", "text/plain"),
        typed("type-json", "application/json"),
        typed("type-multipart", "multipart/form-data; boundary=a"),
        typed("type-xml", "text/xml"),
        typed("type-twice", "text/plain, application/x-www-form-urlencoded"),
        body("body-empty", Code::BodyMissing, |_, _| raw(FORM, "")),
        body("body-is-the-message", Code::SamlResponseMissing, |xml, _| {
            raw(FORM, xml.replace(['&', '=', '%', '+'], ""))
        }),
        body("body-with-a-bad-escape", Code::FormMalformed, |xml, state| {
            let mut form = Form::response(xml.as_bytes(), state);
            form.body.extend_from_slice(b"&a=%zz");
            form
        }),
        body("body-not-utf-8", Code::FormMalformed, |xml, state| {
            let mut form = Form::response(xml.as_bytes(), state);
            form.body.extend_from_slice(b"&a=%ff");
            form
        }),
        body("body-too-large", Code::BodyTooLarge, |xml, state| {
            let mut form = Form::response(xml.as_bytes(), state);
            form.body.extend_from_slice(b"&a=");
            form.body.resize(1024 * 1024 + 1, b'x');
            form
        }),
        COMPRESSED.form("deflated", Code::XmlEncodingRefused, |xml, state| {
            Some(Form::response(&deflated(xml.as_bytes()), state))
        }),
        COMPRESSED.form("deflated-bomb", Code::XmlEncodingRefused, |_, state| {
            // 10 MiB of spaces in a fixed-Huffman block: repeats of the longest match. Nobody looks inside.
            let block = [&[0xed, 0xc1, 0x01, 0x01, 0x00, 0x00][..], &[0xff; 10_000]].concat();
            Some(Form::response(&block, state))
        }),
        COMPRESSED.form("gzipped", Code::XmlEncodingRefused, |xml, state| {
            let zipped = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &deflated(xml.as_bytes())].concat();
            Some(Form::response(&zipped, state))
        }),
    ]
}
