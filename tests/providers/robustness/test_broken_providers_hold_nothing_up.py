"""A provider that is down, slow or hostile takes nothing but its own sign-ins."""

import socket
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Provider, SignInAttempt
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound import connection as sockets
from ssoconsole.platform.outbound.response import Limits
from tests.providers.signin.journey import Browser, assert_refused, outcome_of, register

PROVIDERS_PAGES = ["/", "/signin", "/signin?choose=1"]


@pytest.fixture
def no_providers(monkeypatch):
    """Whoever asks a provider for anything, or only for its address, fails the test."""

    def asked(*args, **kwargs):
        raise AssertionError("a provider was asked")

    monkeypatch.setattr(client, "request", asked)
    monkeypatch.setattr(sockets, "connect", asked)
    monkeypatch.setattr(sockets, "resolve", asked)
    monkeypatch.setattr(socket, "getaddrinfo", asked)


def many_that_are_down(number):
    for each in range(number):
        Provider.objects.create(
            slug=f"down-{each}",
            name=f"Down {each}",
            issuer=f"https://down-{each}.invalid",
            client_id="console",
        )


class DrawingPagesTests:
    """What is drawn is drawn from the database: providers are asked by nobody but their own sign-ins."""

    @pytest.mark.parametrize("path", PROVIDERS_PAGES)
    def test_a_stranger_sees_the_choice_without_any_of_them_being_asked(self, db, no_providers, path):
        many_that_are_down(5)
        response = Browser().client.get(path)
        assert response.status_code == 200
        assert response.content.decode().count('href="/signin/down-') == 5

    @pytest.mark.parametrize("path", ["/", "/signin", "/account"])
    def test_who_is_signed_in_waits_for_nobody(self, op, provider, visitor, request, path):
        visitor.sign_in(op)
        op.go_down()
        request.getfixturevalue("no_providers")
        assert visitor.client.get(path).status_code == 200

    @pytest.mark.parametrize("path", ["/admin/", "/admin/providers/provider/", "/healthz", "/readyz"])
    def test_an_administrator_waits_for_nobody(self, db, no_providers, path):
        many_that_are_down(3)
        browser = Browser()
        administrator = get_user_model().objects.create_superuser("root", password="x" * 20)
        browser.client.force_login(administrator, "ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert browser.client.get(path).status_code == 200

    @pytest.mark.parametrize("path", PROVIDERS_PAGES)
    def test_the_choice_costs_one_query_however_many_there_are(self, db, django_assert_num_queries, path):
        many_that_are_down(1)
        browser = Browser()
        with CaptureQueriesContext(connection) as one:
            browser.client.get(path)
        many_that_are_down_more()
        with django_assert_num_queries(len(one)):
            browser.client.get(path)
        assert len(one) == 1


def many_that_are_down_more():
    Provider.objects.all().delete()
    many_that_are_down(30)


@pytest.mark.django_db(transaction=True)
class HoldingNothingTests:
    """While a provider is waited for there is no transaction, so that nobody waits for a lock of it."""

    @pytest.fixture(autouse=True)
    def _watched(self, monkeypatch):
        self.asked = []
        honest = client.request

        def watched(method, url, **kwargs):
            self.asked.append((method, connection.in_atomic_block))
            return honest(method, url, **kwargs)

        monkeypatch.setattr(client, "request", watched)

    def test_a_whole_sign_in(self, scripted_provider, visitor):
        register(scripted_provider)
        assert visitor.sign_in(scripted_provider).status_code == 302
        assert self.asked == [("GET", False), ("POST", False), ("GET", False), ("GET", False)]

    def test_a_refused_one(self, scripted_provider, visitor):
        register(scripted_provider)
        scripted_provider.id_token.sign_with(scripted_provider.keys.stranger)
        assert outcome_of(visitor.sign_in(scripted_provider)) == "unknown_key"
        assert {in_transaction for _, in_transaction in self.asked} == {False}

    def test_others_write_while_one_waits(self, scripted_provider, visitor, monkeypatch):
        """On SQLite one writer at a time: a transaction left open would stop everybody."""
        register(scripted_provider)
        callback = scripted_provider.visit(visitor.leave())
        honest = client.request

        def slow(method, url, **kwargs):
            assert not connection.in_atomic_block
            with transaction.atomic():
                SignInAttempt.objects.create(
                    reference=f"meanwhile-{len(self.asked)}", started_at=timezone.now()
                )
            return honest(method, url, **kwargs)

        monkeypatch.setattr(client, "request", slow)
        assert visitor.arrive(callback).status_code == 302
        assert SignInAttempt.objects.filter(reference__startswith="meanwhile").count() == 3


class MetadataThroughAnOutageTests:
    def test_a_sign_in_works_with_copies_while_only_metadata_are_out(self, op, provider, visitor):
        visitor.sign_in(op)
        Provider.objects.update(jwks_fetched_at=timezone.now() - timedelta(hours=23))
        op.html("discovery", 500)
        op.html("jwks", 500)
        cache.clear()
        assert visitor.sign_in(op).status_code == 302

    def test_keys_of_more_than_a_day_ago_sign_nobody_in(self, op, provider, visitor):
        visitor.sign_in(op)
        Provider.objects.update(jwks_fetched_at=timezone.now() - timedelta(hours=25))
        op.html("jwks", 500)
        assert outcome_of(visitor.sign_in(op)) == "provider_unreachable"

    def test_a_document_of_another_issuer_is_not_adopted_and_stops_nobody(self, op, provider, visitor):
        visitor.sign_in(op)
        kept = Provider.objects.get().discovery
        op.discovery["issuer"] = "https://elsewhere.example"
        op.discovery["token_endpoint"] = "https://elsewhere.example/token"
        Provider.objects.update(discovery_fetched_at=timezone.now() - timedelta(days=30))
        assert visitor.sign_in(op).status_code == 302
        assert Provider.objects.get().discovery == kept

    def test_two_rotations_within_half_a_minute_still_sign_in(self, op, provider, visitor):
        for _ in range(3):
            assert visitor.sign_in(op).status_code == 302
            op.jwks.rotate()

    def test_random_kids_cost_three_requests_a_minute_whichever_process_asks(self, op, provider, visitor):
        visitor.sign_in(op)
        before = len(op.requests_to("jwks"))
        op.id_token.sign_with(op.keys.stranger)
        for number in range(8):
            op.id_token.header["kid"] = f"random-{number}"
            assert outcome_of(visitor.sign_in(op)) == "unknown_key"
        assert len(op.requests_to("jwks")) == before + 3


SLOW = Limits(connect=0.5, idle=0.3, total=0.6)
ENDPOINTS = {
    "discovery": "metadata_invalid",
    "jwks": "keys_invalid",
    "token": "token_endpoint_error",
    "userinfo": "userinfo_error",
}
FAULTS = {
    "a web page": (lambda endpoint: endpoint.html(), None),
    "too much": (lambda endpoint: endpoint.respond(body='{"a": "' + "x" * 600_000 + '"}'), None),
    "a redirect": (lambda endpoint: endpoint.redirect_to("https://elsewhere.example"), None),
    "JSON that is none": (lambda endpoint: endpoint.respond(body="{]"), None),
    "too slow": (lambda endpoint: endpoint.delay(10), "provider_unreachable"),
    "drip by drip": (lambda endpoint: endpoint.drip(0.2), "provider_unreachable"),
    "hanging up": (lambda endpoint: endpoint.hang_up(), "provider_unreachable"),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_every_endpoint_has_a_name(op, unread, visitor, monkeypatch, endpoint, fault):
    monkeypatch.setitem(client.request.__kwdefaults__, "limits", SLOW)
    bend, outcome = FAULTS[fault]
    bend(op.endpoint(endpoint))
    outcome = outcome or ENDPOINTS[endpoint]
    status = 503 if outcome == "provider_unreachable" else 502
    if endpoint == "discovery":
        assert_refused(visitor.client.get("/signin/corp"), outcome, status)
    else:
        assert_refused(visitor.sign_in(op), outcome, status)
