"""Checks documents, read as JSON from standard input, against their published schemas; prints one line for each fault.

argv[1]: the JSON schema of compose files.
"""

import json
import sys

import jsonschema
import kubernetes_validate

VERSION = kubernetes_validate.latest_version()
documents = json.load(sys.stdin)
with open(sys.argv[1], encoding="utf-8") as file:
    compose = json.load(file)

for name, document in documents:
    if "services" in document:
        validator = jsonschema.validators.validator_for(compose)(compose)
        for error in validator.iter_errors(document):
            print(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
        continue
    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        print(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
