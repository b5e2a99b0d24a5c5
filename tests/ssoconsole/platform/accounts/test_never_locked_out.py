"""Whatever is broken, whoever broke the glass comes in: the password door asks nothing of providers or caches."""

import pytest
from django.core.cache import cache
from django.test import Client

from providers.models import Provider
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import registered_at
from tests.ssoconsole.pages.page_reading import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def password():
    return bootstrap_admin(name="break-glass", by=Actor.command("test"))[1]


@pytest.fixture
def cache_down(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with pytest.raises(Exception, match="refused"):
        cache.get("anything")


def no_provider(op):
    Provider.objects.all().delete()


def disabled(op):
    registered_at(op, enabled=False)


def down(op):
    registered_at(op)
    op.go_down()


def misconfigured(op):
    provider = registered_at(op, slug="no-secret", client_secret=None)
    damaged = {"discovery": [], "jwks": "x", "allowed_email_domains": ["@@"], "principal_claims": []}
    Provider.objects.filter(pk=provider.pk).update(kind="nonesuch", issuer="not a url", **damaged)


STATES = {"none registered": no_provider, "disabled": disabled, "down": down, "misconfigured": misconfigured}


@pytest.fixture(params=STATES.values(), ids=STATES.keys())
def broken_provider(request, scripted_provider):
    request.param(scripted_provider)
    return scripted_provider


def comes_in(password):
    browser = Client()
    assert browser.get("/admin/login/").status_code == 200
    answer = browser.post(
        "/admin/login/", {"username": "break-glass", "password": password, "next": "/admin/"}
    )
    return (answer.status_code, answer["Location"]) == (302, "/admin/") and browser.get(
        "/admin/"
    ).status_code == 200


def test_she_comes_in_and_can_mend_the_registration(broken_provider, password):
    assert comes_in(password)
    assert broken_provider.requests == []


def test_also_without_a_cache(broken_provider, password, cache_down):
    assert comes_in(password)


def test_also_where_the_sign_in_page_is_left_out(broken_provider, password, settings):
    settings.SIGN_IN_STRAIGHT_THROUGH = True
    assert comes_in(password)


def test_a_cache_that_is_away_does_not_open_the_door_to_guessing(password, cache_down):
    answers = [
        Client().post("/admin/login/", {"username": "break-glass", "password": "wrong"}) for _ in range(10)
    ]
    assert [answer.status_code for answer in answers] == [200] * 9 + [429]


def test_the_sign_in_page_shows_the_way_to_the_door_and_back(broken_provider, password):
    browser = Client()
    assert "/admin/login/" in Page(browser.get("/signin").content.decode()).urls()
    door = Page(browser.get("/admin/login/?next=/admin/auth/group/").content.decode())
    assert "/signin?next=%2Fadmin%2Fauth%2Fgroup%2F" in door.urls()
    assert "Sign in through a provider" in door.text("a")
