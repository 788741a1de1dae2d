#!/usr/bin/env python3
"""Makes tests/vectors/interop/: the signature vectors of other people, and what our verifier must say to each.

    interop.py XMLSEC SIGNXML

XMLSEC is the unpacked source of xmlsec1 1.2.37 (Debian source package `xmlsec1`), SIGNXML that of signxml 5.2.0 (the
source distribution on PyPI). Both carry the interoperability vectors of the W3C and the IETF; interop/NOTICE names the
licences. Needs lxml and the xmlsec1 program.

What is expected is decided here from the specifications and the vector alone, by code that shares nothing with the
verifier. Nobody signed with our profile in 2002, so `profile/` holds the same templates, keys and algorithms in it,
signed by xmlsec1. ECDSA signatures differ from run to run.
"""
import base64, copy, glob, json, os, re, shutil, subprocess, sys, tempfile
from lxml import etree

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "interop")
DS, EXC = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE, ENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
SCHEMES = {MORE + "%s-sha%d" % (kind, bits) for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)}
DIGESTS = {ENC + "sha256", MORE + "sha384", ENC + "sha512"}

XMLSEC = [("aleksey-xmldsig-01", "*.xml"), ("merlin-exc-c14n-one", "*.xml"), ("merlin-xmldsig-twenty-three", "*.xml"),
          ("merlin-c14n-three", "signature.xml"), ("merlin-xpath-filter2-three", "sign-spec.xml"),
          ("phaos-xmldsig-three", "signature*.xml"), ("xmldsig2ed-tests", "*.xml")]
SIGNXML = [("TR2012", "*.xml"), ("aleksey-xmldsig-01-enveloped", "*.xml"), ("pyXMLSecurity", "*.xml"),
           ("xml-crypto", "*.xml"), ("soap", "*.xml"), ("ws-security/ws.js/test/unit/client/files", "*.xml")]


class Refused(Exception):
    """Code and reason."""


def ds(name):
    return "{%s}%s" % (DS, name)


def elements(node):
    """Child elements; anything else but white space is refused."""
    texts = [node.text] + [child.tail for child in node]
    if any((text or "").strip(" \t\r\n") for text in texts) or any(not isinstance(child.tag, str) for child in node):
        raise Refused("SG3002", "text or a comment inside %s" % etree.QName(node).localname)
    return list(node)


def attributes(node, allowed):
    if any(name not in allowed for name in node.attrib):
        raise Refused("SG3002", "an attribute of %s" % etree.QName(node).localname)


def exactly(node, names):
    found = elements(node)
    if [child.tag for child in found] != [ds(name) for name in names]:
        tags = [etree.QName(child).localname for child in found]
        raise Refused("SG3002", "%s holds %s" % (etree.QName(node).localname, " ".join(tags)))
    return found


def algorithm(node):
    attributes(node, ["Algorithm"])
    return node.get("Algorithm")


def is_exclusive(node):
    """Exclusive canonical XML, with nothing but InclusiveNamespaces in it?"""
    if algorithm(node) not in (EXC, EXC + "WithComments"):
        return False
    for child in elements(node):
        if child.tag != "{%s}InclusiveNamespaces" % EXC:
            raise Refused("SG3002", "parameters of a canonicalization")
    return True


def judge(element):
    """What SAML core 5.4 and the order of XML-DSig core 3.2 say to the signature of `element`."""
    signatures = [child for child in element if child.tag == ds("Signature")]
    if not signatures:
        raise Refused("SG3001", "the root is the signature itself" if element.tag == ds("Signature") else "no signature child")
    if len(signatures) > 1:
        raise Refused("SG3002", "several signatures")
    signature = signatures[0]
    attributes(signature, ["Id"])
    names = [etree.QName(child).localname for child in elements(signature)]
    if names not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise Refused("SG3002", "Signature holds " + " ".join(names))
    info = signature[0]
    attributes(info, ["Id"])
    canonicalization, method, reference = exactly(info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])
    if not is_exclusive(canonicalization):
        raise Refused("SG3007", "canonicalization " + algorithm(canonicalization))
    if elements(method):
        raise Refused("SG3002", "parameters of SignatureMethod")
    if algorithm(method) not in SCHEMES:
        raise Refused("SG3006", "scheme " + algorithm(method))
    attributes(reference, ["Id", "URI", "Type"])
    transforms, digest, _ = exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])
    listed = elements(transforms)
    for index, child in enumerate(listed[:3]):
        good = (algorithm(child) == DS + "enveloped-signature" if index == 0 else index == 1 and is_exclusive(child))
        if not good:
            raise Refused("SG3008", "transform %d is %s" % (index + 1, child.get("Algorithm")))
    if len(listed) < 2:
        raise Refused("SG3008", "%d transforms" % len(listed))
    if algorithm(digest) not in DIGESTS:
        raise Refused("SG3009", "digest " + algorithm(digest))
    uri = reference.get("URI")
    if uri is None:
        raise Refused("SG3002", "no URI")
    if not element.get("ID") or uri != "#" + element.get("ID"):
        raise Refused("SG3003", "the reference `%s` is not to the ID of the parent" % uri)


def document(octets):
    """What the reader refuses before it looks at a signature."""
    text = octets.decode("utf-8", errors="surrogateescape")
    plain = re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", text, flags=re.S)
    declaration = re.match(r"<\?xml\b[^>]*>", text)
    encoding = re.search(r"encoding=[\"']([^\"']*)", declaration.group(0)) if declaration else None
    if encoding and encoding.group(1).upper() != "UTF-8":
        raise Refused("SG2003", "encoding " + encoding.group(1))
    special = re.search(r"<!(?!--|\[CDATA\[)|<\?(?!xml\s)", plain)
    if special:
        raise Refused("SG2004" if plain[special.start() + 1] == "!" else "SG2005", "a DTD" if plain[special.start() + 1] == "!" else "a processing instruction")
    root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, huge_tree=False))
    for node in root.iter(etree.Element):
        for uri in node.nsmap.values():
            if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[-A-Za-z0-9._~:/?#\[\]@!$()*+,;=%]+$", uri):
                raise Refused("SG2010", "the namespace `%s`" % uri)
    ids = [value for node in root.iter(etree.Element) for name, value in node.attrib.items()
           if name in ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")]
    if len(ids) != len(set(ids)):
        raise Refused("SG2014", "an ID twice")
    return root


def parent_of_signature(root):
    """Child numbers from the root to the parent of the first signature; the root when that is the signature."""
    first = next(iter(root.iter(ds("Signature"))), None)
    path = []
    while first is not None and first is not root and first.getparent() is not root:
        first = first.getparent()
        siblings = [child for child in first.getparent() if isinstance(child.tag, str)]
        path.insert(0, siblings.index(first))
    return path


def at(root, path):
    for index in path:
        root = [child for child in root if isinstance(child.tag, str)][index]
    return root


def expectation(octets, wrapped):
    """(code, reason, path of the element to verify)"""
    path = []
    try:
        root = document(octets)
        if wrapped:
            parent = etree.Element("Parent", ID="_parent")
            parent.append(root)
            root = parent
        else:
            path = parent_of_signature(root)
        judge(at(root, path))
    except Refused as refused:
        return refused.args + (path,)
    return "SG3005", "in the profile, but by a key that is not given", path


def with_own_key(name, octets, path):
    """The case with the key of its KeyInfo; xmlsec1 must agree that it made the signature."""
    element = at(etree.fromstring(octets), path)
    text = next(element.find(ds("Signature")).iter(ds("X509Certificate"))).text
    stem = os.path.splitext(os.path.basename(name))[0]
    pem = os.path.join(OUT, "keys", stem + ".crt.pem")
    os.makedirs(os.path.dirname(pem), exist_ok=True)
    with open(pem, "w") as file:
        file.write("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % "\n".join(re.findall(".{1,64}", "".join(text.split()))))
    subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", pem, "--id-attr:ID", element.tag[1:].replace("}", ":"),
                    os.path.join(OUT, name)], check=True, capture_output=True)
    shown = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    bits = int(re.search(r"Public-Key: \((\d+) bit", shown).group(1))
    expect, why = ("accept", "in the profile") if bits >= 2048 else ("SG3011", "in the profile, but the key has %d bits" % bits)
    return dict(file=name, element=path, expect=expect, why=why, keys=[stem])


def import_vectors(cases, source, folders, project):
    for folder, pattern in folders:
        for file in sorted(glob.glob(os.path.join(source, folder, pattern))):
            with open(file, "rb") as handle:
                octets = handle.read()
            name = "%s/%s/%s" % (project, folder.split("/")[0], os.path.basename(file).replace(" ", "_"))
            if b"SignedInfo" not in octets:
                continue
            os.makedirs(os.path.dirname(os.path.join(OUT, name)), exist_ok=True)
            with open(os.path.join(OUT, name), "wb") as handle:
                handle.write(octets)
            code, reason, path = expectation(octets, False)
            if code == "SG3005":
                cases.append(with_own_key(name, octets, path))
            cases.append(dict(file=name, element=path, expect=code, why=reason))
            if reason == "the root is the signature itself":
                # Below a parent, its inside is looked at.
                code, reason, _ = expectation(octets, True)
                cases.append(dict(file=name, wrapped=True, expect=code, why=reason))


PROFILE = """<Envelope xmlns="urn:envelope" ID="_envelope">
  <Data>
	Hello, World!
  </Data>
  <Signature xmlns="http://www.w3.org/2000/09/xmldsig#">
    <SignedInfo>
      <CanonicalizationMethod Algorithm="%s"/>
      <SignatureMethod Algorithm="%s"/>
      <Reference URI="#_envelope">
        <Transforms>
          <Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
          <Transform Algorithm="%s"/>
        </Transforms>
        <DigestMethod Algorithm="%s"/>
        <DigestValue></DigestValue>
      </Reference>
    </SignedInfo>
    <SignatureValue></SignatureValue>
    <KeyInfo><X509Data/></KeyInfo>
  </Signature>
</Envelope>
"""
INCLUSIVE = ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"]


def sign(xml, arguments):
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in.xml"), os.path.join(folder, "out.xml")
        with open(source, "w") as file:
            file.write(xml)
        command = ["xmlsec1", "--sign", "--id-attr:ID", "urn:envelope:Envelope", "--output", result] + arguments + [source]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + xml
        with open(result, "rb") as file:
            return file.read()


def profile(cases, xmlsec):
    """Every signature and digest algorithm of xmlsec1, with the keys of its suite, in our profile."""
    keys = os.path.join(xmlsec, "keys")
    os.makedirs(os.path.join(OUT, "keys"), exist_ok=True)
    os.makedirs(os.path.join(OUT, "profile"))
    rsa = ["--privkey-pem", "%s/largersakey.pem,%s/largersacert.pem" % (keys, keys), "--pwd", "secret123"]
    short = ["--privkey-pem", "%s/rsakey.pem,%s/rsacert.pem" % (keys, keys), "--pwd", "secret123"]
    ecdsa = ["--privkey-pem", "%s/ecdsa-secp256r1-key.pem,%s/ecdsa-secp256r1-cert.pem" % (keys, keys)]
    dsa = ["--privkey-pem", "%s/dsa2048key.pem,%s/dsa2048cert.pem" % (keys, keys)]
    hmac = ["--hmackey", "%s/hmackey.bin" % keys]
    for name, file in [("rsa4096", "largersacert"), ("rsa512", "rsacert"), ("p256", "ecdsa-secp256r1-cert"), ("dsa2048", "dsa2048cert")]:
        shutil.copy(os.path.join(keys, file + ".pem"), os.path.join(OUT, "keys", name + ".crt.pem"))
    digest = {"sha1": DS + "sha1", "sha224": MORE + "sha224", "sha256": ENC + "sha256", "sha384": MORE + "sha384",
              "sha512": ENC + "sha512", "md5": MORE + "md5", "ripemd160": ENC + "ripemd160"}

    def case(name, expect, method, hash, signer, why, key, c14n=EXC, transform=EXC, **more):
        file = "profile/%s.xml" % name
        with open(os.path.join(OUT, file), "wb") as handle:
            handle.write(sign(PROFILE % (c14n, method, transform, digest[hash]), signer))
        cases.append(dict(file=file, expect=expect, why=why, keys=[key], **more))
        return file

    for bits in ("sha256", "sha384", "sha512"):
        case("rsa-" + bits, "accept", MORE + "rsa-" + bits, bits, rsa, "in the profile", "rsa4096")
        case("ecdsa-" + bits, "accept", MORE + "ecdsa-" + bits, bits, ecdsa, "in the profile", "p256")
        case("hmac-" + bits, "SG3006", MORE + "hmac-" + bits, bits, hmac, "a keyed hash is no signature", "rsa4096")
        case("rsa-%s-with-comments" % bits, "accept", MORE + "rsa-" + bits, bits, rsa, "in the profile", "rsa4096",
             EXC + "WithComments", EXC + "WithComments")
        file = case("rsa-%s-by-other-key" % bits, "SG3010", MORE + "rsa-" + bits, bits, rsa, "no key of that kind", "p256")
        cases.append(dict(file=file, expect="accept", why="every key is tried", keys=["p256", "rsa4096"]))
    for c14n in INCLUSIVE:
        for suffix, comments in (("", ""), ("-comments", "#WithComments")):
            name = ("c14n10" if "2001" in c14n else "c14n11") + suffix
            case("canonicalization-" + name, "SG3007", MORE + "rsa-sha256", "sha256", rsa, "inclusive canonicalization",
                 "rsa4096", c14n=c14n + comments)
            case("transform-" + name, "SG3008", MORE + "rsa-sha256", "sha256", rsa, "inclusive transform", "rsa4096",
                 transform=c14n + comments)
    file = case("rsa-sha1", "SG3006", DS + "rsa-sha1", "sha1", rsa, "SHA-1", "rsa4096")
    cases.append(dict(file=file, expect="accept", why="SHA-1, allowed", keys=["rsa4096"], danger_sha1=True))
    file = case("rsa-sha256-digest-sha1", "SG3009", MORE + "rsa-sha256", "sha1", rsa, "SHA-1 digest", "rsa4096")
    cases.append(dict(file=file, expect="accept", why="SHA-1 digest, allowed", keys=["rsa4096"], danger_sha1=True))
    for name, method, hash, signer, key in [
            ("rsa-sha224", MORE + "rsa-sha224", "sha224", rsa, "rsa4096"), ("rsa-md5", MORE + "rsa-md5", "md5", rsa, "rsa4096"),
            ("rsa-ripemd160", MORE + "rsa-ripemd160", "ripemd160", rsa, "rsa4096"),
            ("ecdsa-sha1", MORE + "ecdsa-sha1", "sha1", ecdsa, "p256"), ("ecdsa-sha224", MORE + "ecdsa-sha224", "sha224", ecdsa, "p256"),
            ("hmac-sha1", DS + "hmac-sha1", "sha1", hmac, "rsa4096"), ("hmac-md5", MORE + "hmac-md5", "md5", hmac, "rsa4096"),
            ("hmac-ripemd160", MORE + "hmac-ripemd160", "ripemd160", hmac, "rsa4096"),
            ("dsa-sha1", DS + "dsa-sha1", "sha1", dsa, "rsa4096"),
            ("dsa-sha256", "http://www.w3.org/2009/xmldsig11#dsa-sha256", "sha256", dsa, "rsa4096")]:
        case(name, "SG3006", method, hash, signer, "scheme " + method, key, danger_sha1=True)
    for hash in ("sha224", "md5", "ripemd160"):
        case("digest-" + hash, "SG3009", MORE + "rsa-sha256", hash, rsa, "digest " + digest[hash], "rsa4096", danger_sha1=True)
    case("rsa512", "SG3011", DS + "rsa-sha1", "sha1", short, "the key has 512 bits", "rsa512",
         danger_sha1=True)
    case("dsa-key", "SG3011", "http://www.w3.org/2009/xmldsig11#dsa-sha256", "sha256", dsa, "a DSA certificate is no key", "dsa2048")


def main():
    xmlsec, signxml = sys.argv[1:]
    for folder in ("xmlsec1", "signxml", "profile", "keys"):
        shutil.rmtree(os.path.join(OUT, folder), ignore_errors=True)
    cases = []
    import_vectors(cases, os.path.join(xmlsec, "tests"), XMLSEC, "xmlsec1")
    import_vectors(cases, os.path.join(signxml, "test/interop"), SIGNXML, "signxml")
    profile(cases, os.path.join(xmlsec, "tests"))
    with open(os.path.join(OUT, "cases.yaml"), "w") as file:
        file.write("# Made by tests/vectors/generate/interop.py. `element`: child numbers from the root to the element that is verified;\n"
                   "# `wrapped`: the document is put below a parent with an ID first.\n")
        for case in cases:
            file.write("- {%s}\n" % ", ".join("%s: %s" % (key, value if key == "expect" else json.dumps(value))
                                              for key, value in case.items() if value not in ([], None)))
    print(len(cases), "cases", file=sys.stderr)


if __name__ == "__main__":
    main()
