"""What the console asks of a provider, and of whom it does not ask."""

import base64
import hashlib
import re

import pytest

from providers.models import ConsoleSession, SignInAttempt
from tests.providers.signin.journey import Browser, assert_refused, outcome_of, query_of, register


def test_the_request_has_what_the_standards_want(op, provider, visitor):
    params = query_of(visitor.leave())
    assert {name: params[name] for name in ("response_type", "scope", "client_id", "redirect_uri")} == {
        "response_type": "code",
        "scope": "openid email profile",
        "client_id": "console",
        "redirect_uri": "http://localhost:8000/callback/corp",
    }
    assert all(re.fullmatch(r"[A-Za-z0-9]{43}", params[name]) for name in ("state", "nonce"))
    assert params["code_challenge_method"] == "S256"


def test_the_verifier_fits_the_challenge_and_is_encrypted_in_the_row(op, provider, visitor):
    params = query_of(visitor.leave())
    attempt = SignInAttempt.objects.get()
    digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == params["code_challenge"]
    assert len(attempt.code_verifier) == 43
    assert attempt.nonce == params["nonce"]
    row = SignInAttempt.objects.values().get()
    stored = " ".join(map(str, row.values()))
    assert not any(secret in stored for secret in (attempt.code_verifier, params["nonce"], params["state"]))
    assert visitor.client.cookies["signin"].value not in stored


def test_no_two_attempts_share_anything(provider, visitor):
    first, second = query_of(visitor.leave()), query_of(visitor.leave())
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_the_registration_adds_what_it_says(op, visitor):
    register(op, max_age=0, prompt="login", extra_params={"acr_values": "high", "ui_locales": "de"})
    params = query_of(visitor.leave(login_hint="alice@corp.example"))
    assert (params["max_age"], params["prompt"]) == ("0", "login")
    assert (params["acr_values"], params["ui_locales"]) == ("high", "de")
    assert params["login_hint"] == "alice@corp.example"


def test_extra_parameters_never_override_what_the_flow_sets(op, visitor):
    ours = "state nonce redirect_uri client_id response_type scope code_challenge code_challenge_method"
    register(op, extra_params=dict.fromkeys(ours.split(), "evil"))
    assert "evil" not in query_of(visitor.leave()).values()
    assert visitor.sign_in(op).status_code == 302


def test_pkce_can_be_left_out_for_a_provider_that_chokes_on_it(op, visitor):
    op.client.pkce_required = False
    register(op, pkce=False)
    assert "code_challenge" not in query_of(visitor.leave())
    assert visitor.sign_in(op).status_code == 302


def test_an_endpoint_with_a_query_keeps_it(op, visitor):
    op.discovery["authorization_endpoint"] = f"{op.url('authorization')}?tenant=a%20b"
    register(op)
    url = visitor.leave()
    assert url.count("?") == 1
    assert query_of(url)["tenant"] == "a b"


@pytest.mark.parametrize("hint", ["x" * 256, "a\nb", "a\x00b"])
def test_a_hostile_login_hint_is_dropped(provider, visitor, hint):
    assert "login_hint" not in query_of(visitor.leave(login_hint=hint))


def test_a_browser_that_says_a_lot_of_itself_is_cut_short_in_every_row(op, provider, visitor):
    """No row has room for more, and PostgreSQL would refuse it, and the browser with it."""
    visitor.client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 " + "x" * 1000
    assert visitor.sign_in(op).status_code == 302
    visitor.client.get("/callback/corp?state=x")
    visitor.client.get("/signin/nobody")
    op.refuse("access_denied", "x" * 5000)
    assert outcome_of(visitor.sign_in(op)) == "provider_error"
    form = "application/x-www-form-urlencoded"
    logout = visitor.client.post("/backchannel-logout/corp", "logout_token=x", content_type=form)
    assert logout.status_code == 400
    attempts = SignInAttempt.objects.all()
    assert [len(attempt.user_agent) for attempt in attempts] == [255] * 5
    assert max(len(attempt.received) for attempt in attempts) <= 1000
    assert len(ConsoleSession.objects.get().user_agent) == 255


def test_an_unknown_provider_is_refused(db, visitor):
    assert_refused(visitor.client.get("/signin/nobody"), "provider_unknown", 403)


def test_a_disabled_provider_is_refused(op, visitor):
    register(op, enabled=False)
    response = visitor.client.get("/signin/corp?next=/account")
    assert_refused(response, "provider_disabled", 403)
    assert SignInAttempt.objects.get().next_url == "/account"
    assert op.requests == []


def test_a_provider_without_a_stored_authorization_endpoint_is_refused(op, visitor):
    register(op, discovery={"issuer": op.issuer})
    assert_refused(visitor.client.get("/signin/corp"), "metadata_invalid", 502)


def test_metadata_is_fetched_once(op, unread, visitor):
    visitor.leave()
    visitor.leave()
    assert len(op.requests_to("discovery")) == 1


def test_a_mangled_binding_cookie_is_replaced(provider, visitor):
    visitor.client.cookies["signin"] = "chosen-by-somebody"
    visitor.leave()
    assert len(visitor.client.cookies["signin"].value) == 43
    assert visitor.client.cookies["signin"].value != "chosen-by-somebody"


def test_tabs_share_the_binding_and_browsers_do_not(provider, visitor):
    visitor.leave()
    first = visitor.client.cookies["signin"].value
    visitor.leave()
    other = Browser()
    other.leave()
    assert visitor.client.cookies["signin"].value == first
    assert other.client.cookies["signin"].value != first


def test_leaving_is_not_kept_by_any_cache(provider, visitor):
    response = visitor.client.get("/signin/corp")
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_signed_in_person_may_leave_again_and_stays_signed_in(op, provider, visitor):
    visitor.sign_in(op)
    visitor.leave()
    assert visitor.is_signed_in()
    assert "oidc_states" not in visitor.client.session


def test_the_trace_knows_from_where_and_with_what(provider):
    Browser(REMOTE_ADDR="192.0.2.7").leave()
    attempt = SignInAttempt.objects.get()
    assert (attempt.address, attempt.user_agent) == ("192.0.2.7", "Test browser")


def test_under_another_name_of_ones_own_machine_it_begins_where_it_will_end(op, provider, visitor, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
    query = {"next": "/account"}
    response = visitor.client.get("/signin/corp", query, headers={"Host": "127.0.0.1:8000"})
    assert response["Location"] == "http://localhost:8000/signin/corp?next=%2Faccount"
    assert "signin" not in visitor.client.cookies
    for host in ("localhost:8000", "127.0.0.1:9000", "testserver"):
        response = visitor.client.get("/signin/corp", headers={"Host": host})
        assert response["Location"].startswith(op.issuer)
