"""What a log, a trace or an export shows: a name decides, and every name is spelt out here."""

import pytest

from ssoconsole.platform.eventlog.services import MASK, in_words, is_secret, mask

SECRET = [
    *("client_secret", "secret", "secret_hash", "password", "PASSWORD", "new_password", "private_key"),
    *("id_token", "access_token", "refresh_token", "logout_token", "subject_token", "id_token_hint", "token"),
    *("client_assertion", "assertion", "code_verifier", "cookie", "set-cookie", "Authorization"),
    *("proxy-authorization", "token_endpoint_secret", "x-token", "tokens"),
]
SHOWN = [
    *("assertion_audience", "authorization_endpoint", "authorization_response_iss_parameter_supported"),
    *("client_secret_expires_at", "client_secret_for", "id_token_signing_alg_values_supported"),
    *("max_token_lifetime", "token_lifetime", "pushed_authorization", "token_type", "Token_Endpoint"),
    *("pushed_authorization_request_endpoint", "require_pushed_authorization_requests", "token_endpoint"),
    *("token_endpoint_auth_method", "token_endpoint_auth_methods_supported"),
    *("token_endpoint_auth_signing_alg_values_supported", "name", "email", "kid", "sub", "issuer"),
]


@pytest.mark.parametrize("name", SECRET)
def test_a_value_of_this_name_is_masked_wherever_it_stands(name):
    assert is_secret(name)
    assert mask({name: "x", "deep": [{name: ["y"]}], "pair": ({name: 0},)}) == {
        name: MASK,
        "deep": [{name: MASK}],
        "pair": [{name: MASK}],
    }


@pytest.mark.parametrize("name", SECRET)
@pytest.mark.parametrize("nothing", [None, ""])
def test_that_there_is_none_is_shown(name, nothing):
    assert mask({name: nothing}) == {name: nothing}


@pytest.mark.parametrize("name", SHOWN)
def test_a_value_of_this_name_is_shown(name):
    assert mask({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None])
def test_what_json_has_stays_as_it_is(value):
    assert mask(value) is value


def test_what_json_has_not_is_told_as_a_text():
    assert mask({1: {2}, "class": int}) == {"1": [2], "class": "<class 'int'>"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("as it is <b>", "as it is <b>"),
        ("", "empty"),
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (1.5, "1.5"),
        ([], "none"),
        ({}, "none"),
        (["a", "b"], "a, b"),
        ({"email": "mail", "groups": None}, "email: mail; groups: none"),
        ([["a", "b"], ["c"]], "(a, b), (c)"),
        ({"rules": [{"if": "a", "then": ["b"]}]}, "rules: ((if: a; then: (b)))"),
        ({"client_secret": "s3cret", "kid": "k"}, f"client_secret: {MASK}; kid: k"),
        ([{"password": "s3cret"}], f"(password: {MASK})"),
        ("2026-03-01T00:30:00+01:00", "2026-02-28 23:30 UTC"),
        ("2026-03-01T00:30:00.123456Z", "2026-03-01 00:30 UTC"),
        ("2026-02-31T00:30:00Z", "2026-02-31T00:30:00Z"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59"),
        ("2026-03-01", "2026-03-01"),
    ],
    ids=str,
)
def test_a_value_is_read_in_words(value, words):
    assert in_words(value) == words
