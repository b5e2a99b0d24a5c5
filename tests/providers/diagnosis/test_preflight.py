"""What a preflight sends, keeps to itself and leaves alone."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.forms.models import model_to_dict

from providers.diagnosis.services import STEPS, check_provider, examine_provider
from providers.models import DiscoveryVersion, Provider, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, registered_at
from tests.providers.signin.journey import Browser
from tests.support.leaks import assert_without
from tests.support.scripted.client import PLAIN_SECRET, SECRET

FIRST = ("registration", "issuer_address", "client_secret", "name_resolution")


def codes(report):
    return [each.code for each in report.findings]


def checked():
    return Event.objects.get(action="provider_checked")


def test_a_good_registration_passes_every_check(examine):
    report = examine()
    assert (report.ok, codes(report)) == (True, [])
    assert [check.name for check in report.checks] == [step.name for step in STEPS]
    assert {check.name for check in report.checks if check.ok is None} == {
        "certificate",
        "sign_ins",
    }


def test_the_request_is_the_one_that_a_sign_in_sends(examine, scripted_provider):
    fields = {
        "max_age": 60,
        "prompt": "login",
        "extra_params": {"hd": "corp.example", "response_mode": "form_post"},
    }
    examine("basic", lambda op: fields)
    [asked] = scripted_provider.requests_to("authorization")
    sent = dict(parse_qsl(urlsplit(Browser().leave()).query))
    one_time = ("state", "nonce", "code_challenge")
    assert asked.query.keys() == sent.keys()
    assert {name: asked.query[name] for name in sent if name not in one_time} == {
        name: value for name, value in sent.items() if name not in one_time
    }
    assert scripted_provider.violations == ["token: unknown code"]


def test_the_legacy_flow_is_asked_for_as_it_is_used(examine, scripted_provider):
    report = examine("basic", lambda op: {"response_type": "id_token"})
    [asked] = scripted_provider.requests_to("authorization")
    sent = dict(parse_qsl(urlsplit(Browser().leave()).query))
    assert asked.query.keys() == sent.keys()
    assert scripted_provider.requests_to("token") == []
    assert {check.name: check.ok for check in report.checks}["client_credentials"] is None


@pytest.mark.parametrize(
    ("discovery", "code"),
    [
        ({"end_session_endpoint": None}, "end_session_missing"),
        ({"code_challenge_methods_supported": None}, "pkce_not_announced"),
    ],
)
def test_what_is_merely_good_to_know_is_no_fault(examine, discovery, code):
    report = examine("basic", lambda op: op.discovery.fields.update(discovery) or {})
    assert (report.ok, codes(report)) == (True, [code])


def test_a_public_client_that_the_provider_does_not_list_is_no_fault(examine):
    others = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    report = examine("public", lambda op: op.discovery.fields.update(others) or {})
    assert (report.ok, codes(report)) == (True, ["public_clients_not_listed"])


def test_a_method_that_is_taken_and_not_listed_is_no_fault(examine, scripted_provider):
    others = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    report = examine("basic", lambda op: op.discovery.fields.update(others) or {})
    assert (report.ok, codes(report)) == (True, ["client_authentication_not_listed"])
    assert len(scripted_provider.requests_to("token")) == 1


def test_a_method_that_is_not_listed_and_cannot_be_tried_is_told_by_the_list(examine):
    others = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    report = examine("basic", lambda op: op.discovery.fields.update(others) or {"client_secret": None})
    assert codes(report) == ["client_secret_missing", "client_authentication_not_supported"]


def test_an_offer_to_push_that_is_not_used_is_no_fault(examine):
    report = examine("basic", lambda op: op.offer_par() or {"pushed_authorization": False})
    assert (report.ok, codes(report)) == (True, ["pushing_unused"])


def test_a_disabled_provider_can_be_checked(examine):
    report = examine("basic", lambda op: {"enabled": False})
    assert (report.ok, codes(report)) == (True, ["provider_disabled"])


def test_plain_http_elsewhere_is_warned_about(examine, monkeypatch, scripted_provider):
    report = examine("basic", lambda op: {"issuer": "http://idp.example.invalid"})
    assert codes(report) == ["host_unresolved", "issuer_plain_http"]


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("https://127.0.0.1:9", "loopback_refused"),
        ("https://localhost:9", "loopback_refused"),
        ("https://169.254.169.254", "address_refused"),
        ("http://idp.example", "issuer_unusable"),
    ],
)
def test_in_production_no_forbidden_address_is_asked(examine, settings, scripted_provider, issuer, code):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    report = examine("basic", lambda op: {"issuer": issuer})
    assert codes(report) == [code]
    assert {check.name for check in report.checks if check.ok is not None} <= set(FIRST)


def test_an_endpoint_at_a_forbidden_address_is_not_asked(examine):
    report = examine(
        "basic", lambda op: op.discovery.fields.update(token_endpoint="https://169.254.169.254/") or {}
    )
    assert codes(report) == ["token_endpoint_unreachable"]
    assert "metadata service" in report.findings[0].received


def test_symmetric_algorithms_need_no_key_set(examine, scripted_provider):
    def hs256(op):
        op.client.id_token_signed_response_alg = "HS256"
        return {}

    report = examine("basic", hs256)
    assert (report.ok, codes(report)) == (True, [])
    assert scripted_provider.requests_to("jwks") == []


def test_a_page_that_says_nothing_is_asked_again_with_prompt_none(examine, scripted_provider):
    report = examine(
        "basic", lambda op: op.authorization.respond(200, "<div id=app></div>", "text/html") and {}
    )
    assert (report.ok, codes(report)) == (True, ["authorization_unclear"])
    first, second = scripted_provider.requests_to("authorization")
    assert ("prompt" in first.query, second.query["prompt"]) == (False, "none")


def test_a_page_that_says_nothing_and_an_answer_to_prompt_none_is_good(
    examine, scripted_provider, monkeypatch
):
    def when_silent(request):
        if request.query.get("prompt") == "none":
            assert "max_age" not in request.query
            return None
        return scripted_provider.authorization.empty

    scripted_provider.authorization.empty = (
        type(scripted_provider.authorization)().respond(200, "", "text/html").canned
    )
    monkeypatch.setattr(scripted_provider.authorization, "quoting", when_silent)
    report = examine("basic", lambda op: op.refuse("login_required") or {"max_age": 0})
    assert (report.ok, codes(report)) == (True, [])


def test_nothing_is_written_but_an_event(scripted_provider, db):
    provider = registered_at(scripted_provider)
    before = model_to_dict(Provider.objects.get())
    report = check_provider(provider=provider, by=BOB)
    assert report.ok
    assert model_to_dict(Provider.objects.get()) == before
    assert (provider.jwks, SignInAttempt.objects.count(), DiscoveryVersion.objects.count()) == (None, 0, 0)
    event = checked()
    assert (event.action, event.actor, event.target, event.outcome) == (
        "provider_checked",
        "user:bob",
        "corp",
        "ok",
    )


def test_the_event_names_what_was_found(scripted_provider, db):
    scripted_provider.discovery["issuer"] = f"{scripted_provider.issuer}/"
    check_provider(provider=registered_at(scripted_provider), by=BOB)
    event = checked()
    assert event.outcome == "issuer_trailing_slash"
    assert event.after == {"findings": ["issuer_trailing_slash"]}


@pytest.mark.parametrize("secret", [SECRET, PLAIN_SECRET], ids=["with escapes", "plain"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_provider_that_quotes_the_request_does_not_get_it_shown(scripted_provider, db, method, secret):
    op = scripted_provider
    op.client.token_endpoint_auth_method, op.client.client_secret = method, secret
    op.token.quote("code", "code_verifier")
    provider = registered_at(op)
    report = check_provider(provider=provider, by=BOB)
    assert report.findings[0].code == "client_credentials_rejected"
    shown = json.dumps(report.as_json()) + str(checked().__dict__)
    form = op.requests_to("token")[0].form
    assert_without(shown, op.client.client_secret)
    assert_without(shown, form["code"])
    assert_without(shown, form["code_verifier"])


def test_a_page_that_quotes_the_request_does_not_get_it_shown(examine, scripted_provider, monkeypatch):
    def quotes(request):
        kept = " ".join(request.query.values())
        return type(scripted_provider.authorization)().respond(400, f"<p>scope: {kept}", "text/html").canned

    monkeypatch.setattr(scripted_provider.authorization, "quoting", quotes)
    report = examine()
    assert codes(report) == ["scope_refused"]
    [asked] = scripted_provider.requests_to("authorization")
    for name in ("state", "nonce", "code_challenge"):
        assert_without(report.as_json(), asked.query[name])


@pytest.mark.parametrize("method", ["client_secret_jwt", "private_key_jwt"])
def test_a_secret_that_is_hidden_in_an_assertion_is_never_sent_itself(examine, scripted_provider, method):
    def rejects(op):
        op.token.respond(401, {"error": "invalid_client"})
        return {}

    report = examine(method, rejects)
    assert codes(report) == ["client_assertion_rejected"]
    [request] = scripted_provider.requests_to("token")
    assert "client_secret" not in request.form
    assert "authorization" not in request.headers


def test_one_step_that_fails_leaves_out_what_depends_on_it(examine):
    report = examine("basic", lambda op: op.discovery.respond(404, "") and {})
    assert codes(report) == ["discovery_not_found"]
    ran = {check.name: check.ok for check in report.checks if check.ok is not None}
    assert ran == dict.fromkeys((*FIRST, "connection", "clock"), True) | {"discovery": False}
    assert [check["name"] for check in report.as_json()["checks"]] == list(ran)


def test_errors_come_before_warnings_and_warnings_before_the_rest(examine):
    def much(op):
        op.discovery.drop("end_session_endpoint")
        op.discovery["code_challenge_methods_supported"] = ["plain"]
        return {"scopes": ["openid", "roles"], "enabled": False}

    report = examine("basic", much)
    assert [each.severity for each in report.findings] == ["error", "warning", "info", "info"]


def test_an_unknown_kind_is_told_and_breaks_nothing(scripted_provider, db):
    report = examine_provider(registered_at(scripted_provider, kind="gone"))
    assert codes(report) == ["registration_invalid"]
