"""Runs scim2-tester against the service at argv[1] with the bearer token argv[2]; one line of JSON for each check."""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

base, token = sys.argv[1:]
client = Client(base_url=base, headers={"authorization": f"Bearer {token}"}, timeout=30)
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
