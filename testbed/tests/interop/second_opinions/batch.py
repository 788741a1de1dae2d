"""Reads the cases, sets the clock for each, and prints what a library makes of it: one JSON object a line.

Usage:  python LIBRARY.py CASES.json

Each case has `name`, `file` (the response), `now` and `skew` (seconds), `idp` (entity id), `certificates` (files),
`demand` (any, assertion, response or both must be signed), `sha1` (is it allowed?), `sp`, `acs`, `request` (the ID of
the request that is answered) and `decryption_keys` (files).
"""

import base64
import datetime
import json
import os
import sys
import time

# Before anything else asks for the zone.
os.environ["TZ"] = "UTC"
time.tzset()

from freezegun import freeze_time  # noqa: E402


class Refused(Exception):
    """The library said no without raising anything."""


def certificate(file):
    """The base64 text of a PEM certificate."""
    with open(file, encoding="ascii") as pem:
        return "".join(line for line in pem.read().splitlines() if not line.startswith("-----"))


def run(judge):
    """Prints a line for each case; `judge(case, response)` returns (name_id, attributes) or raises."""
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    with freeze_time("2026-01-01") as clock:
        for case in cases:
            clock.move_to(datetime.datetime.fromtimestamp(case["now"], datetime.timezone.utc))
            with open(case["file"], "rb") as file:
                response = base64.b64encode(file.read()).decode("ascii")
            answer = {"name": case["name"]}
            try:
                name_id, attributes = judge(case, response)
                answer.update(accepts=True, name_id=name_id, attributes=attributes)
            # Whatever keeps a person out is a refusal, a crash of the library included.
            except Exception as error:  # noqa: BLE001
                answer.update(accepts=False, reason=f"{type(error).__name__}: {error}"[:2000])
            print(json.dumps(answer), flush=True)
