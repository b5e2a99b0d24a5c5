"""The authorization request goes ahead by the back channel, whole, once, and authenticated (RFC 9126)."""

import pytest
import requests
from django.utils import timezone

from providers.client_keys import replace_client_keys
from providers.models import Provider, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB
from tests.providers.signin.journey import Browser, assert_refused, query_of, trace_of
from tests.support.leaks import assert_without

METHODS = ("none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt")
CREDENTIALS = {"client_secret", "client_assertion", "client_assertion_type"}


@pytest.fixture
def op(scripted_provider, db):
    scripted_provider.offer_par(required=True)
    return scripted_provider


@pytest.fixture
def corp(op, client_of):
    return client_of("client_secret_basic")


@pytest.fixture
def visitor():
    return Browser()


class PushingTests:
    @pytest.mark.parametrize("method", METHODS)
    def test_a_person_signs_in_by_each_method(self, op, client_of, visitor, method):
        client_of(method)
        assert visitor.sign_in(op).status_code == 302
        assert visitor.is_signed_in()
        assert [request.endpoint for request in op.requests][:2] == ["par", "authorization"]
        assert op.violations == []

    def test_the_browser_takes_a_reference_and_nothing_else(self, op, corp, visitor):
        params = query_of(visitor.leave(login_hint="alice@corp.example"))
        assert set(params) == {"client_id", "request_uri"}
        [(request_uri, pushed)] = op.pushed_requests.items()
        assert (params["client_id"], params["request_uri"]) == ("console", request_uri)
        assert pushed["login_hint"] == "alice@corp.example"

    def test_what_is_pushed_is_what_would_have_been_asked(self, op, corp, visitor):
        corp.extra_params, corp.prompt, corp.max_age = {"acr_values": "high", "empty": ""}, "login", 60
        corp.save()
        visitor.leave()
        [pushed] = op.pushed_requests.values()
        Provider.objects.update(pushed_authorization=False)
        asked = query_of(visitor.leave())
        fresh = {"state", "nonce", "code_challenge"}
        assert set(pushed) == set(asked) | {"empty"}
        assert all(pushed[name] == asked[name] for name in set(asked) - fresh)

    @pytest.mark.parametrize("method", METHODS)
    def test_the_client_is_named_once_and_proven_in_one_way(self, op, client_of, visitor, method):
        client_of(method)
        visitor.leave()
        [request] = op.requests_to("par")
        names = [name for name, _ in request.form_pairs]
        assert len(names) == len(set(names))
        assert request.form["client_id"] == "console"
        proofs = {*(CREDENTIALS & set(names))} | {"authorization"} & set(request.headers)
        expected = {
            "none": set(),
            "client_secret_basic": {"authorization"},
            "client_secret_post": {"client_secret"},
        }
        assert proofs == expected.get(method, {"client_assertion", "client_assertion_type"})

    def test_the_verifier_and_the_secrets_stay_here(self, op, corp, visitor):
        url = visitor.leave()
        attempt = SignInAttempt.objects.get()
        [request] = op.requests_to("par")
        assert_without(request.body.decode(), attempt.code_verifier)
        [pushed] = op.pushed_requests.values()
        assert not any(pushed[name] in url for name in ("state", "nonce", "code_challenge"))

    def test_an_endpoint_with_a_query_keeps_it(self, op, client_of, visitor):
        op.discovery["authorization_endpoint"] = f"{op.url('authorization')}?tenant=a"
        client_of("none")
        assert set(query_of(visitor.leave())) == {"tenant", "client_id", "request_uri"}

    @pytest.mark.parametrize("status", [200, 201])
    @pytest.mark.parametrize("expires_in", [1, 60, "60", 86_400])
    def test_an_answer_is_read_leniently(self, op, corp, visitor, status, expires_in):
        answer = {"request_uri": "urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2", "expires_in": expires_in}
        op.par.respond(status, answer | {"unknown": None})
        assert query_of(visitor.leave())["request_uri"] == answer["request_uri"]

    def test_a_hostile_request_uri_stays_one_parameter(self, op, corp, visitor):
        hostile = "urn:x&state=evil#f?redirect_uri=https://evil.example%0d"
        op.par.respond(201, {"request_uri": hostile, "expires_in": 60})
        params = query_of(visitor.leave())
        assert params == {"client_id": "console", "request_uri": hostile}

    def test_in_the_implicit_flow_it_is_pushed_too(self, op, client_of, visitor):
        client_of("none", response_type="id_token")
        assert visitor.sign_in(op).status_code == 302
        assert op.violations == []


class NotPushingTests:
    def test_switched_off_it_goes_by_the_browser(self, op, client_of, visitor):
        op.offer_par()
        client_of("client_secret_basic", pushed_authorization=False)
        assert visitor.sign_in(op).status_code == 302
        assert op.requests_to("par") == []
        assert op.violations == []

    def test_a_provider_without_it_is_asked_by_the_browser(self, scripted_provider, client_of, visitor):
        client_of("client_secret_basic")
        assert visitor.sign_in(scripted_provider).status_code == 302
        assert scripted_provider.requests_to("par") == []

    def test_an_implicit_client_without_a_secret_has_nothing_to_push_with(self, op, client_of, visitor):
        op.offer_par()
        client_of("client_secret_basic", response_type="id_token", client_secret=None)
        assert "state" in query_of(visitor.leave())
        assert op.requests_to("par") == []


BROKEN = {
    "a refusal": (lambda par: par.respond(400, {"error": "invalid_request"}), "status 400, invalid_request"),
    "a refused client": (lambda par: par.respond(401, {"error": "invalid_client"}), "401, invalid_client"),
    "too many": (lambda par: par.respond(429, {"error": "slow_down"}), "429"),
    "a fault": (lambda par: par.respond(500, "oops", "text/plain"), "status 500"),
    "another success": (lambda par: par.respond(202, {"request_uri": "urn:x", "expires_in": 60}), "202"),
    "a web page": (lambda par: par.html(), "content_type_refused"),
    "a web page with an error": (lambda par: par.html(500), "status 500"),
    "a redirect": (lambda par: par.redirect_to("http://127.0.0.1/"), "redirect_refused"),
    "a huge answer": (lambda par: par.respond(201, {"request_uri": "x" * 600_000}), "response_too_large"),
    "no JSON": (lambda par: par.respond(201, "{"), "not JSON"),
    "no object": (lambda par: par.respond(201, "[]"), "not a JSON object"),
    "twice the same": (lambda par: par.respond(201, '{"request_uri":"a","request_uri":"b"}'), "occurs twice"),
    "no request_uri": (lambda par: par.drop("request_uri"), "absent"),
    "a number": (lambda par: par.fields.update(request_uri=7), "7"),
    "an empty one": (lambda par: par.fields.update(request_uri=""), ""),
    "a long one": (lambda par: par.fields.update(request_uri="u" * 1001), "uuu"),
    "a line break": (lambda par: par.fields.update(request_uri="urn:a\r\nSet-Cookie: a=b"), "urn:a"),
    "a blank": (lambda par: par.fields.update(request_uri="urn:a b"), "urn:a b"),
    "another alphabet": (lambda par: par.fields.update(request_uri="urn:ñ"), "urn:ñ"),
    "no end": (lambda par: par.drop("expires_in"), "absent"),
    "no time": (lambda par: par.fields.update(expires_in=0), "0"),
    "time gone": (lambda par: par.fields.update(expires_in=-1), "-1"),
    "a truth": (lambda par: par.fields.update(expires_in=True), "True"),
    "a word": (lambda par: par.fields.update(expires_in="soon"), "soon"),
}


class RefusalTests:
    @pytest.mark.parametrize(("bend", "received"), [*BROKEN.values()], ids=BROKEN)
    def test_whatever_is_no_answer_is_refused_with_a_trace(self, op, corp, visitor, bend, received):
        bend(op.par)
        response = visitor.client.get("/signin/corp", {"next": "/account"})
        assert_refused(response, "pushed_authorization_refused", 502)
        trace = trace_of(response)
        assert received in trace.received
        assert (trace.provider, trace.next_url, trace.stage) == (corp, "/account", "refused")
        assert_nothing_to_come_back_to(op)

    @pytest.mark.parametrize("fault", ["down", "hangs up"])
    def test_a_provider_that_is_away_is_unreachable(self, op, corp, visitor, fault):
        op.go_down() if fault == "down" else op.par.hang_up()
        assert_refused(visitor.client.get("/signin/corp"), "provider_unreachable", 503)
        assert_nothing_to_come_back_to(op)

    def test_it_is_asked_once(self, op, corp, visitor):
        op.par.respond(503, {"error": "temporarily_unavailable"})
        visitor.client.get("/signin/corp")
        assert len(op.requests_to("par")) == 1

    def test_without_a_secret_nothing_is_sent(self, op, client_of, visitor):
        client_of("client_secret_basic", client_secret=None)
        assert_refused(visitor.client.get("/signin/corp"), "client_credentials_unusable", 503)
        assert op.requests == []

    def test_an_assertion_that_the_provider_does_not_take(self, op, client_of, visitor):
        replace_client_keys(provider=client_of("private_key_jwt"), by=BOB)
        response = visitor.client.get("/signin/corp")
        assert_refused(response, "pushed_authorization_refused", 502)
        assert trace_of(response).received == "status 401, invalid_client"

    def test_switched_off_where_it_is_demanded_nobody_comes_back(self, op, client_of, visitor):
        client_of("client_secret_basic", pushed_authorization=False)
        answer = requests.get(visitor.leave(), allow_redirects=False, timeout=10)
        assert (answer.status_code, op.grants) == (400, [])

    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_that_the_provider_quotes_is_secret(self, op, client_of, visitor, method, caplog):
        provider = client_of(method)
        op.par.quote("state", "nonce", "code_challenge")
        response = visitor.client.get("/signin/corp")
        assert_refused(response, "pushed_authorization_refused", 502)
        [request] = op.requests_to("par")
        names = ("client_assertion", "client_secret", "state", "nonce", "code_challenge")
        sent = [request.form.get(name, "") for name in names]
        sent += [
            request.headers.get("authorization", "").removeprefix("Basic "),
            provider.client_secret or "",
        ]
        told = caplog.text + str(list(Event.objects.values())) + str(SignInAttempt.objects.values().get())
        assert not any(text[:40] in told for text in sent if text)
        assert trace_of(response).received.startswith("status 401, invalid_client: ")


def assert_nothing_to_come_back_to(op):
    """The trace is the only row, and no answer fits it."""
    trace = SignInAttempt.objects.get()
    assert (trace.state_hash, trace.binding_hash) == (None, "")
    assert trace.finished_at <= timezone.now()
    assert op.requests_to("authorization") == []
