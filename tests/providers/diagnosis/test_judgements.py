"""What a scripted provider cannot easily do is judged by what would have come of it."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.protocol.preflight.authorization_answer import (
    Asked,
    Page,
    judge_authorization_answer,
    judge_token_answer,
    meaning_of,
)
from providers.protocol.preflight.documents import judge_endpoints, judge_issuer, judge_key_set, read_document
from providers.protocol.preflight.experience import (
    judge_certificate,
    judge_clock,
    judge_connection,
    provider_time,
)
from providers.protocol.preflight.findings import finding
from ssoconsole.platform.jose.keys import public_jwk
from ssoconsole.platform.jose.sign import generate_private_key
from ssoconsole.platform.outbound.errors import (
    AddressRefused,
    CertificateRefused,
    ConnectFailed,
    ProtocolBroken,
    ResponseTimeout,
    ResponseTooLarge,
    TlsFailed,
)
from ssoconsole.platform.outbound.probe import Probe
from ssoconsole.platform.outbound.response import Response

NOW = datetime(2026, 11, 26, tzinfo=UTC)
CALLBACK = "https://sso.example/callback/corp"
ASKED = Asked("https://idp.example/auth", CALLBACK, "the-state", "https://idp.example", announces_iss=False)


def codes(found):
    return [each.code for each in found]


def answer(status=200, body="", content_type="text/html", **headers):
    return Response(status, headers, body.encode(), content_type, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectFailed("10.0.0.1 port 443: no answer in time"), "connection_timed_out"),
        (ResponseTimeout("no whole response within 15 s"), "connection_timed_out"),
        (ConnectFailed("10.0.0.1 port 443: Connection refused"), "connection_refused"),
        (ConnectFailed("10.0.0.1 port 443: Network is unreachable"), "connection_failed"),
    ],
)
def test_a_connection_fails_in_several_ways(error, code):
    [found] = judge_connection(Probe("idp.example", 443, failed="connection", error=error))
    assert (found.code, found.received) == (code, error.detail)
    assert found.expected == "a connection to idp.example port 443"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CertificateRefused("x", 9), "certificate_not_yet_valid"),
        (CertificateRefused("x", 10), "certificate_expired"),
        (CertificateRefused("x", 18), "certificate_self_signed"),
        (CertificateRefused("x", 19), "certificate_authority_unknown"),
        (CertificateRefused("x", 64), "certificate_wrong_name"),
        (CertificateRefused("x", 23), "certificate_refused"),
        (ResponseTimeout("idp.example did not finish the TLS handshake in time"), "tls_timed_out"),
        (TlsFailed("x"), "tls_failed"),
    ],
)
def test_tls_fails_in_several_ways(error, code):
    assert codes(judge_certificate(Probe("idp.example", 443, failed="tls", error=error), at=NOW)) == [code]


@pytest.mark.parametrize(
    ("ahead", "leeway", "code"),
    [
        (0, 60, None),
        (9, 60, None),
        (-60, 60, "clock_drift"),
        (61, 60, "clock_skew"),
        (-3600, 60, "clock_skew"),
        (8, 0, None),
        (12, 0, "clock_skew"),
    ],
)
def test_clocks_may_differ_by_the_leeway(ahead, leeway, code):
    found = judge_clock(NOW + timedelta(seconds=ahead), NOW, leeway=leeway)
    assert codes(found) == ([code] if code else [])
    if code:
        assert ("behind" in found[0].received) == (ahead < 0)


@pytest.mark.parametrize(
    ("date", "age", "moment"),
    [
        ("Thu, 26 Nov 2026 00:00:00 GMT", "", NOW),
        ("Thu, 26 Nov 2026 00:00:00", "", NOW),
        ("Wed, 25 Nov 2026 23:50:00 GMT", "600", NOW),  # a cache has held it for ten minutes
        ("Thu, 26 Nov 2026 00:00:00 GMT", "-5", NOW),
        ("Thu, 26 Nov 2026 00:00:00 GMT", "99999999999", NOW),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "86400", None),
        ("yesterday", "", None),
        ("", "", None),
        ("Thu, 26 Nov 2026 00:00:00 -9999", "", None),
        ("Thu, 26 Nov 2026 00:00:00 -99999999999999999999", "", None),
        ("Thu, 26 Nov 99999999999999999999 00:00:00 GMT", "", None),
    ],
)
def test_the_date_of_an_answer_is_read_with_its_age(date, age, moment):
    assert provider_time(date, age) == moment


@pytest.mark.parametrize("prefix", ["discovery", "keys"])
@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        (ResponseTimeout("x"), "timed_out"),
        (ResponseTooLarge("x"), "too_large"),
        (ProtocolBroken("x"), "broken_answer"),
        (AddressRefused("x"), "unreachable"),
        (answer(302, Location="https://[broken"), "redirects"),
        (answer(302), "redirects"),
        (answer(410), "not_found"),
        (answer(204, content_type=""), "unexpected_status"),
        (answer(200, "  <!doctype html>", "application/json"), "is_html"),
        (answer(200, "{}", "image/png"), "wrong_media_type"),
        (answer(200, "[1", "application/json"), "malformed"),
    ],
)
def test_a_document_that_does_not_come_is_told_by_the_reason(prefix, answered, reason):
    document, found = read_document(answered, prefix=prefix, url="https://idp.example/x")
    assert (document, codes(found)) == (None, [f"{prefix}_{reason}"])


def test_a_document_that_comes_is_returned():
    assert read_document(answer(200, '{"a": 1}', "application/json"), prefix="keys", url="x") == (
        {"a": 1},
        [],
    )


def test_where_a_redirect_leads_is_told_without_its_query():
    _, [found] = read_document(
        answer(302, Location="https://a.example/x?state=secret"), prefix="keys", url="x"
    )
    assert found.received == "status 302 to https://a.example/x"


@pytest.mark.parametrize(
    ("registered", "published", "code"),
    [
        ("https://a.example", "http://a.example", "issuer_scheme"),
        ("https://a.example", "http://a.example:8080", "issuer_scheme"),
        ("https://a.example:443", "https://a.example", "issuer_port"),
        ("https://a.example/x", "https://b.example/x", "issuer_host"),
        ("https://a.example", "https://b.example", "issuer_mismatch"),
        ("https://a.example/Corp", "https://a.example/corp", "issuer_case"),
        ("https://a.example/x", "https://a.example/y", "issuer_path"),
        (
            "https://a.example",
            "https://a.example/.well-known/openid-configuration",
            "issuer_well_known_suffix",
        ),
        ("https://a.example", "", "issuer_missing"),
        ("https://a.example", " ", "issuer_missing"),
        ("https://a.example", "https://b.example/%7Btenantid%7D/v2.0", "issuer_template"),
        ("https://a.example", "a.example", "issuer_mismatch"),
        ("https://a.example", "https://[", "issuer_mismatch"),
    ],
)
def test_the_near_miss_of_an_issuer_has_a_name(registered, published, code):
    assert codes(judge_issuer({"issuer": published}, registered=registered)) == [code]


def test_an_endpoint_under_plain_http_is_named_in_production():
    document = {"authorization_endpoint": "http://a.example/a", "jwks_uri": "https://a.example/k"}
    assert codes(judge_endpoints(document, code_flow=False, allow_http=False)) == ["endpoint_plain_http"]
    assert codes(judge_endpoints(document, code_flow=False, allow_http=True)) == []


def test_a_key_that_is_published_twice_is_no_finding():
    jwk = public_jwk(generate_private_key("ES256"), alg="ES256", kid="same") | {"alg": None}
    assert judge_key_set({"keys": [jwk, jwk | {"alg": "ES256"}]}, algorithms=["ES256"]) == []


def test_a_key_that_is_no_object_spoils_nothing():
    assert codes(judge_key_set({"keys": [1]}, algorithms=["RS256"])) == ["keys_unusable"]


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (answer(303, Location="https://login.example/?state=the-state"), []),
        (answer(302, Location="/login?session=1"), []),
        (answer(302, Location="https://[broken"), ["authorization_unclear"]),
        (answer(302, Location=f"{CALLBACK}?code=x&state=the-state"), []),
        (answer(302, Location=f"{CALLBACK}#state=the-state&error=login_required"), []),
        (
            answer(302, Location=f"{CALLBACK}?error=invalid_request&error_description=redirect_uri"),
            ["authorization_refused"],
        ),
        (answer(302, Location=f"{CALLBACK}?error=temporarily_unavailable"), ["authorization_fails"]),
        (answer(302, Location="https://sso.example/callback/other?code=x"), ["redirect_uri_replaced"]),
        (answer(200, f'<form action="{CALLBACK}"><input type=hidden name=state value=the-state></form>'), []),
        (
            answer(200, f'<form action="{CALLBACK}"><input type=hidden name=state value=x></form>'),
            ["state_not_returned"],
        ),
        (answer(200, "<form action=/l><input name=redirect_uri type=hidden><input type=email></form>"), []),
        (answer(200, "<script>redirect_uri</script><style>client_id</style>"), ["authorization_unclear"]),
        (answer(200, "<form action='https://[broken'><input>"), []),
        (answer(429, "slow down"), ["authorization_unclear"]),
        (answer(400, '{"error": "invalid_client"}', "application/json"), ["client_unknown"]),
        (answer(400, "<p>The requested scope is unknown"), ["scope_refused"]),
        (answer(405), ["authorization_not_found"]),
        (
            answer(302, Location=f"{CALLBACK}?error_description=invalid_scope&state=the-state"),
            ["scope_refused"],
        ),
        (answer(302, Location=f"{CALLBACK}?error_description=odd&state=x"), ["authorization_refused"]),
        (answer(302, Location=f"{CALLBACK}?code=x&error_description=odd&state=the-state"), []),
        (
            answer(400, "<form action=/e><input type=hidden name=error value=invalid_scope></form>Error"),
            ["scope_refused"],
        ),
        (
            answer(400, "<form action=/e><input type=hidden name=scope value=openid></form>Error"),
            ["authorization_refused"],
        ),
        (answer(401, "<p>No", **{"WWW-Authenticate": "Negotiate"}), []),
        (answer(401, "<form><input type=password></form>"), []),
        (answer(401, "<p>No", **{"WWW-Authenticate": "Basic realm=x"}), ["authorization_refused"]),
        (answer(401, "invalid_client", **{"WWW-Authenticate": "Negotiate"}), ["client_unknown"]),
        (answer(404, "Bad Request Invalid client_id (console)."), ["client_unknown"]),
        (answer(404, "Unregistered redirect_uri for client_id console"), ["redirect_uri_not_registered"]),
        (answer(404, "<h1>Not found</h1> Ask the owner of the application"), ["authorization_not_found"]),
        (
            answer(302, Location="/signin/oauth/error?authError=ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gS&flow=x"),
            ["redirect_uri_not_registered"],
        ),
        (
            answer(302, Location="/signin/oauth/error?authError=Cg5pbnZhbGlkX2NsaWVudBIA"),
            ["client_unknown"],
        ),
        (answer(302, Location="/home/error?errorId=CfDJ8AAAAAAAAAAAAAAAAAAA"), ["authorization_refused"]),
        (answer(302, Location="/login?authError=ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gS"), []),
    ],
)
def test_an_authorization_endpoint_answers_in_several_ways(received, found):
    assert codes(judge_authorization_answer(received, ASKED)) == found


def test_a_form_whose_state_was_masked_counts_as_sent():
    asked = Asked(
        ASKED.endpoint, CALLBACK, "the-state", ASKED.issuer, announces_iss=False, one_time=("the-state",)
    )
    form = f'<form action="{CALLBACK}"><input type=hidden name=state value=the-state></form>'
    assert judge_authorization_answer(answer(200, form), asked) == []


def test_a_provider_on_the_consoles_own_host_is_not_mistaken_for_it():
    asked = Asked(
        "https://sso.example/idp/auth", CALLBACK, "s", "https://sso.example/idp", announces_iss=False
    )
    assert judge_authorization_answer(answer(302, Location="https://sso.example/idp/login"), asked) == []


@pytest.mark.parametrize(
    ("received", "code"),
    [
        (answer(400, '{"error": "invalid_grant"}', "application/json"), None),
        (answer(401, '{"error": "invalid_grant"}', "application/json"), None),
        (answer(401, '{"error": "unauthorized_client"}', "application/json"), "client_credentials_rejected"),
        (answer(200, '{"error": "bad_verification_code"}', "application/json"), "token_endpoint_unclear"),
        (answer(400, '{"error": {"code": 1}}', "application/json"), "token_endpoint_unclear"),
        (answer(400, "[]", "application/json"), "token_endpoint_not_json"),
        (answer(401, "<h1>401", "text/html"), "token_endpoint_not_json"),
        (answer(408), "token_endpoint_busy"),
        (answer(400, '{"error": "invalid_client_id"}', "application/json"), "client_credentials_rejected"),
        (
            answer(
                400,
                '{"error": "invalid_request", "error_description": "client_secret not match"}',
                "application/json",
            ),
            "client_credentials_rejected",
        ),
        (
            answer(
                400,
                '{"error": "unauthorized_client", "error_description": "no client secret is needed"}',
                "application/json",
            ),
            "grant_not_allowed",
        ),
        (
            answer(
                400, '{"error": "invalid_grant", "error_description": "client secret"}', "application/json"
            ),
            None,
        ),
    ],
)
def test_a_token_endpoint_answers_in_several_ways(received, code):
    assert judge_token_answer(received) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Invalid parameter: redirect_uri", "redirect_uri_not_registered"),
        (
            "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings",
            "redirect_uri_not_registered",
        ),
        ("Error 400: redirect_uri_mismatch", "redirect_uri_not_registered"),
        ("Callback URL mismatch.", "redirect_uri_not_registered"),
        ("AADSTS50011: The reply URL specified", "redirect_uri_not_registered"),
        ("Client not found.", "client_unknown"),
        ("Error 401: invalid_client The OAuth client was not found.", "client_unknown"),
        ("Unknown client: nobody", "client_unknown"),
        ("AADSTS700016: Application with identifier 'x' was not found in the directory", "client_unknown"),
        ("unauthorized_client: The client is not authorized to use the grant", "client_not_allowed"),
        ("Missing parameter: code_challenge_method", "pkce_refused"),
        ("Invalid scopes: openid groups", "scope_refused"),
        ("unsupported response type", "response_type_refused"),
        ("Pushed Authorization Request must be used for this client", "pushed_request_required"),
        ("invalid_callback Registered callback does not match", "redirect_uri_not_registered"),
        ("redirect_mismatch", "redirect_uri_not_registered"),
        ("Login requester not enabled", "client_unknown"),
        ("unsupported_response_mode", "response_mode_not_supported"),
        ("Welcome back", None),
    ],
)
def test_the_words_of_products_are_understood(text, code):
    assert meaning_of(text) == code


def test_a_page_is_read_as_a_person_reads_it():
    page = Page("<title>T</title><p>One<script>no</script></script> two</p><input type=hidden name=a><input>")
    assert (page.words, page.forms, page.asks) == (" T One two", [], True)


def test_what_others_wrote_is_one_short_line():
    found = finding("client_unknown", expected="a\nb", received="x" * 500)
    assert "\n" not in found.expected
    assert len(found.received) == 200
