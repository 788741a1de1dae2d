#!/bin/sh
# Starts SimpleSAMLphp as an identity provider on a loopback port; everything it writes goes below one folder.
#
#   SSP_HOME   folder of the SimpleSAMLphp program (default: what `cargo xtask setup` unpacked, else /usr/share/simplesamlphp)
#   IDP_STATE  folder for keys, logs and sessions (default: a new one below /tmp)
#   IDP_PORT   port on 127.0.0.1 (default 8082)
#   IDP_SIGN   what is signed: assertion (default), response, both
#   IDP_ENCRYPT  what is encrypted: nothing (default), assertion, name
#   IDP_WANT_SIGNED  0: unsigned authentication requests are taken too (default 1)
#   SP_METADATA  file with the service provider's metadata; it may appear after the start
#
# Users: agent / agent, customer / customer. Metadata: http://idp.localhost:$IDP_PORT/simplesaml/saml2/idp/metadata.php
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${SSP_HOME:=$here/../../../.cache/simplesamlphp/usr/share/simplesamlphp}"
[ -d "$SSP_HOME" ] || SSP_HOME=/usr/share/simplesamlphp
[ -f "$SSP_HOME/www/module.php" ] || { echo "SimpleSAMLphp is not in $SSP_HOME: run cargo xtask setup" >&2; exit 2; }
: "${IDP_STATE:=$(mktemp -d)}"
: "${IDP_PORT:=8082}"
: "${IDP_SIGN:=assertion}"
: "${IDP_ENCRYPT:=nothing}"
: "${SP_METADATA:=$IDP_STATE/sp-metadata.xml}"
export SSP_HOME IDP_STATE IDP_PORT IDP_SIGN IDP_ENCRYPT SP_METADATA
export SIMPLESAMLPHP_CONFIG_DIR="$here/config"
mkdir -p "$IDP_STATE/cert" "$IDP_STATE/log" "$IDP_STATE/data" "$IDP_STATE/tmp" "$IDP_STATE/sessions"
if [ ! -f "$IDP_STATE/cert/idp.key" ]; then
  openssl req -x509 -newkey rsa:2048 -sha256 -days 30 -nodes -subj "/CN=idp.localhost" \
    -keyout "$IDP_STATE/cert/idp.key" -out "$IDP_STATE/cert/idp.crt" 2>/dev/null
fi
[ -f "$IDP_STATE/salt" ] || openssl rand -hex 24 > "$IDP_STATE/salt"
# Version 1.19 predates PHP 8.2 and would print its deprecations into the XML.
exec php -d display_errors=0 -d error_reporting=8191 -d "session.save_path=$IDP_STATE/sessions" \
  -d "error_log=$IDP_STATE/log/php.log" -S "127.0.0.1:$IDP_PORT" -t "$SSP_HOME/www" "$here/router.php"
