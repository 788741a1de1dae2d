"""What pysaml2 says, asked as an application asks it; signatures are looked at by the program xmlsec1."""

import functools
import logging
import os
from xml.sax.saxutils import quoteattr

from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.sigver import CryptoBackendXmlSec1

import batch

# A refusal is an answer here and no event.
logging.disable(logging.CRITICAL)

# It asks the program for its version before each use.
CryptoBackendXmlSec1.version = functools.cached_property(CryptoBackendXmlSec1.version.fget)
CryptoBackendXmlSec1.version.__set_name__(CryptoBackendXmlSec1, "version")


def metadata(idp, certificates):
    keys = "".join(
        '<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{batch.certificate(file)}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        for file in certificates
    )
    return (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID={quoteattr(idp)}>'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>'
    )


@functools.lru_cache(maxsize=None)
def client(idp, certificates, demand, skew, sp, acs, decryption_keys):
    config = SPConfig().load(
        {
            "entityid": sp,
            "xmlsec_binary": os.environ["XMLSEC1"],
            "metadata": {"inline": [metadata(idp, certificates)]},
            "accepted_time_diff": skew,
            # Attributes keep the names that they come with.
            "allow_unknown_attributes": True,
            "encryption_keypairs": [{"key_file": file, "cert_file": file} for file in decryption_keys],
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(acs, BINDING_HTTP_POST)]},
                    "allow_unsolicited": False,
                    "want_assertions_signed": demand in ("assertion", "both"),
                    "want_response_signed": demand in ("response", "both"),
                    "want_assertions_or_response_signed": True,
                }
            },
        }
    )
    config.attribute_converters = []
    return Saml2Client(config)


def judge(case, response):
    asked = client(
        case["idp"],
        tuple(case["certificates"]),
        case["demand"],
        case["skew"],
        case["sp"],
        case["acs"],
        tuple(case["decryption_keys"]),
    )
    answer = asked.parse_authn_request_response(
        response,
        BINDING_HTTP_POST,
        outstanding={case["request"]: "/"},
        # Without it nobody compares the Recipient.
        conv_info={"entity_id": case["sp"]},
    )
    if answer is None or answer.assertion is None:
        raise batch.Refused("no assertion came out")
    name_id = answer.name_id.text if answer.name_id is not None else None
    return name_id, answer.ava


batch.run(judge)
