#!/bin/sh
# Starts Radicale on a loopback port; everything it writes goes below one folder.
#
#   RADICALE   the program (default: what `cargo xtask setup` installed, else the one on the PATH)
#   APP_STATE  folder for its collections (default: a new one below /tmp)
#   APP_PORT   port on 127.0.0.1 (default 5232)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${RADICALE:=$here/../../../.cache/venv/bin/radicale}"
[ -x "$RADICALE" ] || RADICALE=$(command -v radicale) || { echo "radicale is missing: run cargo xtask setup" >&2; exit 2; }
: "${APP_STATE:=$(mktemp -d)}"
: "${APP_PORT:=5232}"
exec "$RADICALE" --config "$here/radicale.ini" --server-hosts "127.0.0.1:$APP_PORT" \
  --storage-filesystem-folder "$APP_STATE"
