"""Signs responses of pysaml2's own server.  XMLSEC1=PROGRAM python with_pysaml2.py KEYS METADATA OUT

METADATA is the service provider's. Writes OUT/response.KEY.CASE.xml; the case says what is signed and with which hash.
"""

import os
import pathlib
import sys

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID
from saml2.server import Server
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.xmldsig import DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, SIG_RSA_SHA256, SIG_RSA_SHA384, SIG_RSA_SHA512

HASHES = {
    "sha256": (SIG_RSA_SHA256, DIGEST_SHA256),
    "sha384": (SIG_RSA_SHA384, DIGEST_SHA384),
    "sha512": (SIG_RSA_SHA512, DIGEST_SHA512),
}
PERSON = {"uid": ["agent"], "displayName": ["Ada Agent & S\u00f6hne <ops>"], "isMemberOf": ["jira-agents", "staff, all"]}


def main():
    keys, metadata, out = map(pathlib.Path, sys.argv[1:])
    endpoints = {"single_sign_on_service": [("https://idp.example.com/sso", BINDING_HTTP_REDIRECT)]}
    server = Server(
        config=IdPConfig().load(
            {
                "entityid": "https://idp.example.com/idp",
                "service": {"idp": {"endpoints": endpoints, "policy": {"default": {"lifetime": {"minutes": 5}}}}},
                "metadata": {"local": [str(metadata)]},
                "key_file": str(keys / "rsa2048.key.pem"),
                "cert_file": str(keys / "rsa2048.crt.pem"),
                "xmlsec_binary": os.environ["XMLSEC1"],
                "delete_tmpfiles": True,
            }
        )
    )
    for name, (scheme, digest) in HASHES.items():
        for signed, (response, assertion) in {"response": (1, 0), "assertion": (0, 1), "both": (1, 1)}.items():
            message = server.create_authn_response(
                PERSON,
                in_response_to="_request",
                destination="https://jira.example/saml/acs",
                sp_entity_id="https://sp.example/saml",
                name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text="agent"),
                authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_instant": 1767323045},
                sign_response=bool(response),
                sign_assertion=bool(assertion),
                sign_alg=scheme,
                digest_alg=digest,
            )
            (out / f"response.rsa2048.{signed}_{name}.xml").write_text(str(message), encoding="utf-8")


main()
