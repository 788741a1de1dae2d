#!/usr/bin/env python3
"""Seals the texts in this folder without any code of samlgate.

    python3 make.py            (needs the package `cryptography` for ChaCha20-Poly1305, RFC 8439)

HKDF is RFC 5869 by hand, HChaCha20 is draft-irtf-cfrg-xchacha 2.2 by hand.
"""

import base64
import hashlib
import hmac
import pathlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

HERE = pathlib.Path(__file__).parent
SECRET = bytes(range(40))
CONTEXT = b"https://sp.example/saml"
VERSION = b"\x02"
NONCE = bytes(range(100, 124))


def hkdf(info, length):
    key = hmac.digest(b"samlgate sealing v1", SECRET, hashlib.sha256)
    return hmac.digest(key, info + b"\x01", hashlib.sha256)[:length]


def hchacha20(key, nonce):
    state = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))

    def rotate(value, by):
        return (value << by | value >> (32 - by)) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            state[z] = rotate(state[z] ^ state[x], by)

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for row in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*row)
    return struct.pack("<8I", *state[:4], *state[12:])


assert hchacha20(  # draft-irtf-cfrg-xchacha 2.2.1
    bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")
).hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"


def seal(purpose, name, payload):
    hint = hkdf(purpose + b" hint", 1)
    bound = VERSION + hint
    for part in (purpose, CONTEXT, name):
        bound += struct.pack("<Q", len(part)) + part
    key = hchacha20(hkdf(purpose, 32), NONCE[:16])
    sealed = ChaCha20Poly1305(key).encrypt(b"\0\0\0\0" + NONCE[16:], payload, bound)
    return base64.urlsafe_b64encode(VERSION + hint + NONCE + sealed).rstrip(b"=").decode()


for file, purpose, name in (
    ("session.txt", b"session", b"__Host-samlgate"),
    ("pending_request.txt", b"pending request", b"__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA"),
):
    (HERE / file).write_text(seal(purpose, name, b"known payload") + "\n")
