"""Names that would break a file that is put together without care."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.protocol.openmetadata.document import Deployment
from providers.protocol.openmetadata.export import TARGETS, files_for
from providers.protocol.openmetadata.importing import registration_from
from providers.protocol.openmetadata.lint.check import lint
from providers.protocol.openmetadata.quoting import assignment, inline, variable_value
from providers.protocol.openmetadata.reading.env_file import read_lines
from providers.protocol.openmetadata.reading.yaml_files import read_configuration

# What a registration admits: no control, invisible or separating characters.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=30
).filter(lambda text: text == text.strip())
ODD = TEXT | st.sampled_from(
    ["null", "123", "yes", "1:30", "1e3", "1e999", "a: b", "# x", "'", '"', "\\", "${HOME}", "- a", "[a]"]
)
CLAIM = ODD.filter(lambda text: ":" not in text and "{" not in text and "$" not in text)
DOMAIN = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]\.example", fullmatch=True)
NAME = CLAIM.filter(lambda text: "@" not in text and text == text.lower() and text != "admin")


@given(ODD)
def test_any_text_is_read_back_from_yaml_and_from_a_variable(text):
    assert yaml.safe_load(inline(text)) == text
    assert yaml.safe_load(variable_value(text)) == text
    assert yaml.safe_load(variable_value([text, text])) == [text, text]
    assert yaml.safe_load(inline({text: [text]})) == {text: [text]}


@given(ODD)
def test_any_text_is_read_back_from_an_env_file(text):
    (item,) = read_lines(assignment("NAME", text).split("\n"))
    assert yaml.safe_load(item.value) == text
    (item,) = read_lines(assignment("NAME", [text]).split("\n"))
    assert yaml.safe_load(item.value) == [text]


@given(
    name=ODD,
    client_id=CLAIM,
    claims=st.lists(CLAIM, min_size=1, max_size=3, unique=True),
    email=CLAIM,
    domains=st.lists(DOMAIN, max_size=3, unique=True),
    admins=st.lists(NAME, min_size=1, max_size=2, unique=True),
    public=st.booleans(),
    target=st.sampled_from(sorted(TARGETS)),
)
@settings(max_examples=150)
def test_a_registration_with_odd_names_is_clean_and_comes_back(
    name, client_id, claims, email, domains, admins, public, target
):
    claims = [claim for claim in claims if claim not in ("email", email)] or ["upn-of-the-person"]
    deployment = Deployment(
        slug="corp",
        kind="custom-oidc",
        name=name,
        issuer="https://idp.example",
        client_id=client_id,
        token_endpoint_auth_method="none" if public else "client_secret_post",
        response_type="code",
        scopes=["openid", "email"],
        pkce=True,
        signing_algs=["RS256"],
        leeway=60,
        max_age=None,
        prompt="",
        extra_params={},
        principal_claims=claims,
        email_claim=email,
        admin_principals=admins,
        allowed_email_domains=domains,
        self_signup=False,
        provider_jwks="https://idp.example/certs",
        console_jwks="https://console.example/api/v1/system/config/jwks",
        server_url="https://metadata.example",
    )
    file = files_for(target, deployment)[0]
    assert lint(file.text.encode()) == []
    (document,), faults = read_configuration(file.text.encode())
    assert faults == []
    found = registration_from(document)
    assert found.missing == []
    assert found.fields["name"] == name
    assert found.fields["client_id"] == client_id
    assert found.fields["principal_claims"] == claims
    assert found.email_claim == email
    assert found.fields.get("allowed_email_domains", []) == domains
    assert found.fields["admin_principals"] == admins
    assert found.fields["self_signup"] is False


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_the_linter_takes_anything(content):
    for prefix in (
        b"",
        b"AUTHENTICATION_PROVIDER=",
        b"authenticationConfiguration:\n  x: ",
        b"openmetadata: {config: ",
    ):
        assert all(finding.line >= 1 for finding in lint(prefix + content))


@given(ODD)
def test_a_fix_is_one_line_whatever_stands_in_the_file(text):
    for prefix in ("AUTHENTICATION_PROVIDER=", "AUTHENTICATION_PUBLIC_KEYS=", "AUTHORIZER_ADMIN_PRINCIPALS="):
        for finding in lint(f"{prefix}{text}\n".encode()):
            assert "\n" not in finding.fix
