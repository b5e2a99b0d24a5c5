"""Which requests check a session, and which of them are a window that may be led to the provider."""

import pytest
from django.test import RequestFactory

from providers.sessions.step_up import comes_from_here, is_exempt, is_navigation

MUST_ALWAYS_WORK = [
    *("/signin", "/signin/corp", "/callback", "/callback/corp", "/signout", "/signed-out"),
    *("/backchannel-logout/corp", "/healthz", "/readyz", "/metrics", "/static/site.css"),
    *("/.well-known/jwks.json", "/oauth/token", "/providers/corp/jwks.json"),
]
ARE_CHECKED = [
    *("/", "/account", "/account/connect/corp", "/admin/", "/api/v1/bots", "/api/v1/providers", "/signin2"),
    *("/callbacks", "/oauth", "/providers", "/account/signin", "/healthz2", "/statics/x", "/nowhere"),
]


@pytest.mark.parametrize("path", MUST_ALWAYS_WORK)
def test_a_path_that_must_always_work_checks_nothing(path):
    assert is_exempt(RequestFactory().get(path))


@pytest.mark.parametrize("path", ARE_CHECKED)
def test_every_other_path_checks(path):
    assert not is_exempt(RequestFactory().get(path))


WINDOW = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("method", "is_window"),
    [("GET", True), ("HEAD", True), ("POST", False), ("PUT", False), ("DELETE", False), ("OPTIONS", False)],
)
def test_what_changes_something_is_no_window(method, is_window):
    assert is_navigation(RequestFactory().generic(method, "/account", headers=WINDOW)) is is_window


@pytest.mark.parametrize(
    ("headers", "is_window"),
    [
        (WINDOW, True),
        ({"Sec-Fetch-Mode": "navigate"}, True),
        (WINDOW | {"Sec-Fetch-Dest": "iframe"}, False),
        (WINDOW | {"Sec-Fetch-Dest": "embed"}, False),
        (WINDOW | {"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, False),
        ({"Accept": "text/html"}, True),
        ({"Accept": "application/json"}, False),
        ({}, False),
    ],
)
def test_a_browser_says_what_a_window_is(headers, is_window):
    assert is_navigation(RequestFactory().get("/account", headers=headers)) is is_window


@pytest.mark.parametrize(
    ("headers", "from_here"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "http://localhost:8000/"}, False),
        ({"Referer": "http://localhost:8000/"}, True),
        ({"Referer": "http://localhost:8000"}, False),
        ({"Referer": "http://localhost:80001/"}, False),
        ({}, False),
    ],
)
def test_whose_page_has_led_here(headers, from_here):
    assert comes_from_here(RequestFactory().get("/account", headers=headers)) is from_here
