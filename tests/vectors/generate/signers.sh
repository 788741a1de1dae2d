#!/bin/sh
# Makes tests/vectors/signers/: the documents of unsigned/, signed by other people's programs.
#
# signxml 5.2.0 and pysaml2 7.5.5 (PyPI), xml-crypto 6.3.2 (npm), SimpleSAMLphp 1.19.7 (Debian), as `cargo xtask setup
# --interop` installs them. The end-to-end tests run the same programs. ECDSA signatures and all of pysaml2's differ from
# run to run.
set -eu
cd "$(dirname "$0")/../../.."
programs=testbed/tests/interop/signers
vectors=tests/vectors/signers
cache=$PWD/.cache
for name in signxml xml_crypto simplesamlphp pysaml2; do
  rm -rf "$vectors/$name"
  mkdir "$vectors/$name"
done
"$cache/venv/bin/python" $programs/with_signxml.py tests/keys $vectors/unsigned $vectors/signxml
NODE_MODULES=$cache/npm node $programs/with_xml_crypto.mjs tests/keys $vectors/unsigned $vectors/xml_crypto
SSP_HOME=$cache/simplesamlphp/usr/share/simplesamlphp php $programs/with_simplesamlphp.php tests/keys $vectors/unsigned $vectors/simplesamlphp
XMLSEC1=$(command -v xmlsec1) "$cache/venv/bin/python" $programs/with_pysaml2.py tests/keys $vectors/sp_metadata.xml $vectors/pysaml2
