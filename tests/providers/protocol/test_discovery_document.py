"""A discovery document speaks for exactly one issuer and has what signing in needs."""

import pytest

from providers.errors import MetadataInvalid
from providers.protocol.discovery import (
    announces_iss_parameter,
    check_document,
    discovery_url,
    wrong_members,
)
from ssoconsole.platform.jose.errors import IssuerMismatch
from ssoconsole.platform.jose.issuer import near_miss

ISSUER = "https://idp.example/realms/corp"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "userinfo_endpoint": f"{ISSUER}/me?version=1",
    "end_session_endpoint": None,
    "response_types_supported": ["id_token code", "code"],
    "x_unknown": {"anything": 1},
}


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://idp.example", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/a", "https://idp.example/a/.well-known/openid-configuration"),
        ("https://idp.example/a//", "https://idp.example/a//.well-known/openid-configuration"),
    ],
)
def test_one_slash_goes_before_the_well_known_path(issuer, url):
    assert discovery_url(issuer) == url


def test_a_whole_document_is_accepted():
    present = {name: value for name, value in DOCUMENT.items() if value is not None}
    assert check_document(DOCUMENT, issuer=ISSUER) == present


def test_without_the_code_flow_no_token_endpoint_is_needed():
    implicit = {name: value for name, value in DOCUMENT.items() if name != "token_endpoint"}
    check_document(implicit, issuer=ISSUER, code_flow=False)
    with pytest.raises(MetadataInvalid):
        check_document(implicit, issuer=ISSUER)


@pytest.mark.parametrize(
    ("received", "near"),
    [
        (ISSUER + "/", "trailing slash"),
        ("http://idp.example/realms/corp", "one is https, the other http"),
        ("ftp://idp.example/realms/corp", "one is https, the other ftp"),
        ("//idp.example/realms/corp", "one is https, the other without a scheme"),
        ("https://idp.example/realms/Corp", "upper and lower case"),
        ("https://idp.example/realms/other", "two paths (realms or tenants)"),
        ("https://idp.example:443/realms/corp", "default port"),
        ("https://idp.example:8443/realms/corp", "two ports"),
        (" https://idp.example/realms/corp", "white space"),
        (ISSUER + "INVALID", "two paths"),
    ],
)
def test_an_issuer_that_is_nearly_right_is_refused_and_the_near_miss_named(received, near):
    with pytest.raises(IssuerMismatch) as refused:
        check_document(DOCUMENT | {"issuer": received}, issuer=ISSUER)
    assert near in refused.value.message
    assert (refused.value.expected, refused.value.received) == (ISSUER, received)


@pytest.mark.parametrize(
    "received", ["https://mallory.example", "https://idp.example:x/realms/corp", "", "https://[", 7, ["a"]]
)
def test_any_other_issuer_is_refused_without_a_guess(received):
    with pytest.raises(IssuerMismatch) as refused:
        check_document(DOCUMENT | {"issuer": received}, issuer=ISSUER)
    assert refused.value.message == "The issuer is not the one registered."


def test_a_host_that_differs_is_no_near_miss_even_with_the_same_path():
    assert near_miss("https://a.example/x", "https://b.example/x") == ""
    assert near_miss("https://a.example/x", "https://a.example:1/y") == ""


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("issuer", None),
        ("authorization_endpoint", None),
        ("jwks_uri", None),
        ("token_endpoint", None),
        ("authorization_endpoint", 5),
        ("authorization_endpoint", "/authorize"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "https://idp.example/#fragment"),
        ("token_endpoint", "http://idp.example/token"),
        ("token_endpoint", ""),
        ("jwks_uri", "https://user:password@idp.example/keys"),
        ("jwks_uri", ""),
        ("jwks_uri", ["https://idp.example/keys"]),
    ],
)
def test_a_document_with_a_useless_member_that_is_required_is_refused(member, value):
    with pytest.raises(MetadataInvalid) as refused:
        check_document(DOCUMENT | {member: value}, issuer=ISSUER)
    assert member in refused.value.expected
    assert refused.value.received


OPTIONAL = {
    "userinfo_endpoint": ["", "/me", "ftp://idp.example/me", 7],
    "end_session_endpoint": [
        "",
        "/logout",
        "logout",
        [],
        {},
        "https://idp.example/#out",
        "javascript:alert(1)",
    ],
    "pushed_authorization_request_endpoint": [
        "",
        "http://idp.example/par",
        "https://user@idp.example/par",
        True,
    ],
    "authorization_response_iss_parameter_supported": ["", "true", "false", 1, []],
    "require_pushed_authorization_requests": ["", "true", 0],
    "backchannel_logout_supported": ["yes", {}],
    "response_types_supported": ["", "code", {"code": True}, ["code", None]],
    "scopes_supported": ["openid profile", ["openid", 1], True],
    "token_endpoint_auth_methods_supported": ["", "client_secret_basic"],
    "code_challenge_methods_supported": ["S256", [["S256"]]],
    "grant_types_supported": [0],
}


@pytest.mark.parametrize(
    ("member", "value"), [(member, value) for member, values in OPTIONAL.items() for value in values], ids=str
)
def test_an_optional_member_that_is_wrong_counts_as_absent(member, value):
    expected = {name: each for name, each in DOCUMENT.items() if each is not None and name != member}
    assert check_document(DOCUMENT | {member: value}, issuer=ISSUER) == expected
    wrong = wrong_members(DOCUMENT | {member: value}, code_flow=True, allow_http=False)
    assert wrong.keys() == {member}
    assert member in wrong[member].expected
    assert wrong[member].received


LISTS = [
    "scopes_supported",
    "grant_types_supported",
    "code_challenge_methods_supported",
    "acr_values_supported",
]


@pytest.mark.parametrize("member", LISTS)
def test_a_list_of_nothing_counts_as_absent_and_is_nothing_wrong(member):
    document = DOCUMENT | {member: [], "x_unknown": []}
    counting = check_document(document, issuer=ISSUER)
    assert member not in counting
    assert counting["x_unknown"] == []
    assert wrong_members(document, code_flow=True, allow_http=False) == {}


def test_what_the_code_flow_needs_is_optional_without_it():
    document = DOCUMENT | {"token_endpoint": "/token"}
    assert "token_endpoint" not in check_document(document, issuer=ISSUER, code_flow=False)
    with pytest.raises(MetadataInvalid):
        check_document(document, issuer=ISSUER)


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", ["http://idp.example/x", "/x", "https://user@idp.example/x", 7, ""])
def test_every_endpoint_that_signing_in_needs_is_an_https_url(member, url):
    with pytest.raises(MetadataInvalid) as refused:
        check_document(DOCUMENT | {member: url}, issuer=ISSUER)
    assert refused.value.expected.startswith(member)
    assert refused.value.received


def test_a_required_endpoint_that_is_empty_is_called_so():
    with pytest.raises(MetadataInvalid) as refused:
        check_document(DOCUMENT | {"jwks_uri": ""}, issuer=ISSUER)
    told = (refused.value.message, refused.value.expected, refused.value.received)
    assert told == ("the URL is empty", "jwks_uri, an absolute https URL", "an empty string")


def test_plain_http_is_for_development_only():
    document = DOCUMENT | {"token_endpoint": "http://127.0.0.1:8080/token"}
    check_document(document, issuer=ISSUER, allow_http=True)
    with pytest.raises(MetadataInvalid):
        check_document(document, issuer=ISSUER, allow_http=False)


@pytest.mark.parametrize(
    ("document", "announced"),
    [
        ({"authorization_response_iss_parameter_supported": True}, True),
        ({"authorization_response_iss_parameter_supported": "true"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_the_iss_parameter_is_announced_by_true_alone(document, announced):
    assert announces_iss_parameter(document) is announced
