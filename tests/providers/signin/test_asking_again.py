"""`?reauth=1` makes the provider ask the person again, and the console believes only an ID token that says so."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from providers.models import SignInAttempt
from tests.providers.signin.journey import assert_refused, query_of, register


def test_the_provider_is_told_to_ask_again(provider, visitor):
    params = query_of(visitor.leave(reauth="1"))
    assert (params["prompt"], params["max_age"]) == ("login", "0")


def test_onelogin_is_told_in_its_own_way_too(op, visitor):
    register(op, kind="onelogin", prompt="select_account", max_age=3600)
    params = query_of(visitor.leave(reauth="1"))
    assert (params["prompt"], params["max_age"]) == ("login", "0")
    assert params["acr_values"] == "onelogin:nist:level:1:re-auth"


@pytest.mark.parametrize("value", ["", "0", "yes", "2"])
def test_nothing_else_asks_again(provider, visitor, value):
    params = query_of(visitor.leave(reauth=value))
    assert params.keys().isdisjoint({"prompt", "max_age", "acr_values"})


@pytest.mark.parametrize("kind", ["custom-oidc", "onelogin"])
def test_a_person_who_was_asked_is_signed_in_and_the_trace_says_so(op, visitor, kind):
    register(op, kind=kind)
    assert visitor.sign_in(op, reauth="1").status_code == 302
    assert visitor.is_signed_in()
    assert SignInAttempt.objects.get().trace["asked_again"] is True


def test_an_ordinary_sign_in_is_not_marked(op, provider, visitor):
    visitor.sign_in(op)
    assert "asked_again" not in SignInAttempt.objects.get().trace


def test_who_was_not_asked_since_leaving_is_refused(op, provider, visitor):
    op.id_token.shift("auth_time", -600)
    assert_refused(visitor.sign_in(op, reauth="1"), "authentication_too_old", 400)


def test_a_longer_max_age_of_the_registration_does_not_help(op, visitor):
    register(op, max_age=3600)
    op.id_token.shift("auth_time", -600)
    assert_refused(visitor.sign_in(op, reauth="1"), "authentication_too_old", 400)
    assert SignInAttempt.objects.get().trace["asked_again"] is True


def test_a_provider_that_does_not_say_when_is_not_believed(op, provider, visitor):
    op.id_token.remove("auth_time")
    assert_refused(visitor.sign_in(op, reauth="1"), "missing_claim", 400)


def test_a_browser_that_leaves_the_request_out_on_the_way_is_refused(op, provider, visitor):
    url = visitor.leave(reauth="1").replace("prompt=login", "prompt=").replace("max_age=0", "max_age=9999")
    op.id_token.shift("auth_time", -600)
    assert_refused(visitor.arrive(op.visit(url)), "authentication_too_old", 400)


def test_the_time_that_the_person_takes_is_his(op, provider, visitor):
    callback = op.visit(visitor.leave(reauth="1"))
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        op.id_token.shift("auth_time", -250)
        assert visitor.arrive(callback).status_code == 302
