"""A rehearsal is refused as the real sign-in would be: the same code, expected and received, and the remedy."""

import re
from pathlib import Path

import pytest
import time_machine

from providers.errors import Denied, every_outcome
from providers.explanations.meanings import meaning_of
from providers.identities.rights import KEEPS_OUT, LETS_IN
from providers.identities.services import Way
from providers.models import Identity, Provider, SignInAttempt
from providers.registration.services import NOTHING_NEW
from ssoconsole.platform.accounts.models import User
from tests.providers.rehearsal.stage import TRACES, every_row
from tests.providers.signin.journey import Browser
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[3] / "docs" / "outcomes.md"
ROW = re.compile(r"^\| `(\w+)` \| \d+ \| .+? \| (.+?) \|$", re.MULTILINE)

# What the provider does, or what is typed: (bend, changes of the form, outcome).
BY_THE_PROVIDER = {
    "it refuses": (lambda op: op.refuse(), "provider_error"),
    "it cannot now": (lambda op: op.refuse("server_error"), "provider_unavailable"),
    "another iss": (
        lambda op: op.callback_params.update(iss="https://evil.example"),
        "iss_parameter_mismatch",
    ),
    "no tokens": (lambda op: op.token.respond(400, {"error": "invalid_grant"}), "token_endpoint_error"),
    "a page for tokens": (lambda op: op.html("token"), "token_endpoint_error"),
    "another issuer": (lambda op: op.id_token.append("iss"), "issuer_mismatch"),
    "another audience": (lambda op: op.id_token.append("aud"), "audience_mismatch"),
    "another nonce": (lambda op: op.id_token.append("nonce"), "nonce_mismatch"),
    "an old token": (lambda op: op.id_token.shift("exp", -7200), "expired"),
    "a bad signature": (lambda op: op.id_token.break_signature(), "signature_invalid"),
    "no signature": (lambda op: op.id_token.alg_none(), "algorithm_refused"),
    "no userinfo": (lambda op: op.userinfo.respond(500, {}), "userinfo_error"),
    "userinfo of another": (lambda op: op.userinfo.append("sub"), "userinfo_subject_mismatch"),
}
BY_THE_RULES = {
    "self_signup": ({"self_signup": ""}, "not_admitted"),
    "allowed_email_domains": ({"allowed_email_domains": "other.example"}, "not_admitted"),
    "principal_claims": ({"principal_claims": "upn"}, "principal_missing"),
}


def refused(stage, provider, outcome, **changes):
    """Rehearse; the page's context of a refusal that has changed nothing."""
    before = every_row(apart_from=TRACES)
    told = stage.rehearse(provider, **changes)
    assert (told["succeeded"], told["attempt"].outcome) == (False, outcome)
    assert told["attempt"].expected
    assert told["remedy"].startswith(meaning_of(outcome).remedy.replace("`", ""))
    assert every_row(apart_from=TRACES) == before
    return told


@pytest.mark.parametrize(("bend", "outcome"), BY_THE_PROVIDER.values(), ids=BY_THE_PROVIDER)
def test_the_providers_faults_are_told(stage, op, corp, bend, outcome):
    bend(op)
    refused(stage, corp, outcome)


@pytest.mark.parametrize(("rule", "changes", "outcome"), [(k, *v) for k, v in BY_THE_RULES.items()])
def test_the_rule_that_keeps_somebody_out_is_named(stage, corp, rule, changes, outcome):
    told = refused(stage, corp, outcome, **changes)
    assert told["rule"] == KEEPS_OUT[rule]


ADMINISTERS = {"admin_principals": "alice@corp.example"}


@pytest.mark.parametrize(
    ("demand", "met"),
    [
        ({"admin_required_acr": "phr"}, {"acr": "phr"}),
        ({"admin_required_amr": "mfa"}, {"amr": ["pwd", "mfa"]}),
        ({"admin_required_acr": "phr", "admin_required_amr": "mfa"}, {"acr": "phr", "amr": ["mfa"]}),
    ],
)
def test_an_administrator_without_what_administrators_need_is(stage, op, corp, demand, met):
    for short in (
        {},
        *({name: value} for name, value in met.items() if len(met) > 1),
        {"acr": "0", "amr": ["pwd"]},
    ):
        op.id_token.claims |= {"acr": None, "amr": None} | short
        told = refused(stage, corp, "insufficient_user_authentication", **ADMINISTERS, **demand)
        assert told["steps"][-1]["went_well"] is False
    assert stage.rehearse(corp, **demand)["succeeded"]  # who does not administer needs none of it
    op.id_token.claims |= met
    assert stage.rehearse(corp, **ADMINISTERS, **demand)["result"]["is_admin"]


def test_an_unverified_address_is(stage, op, corp):
    op.person["email_verified"] = False
    told = refused(stage, corp, "not_admitted")
    assert told["rule"] == KEEPS_OUT["email_verified"]
    assert told["result"]["principal"] == "alice@corp.example"


def test_a_principal_that_is_no_name_is(stage, op, corp):
    op.person["email"] = "alice\u202e@corp.example"
    assert refused(stage, corp, "principal_unusable")["rule"] == KEEPS_OUT["principal_claims"]


def test_an_address_that_is_taken_is(stage, corp):
    User.objects.create(username="al", email="alice@corp.example")
    told = refused(stage, corp, "email_taken")
    assert told["rule"] == KEEPS_OUT["email_taken"]


def test_a_user_who_is_disabled_is(stage, op, corp):
    Browser().sign_in(op)
    User.objects.filter(username="alice@corp.example").update(is_active=False)
    assert refused(stage, corp, "user_disabled")["rule"] == KEEPS_OUT["user_disabled"]
    assert Identity.objects.count() == 1


def test_a_provider_that_is_down_is_told_before_anybody_leaves(stage, op, corp):
    Provider.objects.update(discovery=None)
    op.go_down()
    response = stage.press(corp)
    assert response.status_code == 302
    told = stage.read(response["Location"])
    assert told["attempt"].outcome == "provider_unreachable"
    assert told["steps"][0]["went_well"] is False
    assert SignInAttempt.objects.get().purpose == "rehearsal"


def test_one_too_many_in_a_minute_is_told_and_leads_nowhere(stage, op, corp, settings):
    """It leaves for the provider as a sign-in does, and is counted as one."""
    settings.SIGN_INS_PER_MINUTE = 2
    with time_machine.travel("2026-05-05T12:00:01Z", tick=False):
        for _ in range(2):
            stage.leave(corp)
        asked = list(op.requests)
        response = stage.press(corp)
        assert response.status_code == 302
        assert stage.read(response["Location"])["attempt"].outcome == "too_many_attempts"
    assert op.requests == asked


def test_a_document_that_was_not_there_is_fetched_for_the_rehearsal_alone(stage, op):
    op.discovery.respond(503, {})
    response = stage.press()
    assert stage.read(response["Location"])["attempt"].outcome == "provider_unreachable"


def test_a_provider_that_comes_back_in_between_is_asked_once_more(stage, op, monkeypatch):
    monkeypatch.setattr("providers.registration.services.look_up_metadata", lambda provider: NOTHING_NEW)
    assert stage.rehearse()["succeeded"]
    assert len(op.requests_to("discovery")) == 1


def test_a_pushed_request_that_is_refused_is_told(stage, op):
    op.offer_par()
    op.par.respond(400, {"error": "invalid_client"})
    told = stage.read(stage.press()["Location"])
    assert told["attempt"].outcome == "pushed_authorization_refused"
    assert "invalid_client" in told["attempt"].received


def test_a_provider_without_an_authorization_endpoint_is_told(stage, op, corp):
    document = op.metadata()
    del document["authorization_endpoint"]
    Provider.objects.update(discovery=document)
    told = stage.read(stage.press(corp)["Location"])
    assert told["attempt"].outcome == "metadata_invalid"


def test_a_fault_of_ours_is_told_and_no_500(stage, corp, monkeypatch):
    def breaks(**kwargs):
        raise RuntimeError("s3cret")

    monkeypatch.setattr("providers.rehearsal.completion.decide_person", breaks)
    told = refused(stage, corp, "internal_error")
    assert_without(told["attempt"].received, "s3cret")


def test_every_rule_has_its_words():
    named = {outcome.rule for outcome in every_outcome() if issubclass(outcome, Denied) and outcome.rule}
    assert named | {"self_signup", "email_verified", "allowed_email_domains"} == KEEPS_OUT.keys()
    assert {way.value for way in Way} == LETS_IN.keys()
