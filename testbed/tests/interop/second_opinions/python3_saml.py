"""What python3-saml says, asked as an application asks it, in strict mode."""

import functools
from urllib.parse import urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.settings import OneLogin_Saml2_Settings

import batch


@functools.lru_cache(maxsize=None)
def settings(idp, certificates, demand, sha1, sp, acs, decryption_keys):
    key = ""
    if decryption_keys:
        with open(decryption_keys[0], encoding="ascii") as file:
            key = file.read()
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": sp,
                "assertionConsumerService": {
                    "url": acs,
                    "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
                },
                "privateKey": key,
            },
            "idp": {
                "entityId": idp,
                "singleSignOnService": {
                    "url": "https://idp.example/sso",
                    "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
                },
                "x509certMulti": {"signing": [batch.certificate(file) for file in certificates]},
            },
            "security": {
                "wantAssertionsSigned": demand in ("assertion", "both"),
                "wantMessagesSigned": demand in ("response", "both"),
                "rejectDeprecatedAlgorithm": not sha1,
                # Our profile leaves these to the mapping of attributes.
                "wantNameId": False,
                "wantAttributeStatement": False,
                "allowRepeatAttributeName": True,
                "requestedAuthnContext": False,
            },
        }
    )


def judge(case, response):
    OneLogin_Saml2_Constants.ALLOWED_CLOCK_DRIFT = case["skew"]
    known = settings(
        case["idp"],
        tuple(case["certificates"]),
        case["demand"],
        case["sha1"],
        case["sp"],
        case["acs"],
        tuple(case["decryption_keys"]),
    )
    acs = urlsplit(case["acs"])
    request = {
        "https": "on" if acs.scheme == "https" else "off",
        "http_host": acs.netloc,
        "script_name": acs.path,
        "get_data": {},
        "post_data": {"SAMLResponse": response},
    }
    auth = OneLogin_Saml2_Auth(request, old_settings=known)
    auth.process_response(request_id=case["request"])
    if auth.get_errors() or not auth.is_authenticated():
        raise batch.Refused(auth.get_last_error_reason())
    return auth.get_nameid(), auth.get_attributes()


batch.run(judge)
