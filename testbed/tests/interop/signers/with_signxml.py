"""Signs with signxml.  python with_signxml.py KEYS DOCUMENTS OUT

Writes OUT/NAME.KEY.CASE.xml for documents of the folder DOCUMENTS, whose roots have an `ID`. There is no PrefixList:
signxml 5.2.0 digests with it and does not name it in the transform, so that neither xmlsec1 nor we verify it.
"""

import pathlib
import sys

from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner

EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
WITH_COMMENTS = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS


def sign(keys, source, key, scheme, digest, canonicalization=EXCLUSIVE):
    # Nothing of the text may be lost before it is signed.
    root = etree.parse(source, etree.XMLParser(strip_cdata=False)).getroot()
    signer = XMLSigner(signature_algorithm=scheme, digest_algorithm=digest, c14n_algorithm=canonicalization)
    signed = signer.sign(
        root,
        key=(keys / f"{key}.key.pem").read_bytes(),
        cert=(keys / f"{key}.crt.pem").read_text(),
        reference_uri="#" + root.get("ID"),
        id_attribute="ID",
    )
    return etree.tostring(signed, encoding="utf-8", xml_declaration=True)


def main():
    keys, documents, out = map(pathlib.Path, sys.argv[1:])
    cases = [
        (source, "rsa2048", "sha256", SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256, {})
        for source in sorted(documents.glob("*.xml"))
    ]
    assertion, text = documents / "assertion.xml", documents / "text.xml"
    cases += [
        (assertion, "rsa2048", "sha384", SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA384, {}),
        (assertion, "rsa2048", "sha512", SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA512, {}),
        (assertion, "p256", "sha256", SignatureMethod.ECDSA_SHA256, DigestAlgorithm.SHA256, {}),
        (assertion, "p384", "sha384", SignatureMethod.ECDSA_SHA384, DigestAlgorithm.SHA384, {}),
        (text, "p521", "sha512", SignatureMethod.ECDSA_SHA512, DigestAlgorithm.SHA512, {}),
        (text, "rsa2048", "with_comments", SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256, {"canonicalization": WITH_COMMENTS}),
    ]
    for source, key, case, scheme, digest, more in cases:
        octets = sign(keys, str(source), key, scheme, digest, **more)
        (out / f"{source.stem}.{key}.{case}.xml").write_bytes(octets)


main()
