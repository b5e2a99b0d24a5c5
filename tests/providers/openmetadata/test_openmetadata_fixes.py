"""A fix never makes the next finding: with every fix in its place a file is right."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.protocol.openmetadata.lint.facts import NOTHING_KNOWN, Facts, Registration
from tests.providers.openmetadata.fixing import fixed
from tests.providers.openmetadata.right_files import (
    COMPOSE,
    COMPOSE_LIST,
    ENV,
    FILE,
    HELM,
    PUBLIC_ENV,
    found,
)

RIGHT = {
    "env": ENV,
    "public env": PUBLIC_ENV,
    "helm": HELM,
    "file": FILE,
    "compose": COMPOSE,
    "compose list": COMPOSE_LIST,
}
SHOWN = sorted((Path(__file__).parent / "foreign").iterdir())
HERE = Registration(
    issuer="https://idp.example",
    client_id="console",
    callback_url="https://console.example/callback/corp",
    jwks_uri="https://idp.example/certs",
    signing_algs=["ES256"],
    principal_claims=["email", "sub"],
    allowed_email_domains=["corp.example", "b.example"],
)
FACTS = Facts([HERE], base_url="https://console.example")
WRONG = [
    "",
    "none",
    "7",
    "0",
    "no",
    "true",
    "null",
    "[admin]",
    "[admin, alice@corp.example]",
    "[]",
    "{Client ID}",
    "[{public key url}, https://idp.example/certs]",
    "one-login",
    "basic",
    "Confidential",
    "open-metadata.org",
    "ES256",
    "profile",
    "http://localhost:8585/oops",
    "https://idp.example/oauth2/v1/authorize",
    "https://other.example/.well-known/openid_configuration",
    "https://console.example/callback",
    "[http://localhost:8080/realms/x/certs, http://localhost:8585/api/v1/sytem/config/jwks]",
    "./conf/private_key.der",
    "Gb389a-9f76-gdjs-a92j-0242bk94356",
    "$NAME",
    "${NAME}/x",
    "${NAME:-https://idp.example}",
    "1e3",
]
spoilt_value = st.sampled_from(WRONG)
spoilt_name = st.sampled_from(["drop", "misspell", "twice", "value"])


def _spoil(line, how, value):
    """One line as somebody might get it wrong; what is no line of a setting stays."""
    found = re.match(r"(\s*(?:- )?\"?)([A-Za-z_]{4,})( ?[:=]\s*)(.*)", line)
    # What a secret holds is taken out of every fix, so that it must be no word of another setting.
    if (
        not found
        or not found[4]
        or found[2] in ("openmetadata", "name", "value", "secret", "OIDC_CLIENT_SECRET")
    ):
        return [line]
    start, name, sign, rest = found.groups()
    close = '"' if start.endswith('"') else ""
    if how == "drop":
        return []
    if how == "misspell":
        return [f"{start}{name[:-1]}{sign}{rest}"]
    if how == "twice" and sign == "=" and not start.strip():
        return [f"{start}{name}{sign}{value}", line]
    written = value if sign == "=" or (value[:1] in "[{" and ":" not in value) else f'"{value}"'
    return [f"{start}{name}{sign}{written}{close}"]


def assert_right_when_fixed(text, facts=NOTHING_KNOWN):
    """All fixes, and nothing more to say; a file that says nothing any more is as right."""
    assert [item for item in found(fixed(text, facts), facts) if item[1] != "unrecognised"] == []


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(RIGHT)),
    st.lists(st.tuples(st.integers(0, 60), spoilt_name, spoilt_value), min_size=1, max_size=6),
    st.booleans(),
)
def test_a_file_is_right_when_every_fix_is_in_its_place(name, spoiling, registered):
    lines = [[line] for line in RIGHT[name].splitlines()]
    for number, how, value in spoiling:
        place = number % len(lines)
        lines[place] = [new for line in lines[place][:1] for new in _spoil(line, how, value)]
    text = "\n".join(line for group in lines for line in group) + "\n"
    assert_right_when_fixed(text, FACTS if registered else NOTHING_KNOWN)


@pytest.mark.parametrize("provider", ["", "null", "[google]", "custom-oidc", "keycloak"])
@pytest.mark.parametrize("name", ["openid_configuration", "openid-configuration"])
def test_a_discovery_document_as_authority_is_put_right_whatever_the_provider_is(provider, name):
    authority = f"https://other.example/.well-known/{name}"
    text = ENV.replace("PROVIDER=custom-oidc", f"PROVIDER={provider}")
    assert_right_when_fixed(text.replace("AUTHORITY=https://idp.example", f"AUTHORITY={authority}"))


@pytest.mark.parametrize("file", SHOWN, ids=lambda file: file.name)
def test_a_file_of_somebody_else_is_right_when_every_fix_is_in_its_place(file):
    assert_right_when_fixed(file.read_text())
