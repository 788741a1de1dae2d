"""Runs scim2-tester against the service at argv[1] with the bearer token argv[2]; one line of JSON for each check."""

import json
import sys
from copy import deepcopy
from urllib.parse import urlsplit

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Mutability
from scim2_tester import check_server
from scim2_tester.checkers import resource_put


def keeping_what_is_immutable(fill):
    """RFC 7644 3.5.1: in a PUT, immutable values are those that are set already. The tester keeps simple ones only, and takes
    it for a fault when others that it has replaced at random are refused."""

    def filled(context, resource, **kwargs):
        is_immutable = lambda field: Mutability.immutable in field.metadata
        fields = [name for name, field in type(resource).model_fields.items() if is_immutable(field)]
        kept = {name: deepcopy(getattr(resource, name, None)) for name in fields}
        out = fill(context, resource, **kwargs)
        for name, value in kept.items():
            if out is not None and value is not None:
                setattr(out, name, value)
        return out

    return filled


resource_put.fill_with_random_values = keeping_what_is_immutable(resource_put.fill_with_random_values)

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
