#!/usr/bin/env python3
"""Makes tests/vectors/signature/*: messages signed by xmlsec1 (Debian package xmlsec1), and what attackers make of them.

Every good signature is xmlsec1's. A hostile case is either a good message that was changed afterwards, or a message
that xmlsec1 signed with the right key in a shape that we refuse. ECDSA signatures differ from run to run.
"""
import base64, json, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "signature")
KEYS = os.path.join(HERE, "..", "..", "keys")
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENV = DS + "enveloped-signature"
P, A = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
SHA = {1: DS + "sha1", 256: "http://www.w3.org/2001/04/xmlenc#sha256", 384: MORE + "sha384",
       512: "http://www.w3.org/2001/04/xmlenc#sha512"}


def transform(uri, content=""):
    return '<ds:Transform Algorithm="%s">%s</ds:Transform>' % (uri, content) if content else '<ds:Transform Algorithm="%s"/>' % uri


def inclusive(prefixes):
    return '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="%s"/>' % (EXC, prefixes)


def reference(uri="#_a", transforms=None, digest=SHA[256], attributes=""):
    transforms = transform(ENV) + transform(EXC) if transforms is None else transforms
    return ('<ds:Reference URI="%s"%s>%s<ds:DigestMethod Algorithm="%s"/><ds:DigestValue/></ds:Reference>'
            % (uri, attributes, "<ds:Transforms>%s</ds:Transforms>" % transforms if transforms else "", digest))


def template(method=MORE + "rsa-sha256", c14n=EXC, c14n_content="", references=None, key_info="", rest="",
             method_content=""):
    return ('<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s">%s'
            '</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="%s">%s</ds:SignatureMethod>%s</ds:SignedInfo>'
            '<ds:SignatureValue/>%s%s</ds:Signature>'
            % (DS, c14n, c14n_content, method, method_content, references or reference(), key_info, rest))


def assertion(signature, id="_a", body="", name="alice@example.com"):
    return ('<saml:Assertion xmlns:saml="%s" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="%s" Version="2.0"'
            ' IssueInstant="2026-01-02T03:04:05Z">\n  <saml:Issuer>https://idp.example.com/</saml:Issuer>%s\n  <saml:Subject>'
            '<saml:NameID>%s</saml:NameID></saml:Subject>%s\n'
            '  <saml:AttributeStatement><saml:Attribute Name="t"><saml:AttributeValue'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">a &amp; b &lt; c&#13;\u00e9'
            '</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>'
            % (A, id, signature, name, body))


def response(content, signature="", id="_r"):
    return ('<samlp:Response xmlns:samlp="%s" ID="%s" Version="2.0" IssueInstant="2026-01-02T03:04:05Z">'
            '<saml:Issuer xmlns:saml="%s">https://idp.example.com/</saml:Issuer>%s<samlp:Status><samlp:StatusCode'
            ' Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>%s</samlp:Response>'
            % (P, id, A, signature, content))


def sign(xml, key="rsa2048", node=None, hmac=False):
    """Has xmlsec1 fill in the first template, or the one that the XPath `node` names."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in.xml"), os.path.join(folder, "out.xml")
        with open(source, "w", encoding="utf-8", newline="") as file:
            file.write(xml)
        private = os.path.join(KEYS, key + ".key.pem")
        command = ["xmlsec1", "--sign", "--id-attr:ID", P + ":Response", "--id-attr:ID", A + ":Assertion", "--output", result]
        if hmac:
            command += ["--hmackey", hmac]
        else:
            command += ["--privkey-pem", private + "," + os.path.join(KEYS, key + ".crt.pem")]
        command += ["--node-xpath", node] if node else []
        done = subprocess.run(command + [source], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + xml
        with open(result, encoding="utf-8", newline="") as file:
            return file.read()


def case(name, xml, expect="accept", comment="", section="SAML core 5.4", **fields):
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    fields = dict(expect=expect, comment=comment, section=section, **fields)
    with open(os.path.join(folder, "case.yaml"), "w", encoding="utf-8") as file:
        for key, value in fields.items():
            plain = isinstance(value, str) and re.fullmatch(r"accept|SG\d{4}", value)
            file.write("%s: %s\n" % (key, value if plain else json.dumps(value, ensure_ascii=False)))
    with open(os.path.join(folder, "input.xml"), "w", encoding="utf-8", newline="") as file:
        file.write(xml)


def once(xml, old, new, count=1):
    assert xml.count(old) >= 1, (old, xml)
    return xml.replace(old, new, count)


def between(xml, begin, end):
    return re.search(re.escape(begin) + "(.*?)" + re.escape(end), xml, re.S).group(0)


def body(xml):
    return re.sub(r"^<\?xml[^>]*>\n?", "", xml).rstrip("\n")


def good_cases():
    for bits in (256, 384, 512):
        for key in ("rsa2048", "p256", "p384", "p521"):
            kind = "rsa" if key == "rsa2048" else "ecdsa"
            signed = sign(assertion(template("%s%s-sha%d" % (MORE, kind, bits), references=reference(digest=SHA[bits]))), key)
            case("%s_sha%d" % (key, bits), signed, comment="%s with SHA-%d" % (key, bits), keys=[key],
                 section="RFC 6931 2.3", holds="<saml:NameID>alice@example.com</saml:NameID>", lacks="Signature")
    case("mixed_digests", sign(assertion(template(references=reference(digest=SHA[512])))),
         comment="signature and reference with different digests")
    case("with_comments", sign(assertion(template(c14n=EXC + "WithComments", references=reference(
        transforms=transform(ENV) + transform(EXC + "WithComments"))), body="<!-- dropped -->")),
        comment="a reference to an ID signs no comments, whatever its transforms say", section="XML-DSig core 4.3.3.3",
        holds="alice", lacks="dropped")
    case("without_comments", sign(assertion(template(), body="<!-- dropped -->")),
         comment="comments are not signed and do not come back", lacks="dropped")
    case("inclusive_namespaces", sign(assertion(template(references=reference(
        transforms=transform(ENV) + transform(EXC, inclusive("xs xsi")))))),
        comment="a PrefixList for the types of attribute values", holds='xmlns:xs="http://www.w3.org/2001/XMLSchema" ID=')
    outer = '<r xmlns="urn:r" xmlns:xs="urn:other">%s</r>'
    case("inclusive_default", sign(outer % assertion(template(c14n_content=inclusive("#default saml"), references=reference(
        transforms=transform(ENV) + transform(EXC, inclusive("#default xs unbound")))))), element="_a",
        comment="#default and prefixes that are not in scope, in both places", holds='<saml:Assertion xmlns="urn:r"')
    case("key_info_ignored", sign(assertion(template(key_info="<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"))),
         comment="a certificate in KeyInfo does no harm")
    case("second_key", sign(assertion(template()), "rsa2048_second"), keys=["rsa2048", "p256", "rsa2048_second"],
         comment="the second key that fits made the signature (key rollover)")
    case("ec_keys_of_all_curves", sign(assertion(template(MORE + "ecdsa-sha256")), "p384"), keys=["p256", "p521", "p384"],
         comment="the length of the value picks the curve")
    signed = sign(response(assertion(template())))
    case("assertion_in_response", signed, element="_a", comment="only the assertion is signed")
    case("response_of_signed_assertion", signed, "SG3001", "the response itself is not signed", element="_r")
    both = sign(response(body(signed)[body(signed).index("<saml:Assertion"):-len("</samlp:Response>")],
                         template(references=reference("#_r"))), node="/*/*[local-name()='Signature']")
    case("both_signed_response", both, element="_r", comment="response and assertion are signed: the response",
         holds="<ds:SignatureValue>")
    case("both_signed_assertion", both, element="_a", comment="response and assertion are signed: the assertion")
    case("line_ends", sign(assertion(template())).replace("\n", "\r\n"), comment="a proxy that turned LF into CRLF")
    return signed, both


def changed_afterwards(signed):
    plain = sign(assertion(template(key_info="<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>")))
    value = between(plain, "<ds:SignatureValue>", "</ds:SignatureValue>")
    info = between(plain, "<ds:SignedInfo>", "</ds:SignedInfo>")
    signature = between(plain, "<ds:Signature ", "</ds:Signature>")
    digest = between(plain, "<ds:DigestValue>", "</ds:DigestValue>")
    flip = lambda text: text.replace("A", "B", 1) if "A" in text else text.replace("b", "c", 1)
    case("changed_name", once(plain, "alice@", "mallory@"), "SG3004", "another name in the assertion")
    case("changed_attribute", once(plain, '03:04:05Z"', '03:04:06Z"'), "SG3004", "another instant")
    case("added_element", once(plain, "</saml:Assertion>", "<saml:Advice/></saml:Assertion>"), "SG3004", "one more element")
    case("added_default_namespace", once(plain, "<saml:Subject>", '<saml:Subject xmlns="urn:x">'), "accept",
         "a declaration that nothing uses is not part of the exclusive canonical form", lacks="urn:x",
         section="exclusive canonical XML 3")
    case("changed_prefix", plain.replace("saml:", "s:").replace("xmlns:saml", "xmlns:s"), "SG3004", "another prefix")
    case("added_comment", once(plain, "alice@example.com", "alice@example.com<!-- -->.evil.com").replace(".evil.com", ""),
         "accept", "a comment put into a name does not change what was signed, and is gone from what is read",
         section="CVE-2017-11427", lacks="<!--", holds="<saml:NameID>alice@example.com</saml:NameID>")
    case("comment_truncation", once(sign(assertion(template(), name="admin@example.com.evil.com")), "example.com.evil",
         "example.com<!---->.evil"), "accept", "the value comes back whole whatever comments cut it",
         section="CVE-2017-11427", holds="<saml:NameID>admin@example.com.evil.com</saml:NameID>")
    case("value_stripped", once(plain, value, "<ds:SignatureValue></ds:SignatureValue>"), "SG3012", "an empty signature value")
    case("value_missing", once(plain, value, ""), "SG3002", "no signature value", section="XML-DSig core 4.1")
    case("value_changed", once(plain, value, "<ds:SignatureValue>" + flip(value[19:])), "SG3005", "one character of the value")
    case("value_short", once(plain, value, "<ds:SignatureValue>AAAA</ds:SignatureValue>"), "SG3005", "three bytes as a value")
    case("value_not_base64", once(plain, value, once(value, "</", "*</")), "SG3012", "a foreign character in the value")
    case("value_comment", once(plain, value, once(value, "</", "<!-- --></")), "SG2015", "a comment in the value", section="CVE-2025-29775")
    case("value_twice", once(plain, value, value + value), "SG3002", "two signature values", section="XML-DSig core 4.1")
    case("digest_changed", once(plain, digest, "<ds:DigestValue>" + flip(digest[16:])), "SG3005", "the digest in SignedInfo")
    forged = once(plain, "alice@", "mallory@")
    case("digest_comment", once(forged, digest, once(digest, "<ds:DigestValue>", "<ds:DigestValue><!--x-->")), "SG2015",
         "a comment in the digest", section="CVE-2025-29775")
    case("digest_comment_around_forged", once(forged, digest, "<ds:DigestValue><!--AAAA-->%s</ds:DigestValue>" % digest[16:-17]),
         "SG2015", "the digest of the forgery as a comment in front of the true one", section="CVE-2025-29775")
    case("digest_empty", once(plain, digest, "<ds:DigestValue/>"), "SG3012", "an empty digest", section="The Fragile Lock")
    case("digest_cdata", once(plain, digest, "<ds:DigestValue><![CDATA[%s]]></ds:DigestValue>" % digest[16:-17]), "accept",
         "a CDATA section says the same", section="XML 1.0 2.7")
    case("two_signed_infos", once(plain, info, info + info), "SG3002", "two SignedInfo", section="CVE-2025-29774")
    fake = once(info, digest, "<ds:DigestValue>AAAA</ds:DigestValue>")
    case("fake_signed_info_first", once(plain, info, fake + info), "SG3002", "a false SignedInfo before the true one", section="CVE-2025-29774")
    case("fake_signed_info_last", once(plain, value, value + fake), "SG3002", "a false SignedInfo behind the value", section="CVE-2025-29774")
    ref = between(info, "<ds:Reference ", "</ds:Reference>")
    case("two_references_added", once(plain, ref, ref + ref), "SG3002", "a second Reference", section="CVE-2025-29774")
    case("two_signatures", once(plain, signature, signature + signature), "SG3002", "two signatures in one element")
    case("no_signature", once(plain, signature, ""), "SG3001", "the signature was taken out")
    case("signature_in_other_namespace", once(plain, '<ds:Signature xmlns:ds="%s"' % DS, '<ds:Signature xmlns:ds="urn:x"'),
         "SG3001", "a signature that is none")
    case("signature_not_a_child", once(once(plain, signature, ""), "<saml:Subject>", "<saml:Subject>" + signature), "SG3001",
         "the signature one level deeper", section="SAML core 5.4.1")
    case("object", once(plain, "</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>"), "SG3002", "an Object in the signature",
         section="XSW")
    case("text_in_signature", once(plain, "<ds:SignedInfo>", "x<ds:SignedInfo>"), "SG3002", "text between the elements")
    case("comment_in_signature", once(plain, "<ds:SignedInfo>", "<!--x--><ds:SignedInfo>"), "SG3002", "a comment between the elements")
    case("comment_in_signed_info", once(plain, "<ds:SignedInfo>", "<ds:SignedInfo><!--x-->"), "SG3002", "a comment in SignedInfo")
    case("attribute_in_signed_info", once(plain, "<ds:SignedInfo>", '<ds:SignedInfo Algorithm="x">'), "SG3002", "an attribute nobody knows")
    case("attribute_in_namespace", once(plain, '<ds:Reference URI="#_a">', '<ds:Reference xmlns:x="urn:x" x:URI="#_b" URI="#_a">'),
         "SG3002", "URI in another namespace", section="The Fragile Lock")
    case("parts_out_of_order", once(once(plain, value, ""), "<ds:SignedInfo>", value + "<ds:SignedInfo>"), "SG3002", "the value first",
         section="XML-DSig core 4.1")
    case("reference_changed", once(plain, 'URI="#_a"', 'URI="#_b"'), "SG3003", "a reference to another ID")
    case("reference_without_uri", once(plain, ' URI="#_a"', ""), "SG3002", "a reference without URI")
    case("id_changed", once(plain, 'ID="_a"', 'ID="_b"'), "SG3003", "the element has another ID")
    case("id_missing", once(plain, ' ID="_a"', ""), "SG3003", "the element has no ID", element="-")
    case("id_other_spelling", once(plain, ' ID="_a"', ' Id="_a"'), "SG3003", "SAML's attribute is ID, nothing else", element="-")
    case("wrong_key", plain, "SG3005", "a key that did not sign", keys=["rsa2048_second"])
    case("no_key", plain, "SG3010", "no key at all", keys=[])
    case("key_of_other_kind", plain, "SG3010", "an EC key for an RSA signature", keys=["p256"])
    case("weak_key", sign(assertion(template()), "rsa1024_weak"), "SG3011", "RSA with 1024 bits cannot be configured",
         keys=["rsa1024_weak"], section="NIST SP 800-131A")
    case("key_in_key_info", sign(assertion(template(key_info="<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"), name="mallory"), "rsa2048_second"),
         "SG3005", "a good signature by the key in KeyInfo, which nobody configured")
    case("budget", plain, "SG3013", "more keys to try than the budget allows", keys=["rsa2048_second", "rsa2048"], budget=1)
    # XSW: the signature and what it signs are moved about; `element` is what the profile would read.
    evil = lambda signature="", rest="": assertion(signature, "_evil", rest, "mallory@example.com")
    original = body(plain)
    bare = once(original, signature, "")
    wrapped = lambda content: once(signature, "</ds:Signature>", "<ds:Object>%s</ds:Object></ds:Signature>" % content)
    xsw = lambda number, xml, expect, comment, **f: case("xsw%d" % number, xml, expect, comment, section="XSW%d" % number, **f)
    message = body(sign(response("", template(references=reference("#_r")))))
    its = between(message, "<ds:Signature ", "</ds:Signature>")
    naked = once(message, its, "")
    xsw(1, response("", once(its, "</ds:Signature>", "<ds:Object>%s</ds:Object></ds:Signature>" % naked), "_evil"), "SG3002",
        "the signed response inside of the signature of a forged one", element="_evil")
    xsw(2, response(naked, its, "_evil"), "SG3003", "the signed response beside its signature in a forged one", element="_evil")
    xsw(3, response(evil() + original), "SG3001", "a forged assertion before the signed one", element="_evil")
    xsw(4, response(evil(rest=original)), "SG3001", "a forged assertion around the signed one", element="_evil")
    xsw(5, response(evil(signature) + bare), "SG3003", "the signature moved into a forged assertion", element="_evil")
    xsw(6, response(evil(wrapped(bare))), "SG3002", "the signed assertion inside of the signature of a forged one", element="_evil")
    xsw(7, response("<samlp:Extensions>%s</samlp:Extensions>" % assertion("", name="mallory") + original), "SG2014",
        "a forged assertion of the same ID in Extensions", element="_a")
    xsw(8, response(once(evil(wrapped(bare)), 'ID="_evil"', 'ID="_a"')), "SG2014",
        "a forged assertion of the same ID around its original in Object", element="_a")
    xsw(9, response(original + evil(signature)), "SG3003", "a copy of the signature in a forged assertion", element="_evil")


def signed_in_refused_shapes():
    for name, uri, comment in (("uri_empty", "", "the whole document"),
                               ("uri_xpointer", "#xpointer(id('_a'))", "an XPointer to the ID"),
                               ("uri_xpointer_root", "#xpointer(/)", "an XPointer to the root")):
        case(name, sign(assertion(template(references=reference(uri)))), "SG3003", comment, section="SAML core 5.4.2")
    case("uri_external", once(sign(assertion(template())), 'URI="#_a"', 'URI="https://evil.example/a.xml"'), "SG3003", "a file elsewhere",
         section="SAML core 5.4.2")
    case("uri_cid", once(sign(assertion(template())), 'URI="#_a"', 'URI="cid:a"'), "SG3003", "an attachment", section="SAML core 5.4.2")
    xml = '<r ID="_r">%s%s</r>' % (assertion("", "_b", name="mallory"), assertion(template(references=reference("#_b"))))
    case("uri_sibling", sign(xml), "SG3003", "a good signature of a sibling", element="_a", section="SAML core 5.4.2")
    case("uri_parent", sign(response(assertion(template(references=reference("#_r"))))), "SG3003",
         "a good signature of the response inside of the assertion", element="_a", section="SAML core 5.4.2")
    case("two_references", sign(response(assertion(template(references=reference() + reference("#_r"))))), "SG3002",
         "two references under one good signature", element="_a", section="CVE-2025-29774")
    inclusive_c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    for name, transforms, comment in (
            ("transform_inclusive", transform(ENV) + transform(inclusive_c14n), "inclusive canonical XML"),
            ("transform_enveloped_only", transform(ENV), "no canonicalization"),
            ("transform_c14n_only", transform(EXC), "no enveloped-signature"),
            ("transform_order", transform(EXC) + transform(ENV), "the wrong order"),
            ("transform_thrice", transform(ENV) + transform(EXC) + transform(EXC), "one more transform"),
            ("transform_enveloped_twice", transform(ENV) + transform(ENV) + transform(EXC), "enveloped-signature twice"),
            ("transform_xpath", transform("http://www.w3.org/TR/1999/REC-xpath-19991116",
             "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>") + transform(EXC), "an XPath filter"),
            ("transform_xpath_third", transform(ENV) + transform("http://www.w3.org/TR/1999/REC-xpath-19991116",
             "<ds:XPath>self::text()</ds:XPath>") + transform(EXC), "an XPath filter that leaves almost nothing"),
            ("transform_xslt", transform(ENV) + transform("http://www.w3.org/TR/1999/REC-xslt-19991116",
             '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><a/>'
             "</xsl:template></xsl:stylesheet>"), "a style sheet that signs something else"),
            ("transform_base64", transform(ENV) + transform(DS + "base64"), "base64")):
        try:
            signed = sign(assertion(template(references=reference(transforms=transforms))))
        except AssertionError:  # xmlsec1 cannot: put the transforms into a good message.
            signed = once(sign(assertion(template())), transform(ENV) + transform(EXC), transforms)
        case(name, signed, "SG3008", comment, section="SAML core 5.4.4")
    case("transforms_missing", sign(assertion(template(references=reference(transforms="")))), "SG3002", "no transforms", section="SAML core 5.4.4")
    case("canonicalization_inclusive", sign(assertion(template(c14n=inclusive_c14n))), "SG3007", "inclusive canonical XML of SignedInfo",
         section="SAML core 5.4.3")
    case("canonicalization_1_1", sign(assertion(template(c14n="http://www.w3.org/2006/12/xml-c14n11"))), "SG3007", "canonical XML 1.1",
         section="SAML core 5.4.3")
    case("canonicalization_unknown", once(sign(assertion(template())), '"%s"' % EXC, '"urn:x"'), "SG3007", "a canonicalization nobody knows",
         section="The Fragile Lock")
    case("canonicalization_foreign_parameter", once(sign(assertion(template(c14n_content=inclusive("xs")))), "InclusiveNamespaces",
         "ExclusiveNamespaces"), "SG3002", "a parameter nobody knows")
    case("prefix_list_too_long", sign(assertion(template(references=reference(transforms=transform(ENV) + transform(EXC, inclusive(
        " ".join("p%d" % n for n in range(41)))))))), "SG3002", "a PrefixList of 41 prefixes", section="base::Limits")
    public = tempfile.NamedTemporaryFile(suffix=".der")
    subprocess.run(["openssl", "pkey", "-in", os.path.join(KEYS, "rsa2048.key.pem"), "-pubout", "-outform", "DER", "-out", public.name], check=True)
    case("hmac_with_public_key", sign(assertion(template(MORE + "hmac-sha256")), hmac=public.name), "SG3006",
         "an HMAC under the public key, which everybody has", section="algorithm confusion")
    case("hmac_truncated", once(sign(assertion(template(MORE + "hmac-sha256")), hmac=public.name), MORE + 'hmac-sha256"/>',
         MORE + 'hmac-sha256"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>'), "SG3002", "an HMAC of no bits", section="CVE-2009-0217")
    case("rsa_pss", once(sign(assertion(template())), MORE + "rsa-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"), "SG3006",
         "an algorithm that we do not have")
    case("dsa", once(sign(assertion(template())), MORE + "rsa-sha256", DS + "dsa-sha1"), "SG3006", "DSA")
    old = sign(assertion(template(DS + "rsa-sha1", references=reference(digest=SHA[1]))))
    case("sha1", old, "SG3006", "SHA-1 is refused", section="NIST SP 800-131A")
    case("sha1_allowed", old, comment="SHA-1 when a danger field allows it", danger_sha1=True)
    case("sha1_digest", sign(assertion(template(references=reference(digest=SHA[1])))), "SG3009", "a SHA-1 digest under a strong signature",
         section="NIST SP 800-131A")
    case("md5_digest", once(sign(assertion(template())), SHA[256], MORE + "md5"), "SG3009", "MD5", danger_sha1=True)
    case("sha224", sign(assertion(template(references=reference(digest=MORE + "sha224")))), "SG3009", "SHA-224 is not in the set")
    ec = sign(assertion(template(MORE + "ecdsa-sha256")), "p256")
    value = between(ec, "<ds:SignatureValue>", "</ds:SignatureValue>")
    raw = base64.b64decode(value[19:-20])
    put = lambda octets: once(ec, value, "<ds:SignatureValue>%s</ds:SignatureValue>" % base64.b64encode(octets).decode())
    der = lambda n: (lambda b: b"\x02" + bytes([len(b)]) + b)((b"\0" if n[0] & 128 else b"") + n.lstrip(b"\0"))
    both = der(raw[:32]) + der(raw[32:])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for name, octets, expect, comment in (
            ("ecdsa_zeros", bytes(64), "SG3012", "r and s are zero"),
            ("ecdsa_r_zero", bytes(32) + raw[32:], "SG3012", "r is zero"),
            ("ecdsa_s_zero", raw[:32] + bytes(32), "SG3012", "s is zero"),
            ("ecdsa_der", b"\x30" + bytes([len(both)]) + both, "SG3012", "DER instead of r and s"),
            ("ecdsa_short", raw[:-1], "SG3012", "one byte too short"),
            ("ecdsa_long", raw + b"\0", "SG3012", "one byte too long"),
            ("ecdsa_order", order.to_bytes(32, "big") * 2, "SG3005", "r and s are the order of the curve"),
            ("ecdsa_swapped", raw[32:] + raw[:32], "SG3005", "s before r")):
        case(name, put(octets), expect, comment, section="CVE-2022-21449" if "zero" in name else "RFC 6931 2.3.6", keys=["p256"])
    case("ecdsa_negated", put(raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")), "accept",
         "ECDSA signatures can be negated; the signed octets are the same", keys=["p256"], section="FIPS 186-5 6.4")
    case("ecdsa_other_curve", ec, "SG3012", "a P-256 value for a P-384 key", keys=["p384"])


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    signed, _ = good_cases()
    changed_afterwards(signed)
    signed_in_refused_shapes()
    print(len(os.listdir(OUT)), "cases", file=sys.stderr)


if __name__ == "__main__":
    main()
