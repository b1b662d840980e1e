#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""validate_report.py SCHEMA [FILE]: is FILE, or standard input, a report as the schema describes?

Readers must accept keys that they do not know, so the schema allows them. Here none is allowed:
each key that a report has must be described.
"""
import json
import sys

import jsonschema


def close(schema):
    """Forbids what is not described, and asks for a description of what is."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
            for name, value in schema["properties"].items():
                if isinstance(value, dict) and "$ref" not in value and not value.get("description"):
                    sys.exit(f"the schema does not describe {name}")
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    close(schema)
    with open(sys.argv[2] if len(sys.argv) > 2 else 0, encoding="utf-8") as file:
        report = json.load(file)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(report))
    for error in errors[:10]:
        print(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}", file=sys.stderr)
    sys.exit(1 if errors else 0)


main()
