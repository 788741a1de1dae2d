"""A SAML identity provider made of pysaml2's own server class: metadata, a login form, signed responses.

Run it alone:  python idp.py --port 8083 --state DIR [--sign response|assertion|both] [--sp-metadata FILE]

Users are agent/agent and customer/customer. pysaml2 signs by running the xmlsec1 program, so what the
filter verifies was canonicalized, digested and signed by libxmlsec, not by code of ours.
"""

import argparse
import html
import logging
import os
import subprocess
import time
import urllib.parse
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_UNSPECIFIED, NameID
from saml2.server import Server

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

USERS = {
    "agent": {
        "password": "agent",
        "attributes": {
            "uid": ["agent"],
            "mail": ["agent@example.org"],
            "displayName": ["Ada Agent & S\u00f6hne <ops>"],
            "isMemberOf": ["jira-agents", "staff, all"],
        },
    },
    "customer": {
        "password": "customer",
        "attributes": {
            "uid": ["customer"],
            "mail": ["customer@example.org"],
            "displayName": ["Carl Customer"],
            "isMemberOf": ["portal-customers"],
        },
    },
}


class Idp:
    """Holds pysaml2's server; it is made anew when the service provider's metadata file changes."""

    def __init__(self, args):
        self.args = args
        self.base = f"http://idp.localhost:{args.port}"
        self.seen = None
        self.server = None
        self.key = os.path.join(args.state, "idp.key")
        self.certificate = os.path.join(args.state, "idp.crt")
        if not os.path.exists(self.key):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-days", "30", "-nodes"]
                + ["-subj", "/CN=idp.localhost", "-keyout", self.key, "-out", self.certificate],
                check=True,
                stderr=subprocess.DEVNULL,
            )

    def current(self):
        path = self.args.sp_metadata
        stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else None
        if self.server is None or stamp != self.seen:
            self.server = Server(config=self.config(path if stamp else None))
            self.seen = stamp
        return self.server

    def config(self, sp_metadata):
        both = self.args.sign == "both"
        return IdPConfig().load(
            {
                "entityid": f"{self.base}/idp",
                "description": "pysaml2",
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [
                                (f"{self.base}/sso/redirect", BINDING_HTTP_REDIRECT),
                                (f"{self.base}/sso/post", BINDING_HTTP_POST),
                            ]
                        },
                        "want_authn_requests_signed": self.args.want_signed,
                        "sign_response": both or self.args.sign == "response",
                        "sign_assertion": both or self.args.sign == "assertion",
                        "signing_algorithm": RSA_SHA256,
                        "digest_algorithm": SHA256,
                        "policy": {
                            "default": {
                                "lifetime": {"minutes": 5},
                                "attribute_restrictions": None,
                                "name_form": NAME_FORMAT_URI,
                                "nameid_format": NAMEID_FORMAT_PERSISTENT,
                            }
                        },
                    }
                },
                "metadata": {"local": [sp_metadata]} if sp_metadata else {},
                "key_file": self.key,
                "cert_file": self.certificate,
                "xmlsec_binary": self.args.xmlsec1,
                "delete_tmpfiles": True,
            }
        )

    # ---- pages -------------------------------------------------------------------------------

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        try:
            if path == "/metadata":
                status, kind, body = "200 OK", "application/samlmetadata+xml", self.metadata()
            elif path == "/sso/redirect":
                status, kind, body = "200 OK", "text/html", self.form(query, "redirect")
            elif path == "/sso/post":
                status, kind, body = "200 OK", "text/html", self.form(posted(environ), "post")
            elif path == "/login" and environ["REQUEST_METHOD"] == "POST":
                status, kind, body = self.login(posted(environ))
            else:
                status, kind, body = "404 Not Found", "text/plain", "not found"
        except Exception as error:  # a test wants to see the reason in the answer
            logging.exception("request failed")
            status, kind, body = "400 Bad Request", "text/plain", f"{type(error).__name__}: {error}"
        data = body.encode()
        start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(data)))])
        return [data]

    def metadata(self):
        from saml2.metadata import entity_descriptor

        return str(entity_descriptor(self.current().config))

    def form(self, fields, binding):
        self.parse(fields, binding)  # refuse before anybody types a password
        names = ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(fields[name])}">'
            for name in names
            if name in fields
        )
        return (
            "<!doctype html><title>Sign in</title><form method='post' action='/login'>"
            f"<input type='hidden' name='binding' value='{binding}'>{hidden}"
            "<input name='username' autofocus><input name='password' type='password'>"
            "<button type='submit'>Sign in</button></form>"
        )

    def parse(self, fields, binding):
        kind = BINDING_HTTP_REDIRECT if binding == "redirect" else BINDING_HTTP_POST
        extra = {}
        if binding == "redirect" and "Signature" in fields:
            extra = {name: fields.get(key) for name, key in
                     [("relay_state", "RelayState"), ("sigalg", "SigAlg"), ("signature", "Signature")]}
        request = self.current().parse_authn_request(fields["SAMLRequest"], kind, **extra)
        return request.message

    def login(self, fields):
        user = USERS.get(fields.get("username", ""))
        if user is None or user["password"] != fields.get("password"):
            return "403 Forbidden", "text/html", "<!doctype html>wrong user name or password"
        server = self.current()
        message = self.parse(fields, fields["binding"])
        args = server.response_args(message)
        args.pop("name_id_policy", None)
        response = server.create_authn_response(
            user["attributes"],
            userid=fields["username"],
            name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=fields["username"]),
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_instant": int(time.time())},
            sign_alg=RSA_SHA256,
            digest_alg=SHA256,
            **args,
        )
        reply = server.apply_binding(
            args["binding"], str(response), args["destination"], fields.get("RelayState", ""), response=True
        )
        return "200 OK", "text/html", reply["data"] if isinstance(reply["data"], str) else "".join(reply["data"])


def posted(environ):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return dict(urllib.parse.parse_qsl(environ["wsgi.input"].read(length).decode(), keep_blank_values=True))


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port", type=int, default=8083)
    arguments.add_argument("--state", required=True)
    arguments.add_argument("--sp-metadata")
    arguments.add_argument("--sign", choices=["response", "assertion", "both"], default="assertion")
    arguments.add_argument("--want-signed", action="store_true")
    arguments.add_argument("--xmlsec1", default="/usr/bin/xmlsec1")
    args = arguments.parse_args()
    os.makedirs(args.state, exist_ok=True)
    args.sp_metadata = args.sp_metadata or os.path.join(args.state, "sp-metadata.xml")
    logging.basicConfig(filename=os.path.join(args.state, "idp.log"), level=logging.INFO)
    make_server("127.0.0.1", args.port, Idp(args), Threaded, Quiet).serve_forever()


if __name__ == "__main__":
    main()
