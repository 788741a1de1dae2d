#!/usr/bin/env bash
# Makes the test keys anew. The committed vectors were signed with the committed keys: run this only together with
# tests/vectors/generate/*.
set -euo pipefail
cd "$(dirname "$0")"
for name in rsa2048 rsa2048_second rsa2048_decryption rsa2048_decryption_second rsa2048_encryption rsa2048_other; do
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$name.key.pem"
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out rsa2048_e3.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa1024_weak.key.pem
for bits in 256 384 521; do
  openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:P-$bits" -pkeyopt ec_param_enc:named_curve \
    -out "p$bits.key.pem"
done
for file in *.key.pem; do
  name="${file%.key.pem}"
  openssl req -x509 -new -key "$file" -sha256 -days 36500 \
    -subj "/CN=samlgate test key $name/O=TEST ONLY - never trust" -out "$name.crt.pem"
done
