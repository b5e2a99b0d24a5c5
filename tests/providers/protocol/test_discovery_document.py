"""A discovery document speaks for exactly one issuer and has what signing in needs."""

import pytest

from providers.errors import IssuerMismatch, MetadataInvalid
from providers.protocol.discovery import announces_iss_parameter, check_document, discovery_url
from providers.protocol.issuers import near_miss

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
    check_document(DOCUMENT, issuer=ISSUER)


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
        ("jwks_uri", "https://user:password@idp.example/keys"),
        ("userinfo_endpoint", "ftp://idp.example/me"),
        ("end_session_endpoint", []),
        ("response_types_supported", "code"),
        ("scopes_supported", ["openid", 1]),
        ("authorization_response_iss_parameter_supported", "true"),
    ],
)
def test_a_document_with_a_useless_member_is_refused(member, value):
    with pytest.raises(MetadataInvalid) as refused:
        check_document(DOCUMENT | {member: value}, issuer=ISSUER)
    assert member in refused.value.expected
    assert refused.value.received


@pytest.mark.parametrize(
    "member",
    [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "end_session_endpoint",
        "pushed_authorization_request_endpoint",
    ],
)
@pytest.mark.parametrize("url", ["http://idp.example/x", "/x", "https://user@idp.example/x", 7])
def test_every_endpoint_that_is_ever_asked_is_an_https_url(member, url):
    with pytest.raises(MetadataInvalid) as refused:
        check_document(DOCUMENT | {member: url}, issuer=ISSUER)
    assert member in refused.value.expected


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
