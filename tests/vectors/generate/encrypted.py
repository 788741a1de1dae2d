#!/usr/bin/env python3
"""Encrypts the signed assertion of tests/vectors/response/good_assertion_signed with other people's programs.

xmlsec1 (1.2.37) for what it knows; its RSA-OAEP has SHA-1 only, so the other combinations of hash functions come from
OpenSSL by way of Python's cryptography (48). Writes tests/vectors/encrypted/*.xml, each a response; run it from
tests/vectors: generate/encrypted.py
"""
import base64
import os
import re
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = Path(__file__).resolve().parent.parent
CERTIFICATE = HERE.parent / "keys" / "rsa2048_decryption.crt.pem"
SOURCE = (HERE / "response" / "good_assertion_signed" / "input.xml").read_text()
ASSERTION = re.search(r"<saml:Assertion.*</saml:Assertion>", SOURCE, re.S).group(0)

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
DS = "http://www.w3.org/2000/09/xmldsig#"
HASHES = {
    "sha1": (hashes.SHA1(), DS + "sha1"),
    "sha256": (hashes.SHA256(), XENC + "sha256"),
}


def data(cipher, transport, parameters="", content="", key=""):
    return f"""<xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">
  <xenc:EncryptionMethod Algorithm="{cipher}"/>
  <ds:KeyInfo xmlns:ds="{DS}">
    <xenc:EncryptedKey>
      <xenc:EncryptionMethod Algorithm="{transport}">{parameters}</xenc:EncryptionMethod>
      <xenc:CipherData><xenc:CipherValue>{key}</xenc:CipherValue></xenc:CipherData>
    </xenc:EncryptedKey>
  </ds:KeyInfo>
  <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData>
</xenc:EncryptedData>"""


def write(name, encrypted):
    encrypted = re.sub(r"^<\?xml[^>]*>\s*", "", encrypted).strip()
    wrapped = f"<saml:EncryptedAssertion>{encrypted}</saml:EncryptedAssertion>"
    (HERE / "encrypted" / f"{name}.xml").write_text(SOURCE.replace(ASSERTION, wrapped))


def by_xmlsec1(name, cipher, session_key):
    with tempfile.TemporaryDirectory() as folder:
        template, plain = Path(folder, "template.xml"), Path(folder, "plain.xml")
        template.write_text(data(cipher, XENC + "rsa-oaep-mgf1p"))
        plain.write_text(ASSERTION)
        done = subprocess.run(
            ["xmlsec1", "--encrypt", "--pubkey-cert-pem", str(CERTIFICATE), "--session-key", session_key,
             "--xml-data", str(plain), "--node-xpath", "/*", str(template)],
            check=True, capture_output=True, text=True)
    write(name, done.stdout)


def by_openssl(name, bits, digest, mask, named):
    public = x509.load_pem_x509_certificate(CERTIFICATE.read_bytes()).public_key()
    key, nonce = AESGCM.generate_key(bits), os.urandom(12)
    content = nonce + AESGCM(key).encrypt(nonce, ASSERTION.encode(), None)
    wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(HASHES[mask][0]), HASHES[digest][0], None))
    parameters = f'<ds:DigestMethod Algorithm="{HASHES[digest][1]}"/>'
    transport = XENC + "rsa-oaep-mgf1p"
    if named:
        transport = XENC11 + "rsa-oaep"
        parameters += f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{XENC11}mgf1{mask}"/>'
    text = [base64.encodebytes(part).decode() for part in (content, wrapped)]
    write(name, data(f"{XENC11}aes{bits}-gcm", transport, parameters, *text))


if __name__ == "__main__":
    by_xmlsec1("xmlsec1_aes128_gcm", XENC11 + "aes128-gcm", "aes-128")
    by_xmlsec1("xmlsec1_aes256_gcm", XENC11 + "aes256-gcm", "aes-256")
    by_xmlsec1("xmlsec1_aes128_cbc", XENC + "aes128-cbc", "aes-128")
    by_xmlsec1("xmlsec1_aes256_cbc", XENC + "aes256-cbc", "aes-256")
    by_openssl("openssl_sha256_mgf1_sha1", 128, "sha256", "sha1", named=False)
    by_openssl("openssl_sha256_mgf1_sha256", 256, "sha256", "sha256", named=True)
    by_openssl("openssl_sha1_mgf1_sha256", 256, "sha1", "sha256", named=True)
    by_openssl("openssl_sha1_mgf1_sha1", 128, "sha1", "sha1", named=True)
