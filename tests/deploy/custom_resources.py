"""The schemas of resources that are no part of Kubernetes itself: of the Gateway API and the Prometheus operator."""

import json
import re
import subprocess

import jsonschema

from tests.support.optional import missing
from tests.support.servers import ROOT

MODULES = ROOT / "tests" / "deploy" / "crds" / "node_modules"
PACKAGES = {
    "gateway.networking.k8s.io/v1": "gateway-api",
    "monitoring.coreos.com/v1": "prometheus-operator",
}
MIDDLEWARE = """
import { Middleware } from "@kubernetes-models/traefik/traefik.io/v1alpha1/Middleware";
new Middleware(JSON.parse(process.argv[1])).validate();
"""


def is_custom(document):
    return document["apiVersion"] in PACKAGES or document["apiVersion"].startswith("traefik.io/")


def check(document):
    """Hold a document to its schema, where a name that is not in it is a mistake. Raises ValidationError."""
    if not MODULES.exists():
        missing("the schemas of custom resources", "make deploy-tools")
    if document["apiVersion"].startswith("traefik.io/"):
        # Its schema is a program.
        subprocess.run(
            ["node", "--input-type=module", "-e", MIDDLEWARE, json.dumps(document)],
            cwd=MODULES.parent, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        return
    package = MODULES / "@kubernetes-models" / PACKAGES[document["apiVersion"]]
    text = (package / document["apiVersion"] / f"{document['kind']}.mjs").read_text()
    schema = json.loads(re.search(r"^const schema = (\{.*?^\});", text, re.MULTILINE | re.DOTALL)[1])
    schema["properties"]["metadata"] = {"type": "object"}
    jsonschema.validate(document, _strict(schema))


def _strict(schema):
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        strict["additionalProperties"] = False
    return strict
