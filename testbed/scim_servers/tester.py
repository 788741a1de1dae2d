"""Runs scim2-tester against the service at argv[1] with the bearer token argv[2]; one line of JSON for each check."""

import json
import sys
from urllib.parse import urlsplit

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

base, token = sys.argv[1:]
headers = {"authorization": f"Bearer {token}"}
at = urlsplit(base)
if at.hostname.endswith(".localhost"):
    # Loopback (RFC 6761 6.3), which not every resolver knows.
    headers["host"] = at.netloc
    base = at._replace(netloc=f"127.0.0.1:{at.port}").geturl()
client = Client(base_url=base, headers=headers, timeout=30)
for result in check_server(SyncSCIMClient(client)):
    print(
        json.dumps(
            {
                "status": result.status.name,
                "title": result.title,
                "resource_type": result.resource_type,
                "reason": result.reason,
            }
        )
    )
