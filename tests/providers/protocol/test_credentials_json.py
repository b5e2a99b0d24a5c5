"""Credentials come in many files; each is read for what it is, or refused by what it lacks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.protocol.credentials_json import (
    LARGEST,
    ClientCredentials,
    CredentialsRefused,
    read_credentials,
)
from tests.support.leaks import assert_without

SECRET = "GOCSPX-not-to-be-seen"
GOOGLE = {
    "client_id": "1234-abc.apps.googleusercontent.com",
    "project_id": "corp",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
    "client_secret": SECRET,
    "redirect_uris": ["https://sso.example/callback/corp"],
}
KEYCLOAK = {
    "realm": "corp",
    "auth-server-url": "https://keycloak.example/",
    "ssl-required": "external",
    "resource": "console",
    "credentials": {"secret": SECRET},
    "confidential-port": 0,
}
OPENMETADATA = {
    "provider": "custom-oidc",
    "clientType": "confidential",
    "clientId": "console",
    "authority": "https://login.example/tenant",
    "callbackUrl": "https://metadata.example/callback",
    "oidcConfiguration": {
        "id": "console",
        "secret": SECRET,
        "discoveryUri": "https://login.example/tenant/v2.0/.well-known/openid-configuration",
        "clientAuthenticationMethod": "client_secret_post",
        "callbackUrl": "https://metadata.example/callback",
    },
}
PLAIN = {"client_id": "console", "client_secret": SECRET, "issuer": "https://idp.example"}


def read(document):
    return read_credentials(json.dumps(document).encode())


def named(document):
    found = read(document)
    return found.client_id, found.client_secret, found.issuer, found.auth_method


class KnownFilesTests:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ({"web": GOOGLE}, (GOOGLE["client_id"], SECRET, "https://accounts.google.com", None)),
            ({"web": {"client_id": "a", "auth_uri": "https://idp.example/auth"}}, ("a", None, None, None)),
            (KEYCLOAK, ("console", SECRET, "https://keycloak.example/realms/corp", None)),
            (
                KEYCLOAK | {"auth-server-url": "https://keycloak.example/auth"},
                ("console", SECRET, "https://keycloak.example/auth/realms/corp", None),
            ),
            (
                KEYCLOAK | {"realm": "our realm", "credentials": {}},
                ("console", None, "https://keycloak.example/realms/our%20realm", None),
            ),
            (
                KEYCLOAK | {"public-client": True},
                ("console", None, "https://keycloak.example/realms/corp", "none"),
            ),
            (
                KEYCLOAK | {"credentials": {"secret-jwt": {"secret": SECRET, "algorithm": "HS256"}}},
                ("console", SECRET, "https://keycloak.example/realms/corp", "client_secret_jwt"),
            ),
            (
                KEYCLOAK | {"credentials": {"jwt": {"client-key-password": "x"}}},
                ("console", None, "https://keycloak.example/realms/corp", "private_key_jwt"),
            ),
            (PLAIN, ("console", SECRET, "https://idp.example", None)),
            ({"client_id": "console", "client_secret": None}, ("console", None, None, None)),
            (
                PLAIN | {"token_endpoint_auth_method": "client_secret_post"},
                ("console", SECRET, "https://idp.example", "client_secret_post"),
            ),
            (
                {"clientId": "console", "clientSecret": SECRET, "authority": "https://idp.example/"},
                ("console", SECRET, "https://idp.example/", None),
            ),
            (
                {"clientId": "a", "discoveryUri": "https://idp.example/x/.well-known/openid-configuration"},
                ("a", None, "https://idp.example/x", None),
            ),
            (
                PLAIN | {"discoveryUri": "https://idp.example/.well-known/openid-configuration"},
                ("console", SECRET, "https://idp.example", None),
            ),
            (OPENMETADATA, ("console", SECRET, "https://login.example/tenant/v2.0", "client_secret_post")),
            (
                {"authenticationConfiguration": OPENMETADATA},
                ("console", SECRET, "https://login.example/tenant/v2.0", "client_secret_post"),
            ),
            (
                {"clientId": "spa", "clientType": "public", "authority": "https://idp.example"},
                ("spa", None, "https://idp.example", "none"),
            ),
            (
                {"id": "a-uuid", "clientId": "console", "publicClient": False, "secret": SECRET},
                ("console", SECRET, None, None),
            ),
        ],
    )
    def test_a_file_is_read_for_what_it_names(self, document, expected):
        assert named(document) == expected

    @pytest.mark.parametrize(
        ("document", "uris"),
        [
            ({"web": GOOGLE}, ("https://sso.example/callback/corp",)),
            ({"web": {"client_id": "a"}}, ()),
            (KEYCLOAK, None),
            (PLAIN, None),
            (PLAIN | {"redirectUris": ["https://sso.example/*"]}, ("https://sso.example/*",)),
            (OPENMETADATA, ("https://metadata.example/callback",)),
        ],
    )
    def test_the_redirect_uris_are_those_that_the_provider_knows(self, document, uris):
        assert read(document).redirect_uris == uris

    def test_a_desktop_client_is_read_with_a_remark(self):
        assert "Web application" in read({"installed": GOOGLE}).notes[0]
        assert read({"web": GOOGLE}).notes == ()

    def test_a_windows_editor_may_have_put_its_mark_in_front(self):
        assert read_credentials(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode()).client_id == "console"

    def test_a_result_does_not_show_its_secret(self):
        assert_without(repr(read(PLAIN)), SECRET)


class RefusedFilesTests:
    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            ({}, "no client_id or clientId"),
            ({"client_secret": SECRET}, "no client_id or clientId"),
            ({"id": "a", "secret": SECRET}, "no client_id or clientId"),
            ({"client_id": ["a"]}, "client_id is no text"),
            ({"client_id": "a" * 5000}, "client_id is too long"),
            (PLAIN | {"client_secret": 7}, "client_secret is no text"),
            (PLAIN | {"clientId": "another"}, "client_id and clientId differently"),
            (PLAIN | {"clientSecret": "another"}, "client_secret and clientSecret differently"),
            (PLAIN | {"discoveryUri": "https://other.example"}, "two providers"),
            (PLAIN | {"token_endpoint_auth_method": "tls_client_auth"}, "none of none, client_secret_basic"),
            (PLAIN | {"redirect_uris": [7]}, "redirect_uris is no list of texts"),
            (PLAIN | {"redirect_uris": {"a": 1}}, "redirect_uris is no list of texts"),
            ({"web": {"client_secret": SECRET}}, "no client_id in web"),
            ({"web": [GOOGLE]}, "web is no object"),
            ({"web": GOOGLE, "installed": GOOGLE}, "no client_id or clientId"),
            ({"type": "service_account", "private_key": SECRET}, "service account"),
            ({"realm": "corp", "resource": "console"}, "no auth-server-url"),
            (KEYCLOAK | {"realm": ""}, "no realm"),
            (KEYCLOAK | {"resource": None}, "no resource"),
            (KEYCLOAK | {"credentials": SECRET}, "credentials is no object"),
            (KEYCLOAK | {"credentials": {"secret-jwt": SECRET}}, "secret-jwt is no object"),
            (KEYCLOAK | {"bearer-only": True}, "bearer-only"),
            ({"authenticationConfiguration": SECRET}, "authenticationConfiguration is no object"),
            ({**PLAIN, "oidcConfiguration": SECRET}, "oidcConfiguration is no object"),
        ],
    )
    def test_what_is_missing_or_wrong_is_named_and_the_secret_is_not(self, document, reason):
        with pytest.raises(CredentialsRefused) as refused:
            read(document)
        assert reason in refused.value.message
        assert_without(str(refused.value), SECRET)

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "not JSON"),
            (b"client_id: console", "not JSON"),
            (b"[]", "not a JSON object"),
            (b'"console"', "not a JSON object"),
            (b'{"client_id": "a", "client_id": "b"}', "occurs twice"),
            (b'{"client_id": "\\ud800"}', "surrogate"),
            (b"\xff\xfe{}", "not UTF-8"),
            (b'{"a": NaN}', "NaN"),
            (b'{"a": ' * 40, "nested"),
            (b" " * (LARGEST + 1), "larger than 64 KiB"),
        ],
    )
    def test_what_is_no_strict_json_of_sensible_size_is_refused(self, raw, reason):
        with pytest.raises(CredentialsRefused, match=reason):
            read_credentials(raw)

    def test_the_reason_does_not_carry_the_text_along(self):
        with pytest.raises(CredentialsRefused) as refused:
            read_credentials(f'{{"client_secret": "{SECRET}"'.encode())
        assert refused.value.__cause__ is refused.value.__context__ is None


NAMES = st.sampled_from(
    [
        *("web", "installed", "type", "realm", "resource", "auth-server-url", "credentials", "public-client"),
        *("bearer-only", "secret", "secret-jwt", "jwt", "id", "client_id", "clientId", "client_secret"),
        *("clientSecret", "clientType", "issuer", "authority", "discoveryUri", "token_endpoint_auth_method"),
        *("redirect_uris", "callbackUrl", "oidcConfiguration", "authenticationConfiguration"),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.just("service_account")
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=10,
)


def outcome_of(raw):
    try:
        return read_credentials(raw)
    except CredentialsRefused as refused:
        return refused


@given(st.dictionaries(NAMES, ANY))
def test_any_json_gives_credentials_or_a_named_error(document):
    outcome = outcome_of(json.dumps(document).encode())
    assert isinstance(outcome, ClientCredentials | CredentialsRefused)
    if isinstance(outcome, ClientCredentials):
        assert outcome.client_id
        texts = (outcome.client_secret, outcome.issuer, outcome.auth_method)
        assert all(value is None or (isinstance(value, str) and value) for value in texts)


@given(st.binary())
def test_any_bytes_give_credentials_or_a_named_error(raw):
    assert isinstance(outcome_of(raw), ClientCredentials | CredentialsRefused)
