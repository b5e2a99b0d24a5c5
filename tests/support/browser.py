"""Debian's Chromium under pytest-playwright, and a page that does not forgive what a person would not see."""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.optional import mark_users_of, missing

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# The shell is the same engine without the windows around it, which cost more than most pages do.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium instead of a downloaded one."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not executable:
        missing("Chromium", "apt-get install chromium-headless-shell")
    # Playwright's synchronous API keeps an event loop running in this thread until the run ends, and
    # Django takes every query in it for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return browser_type_launch_args | {"executable_path": executable, "args": ARGS}


class _BaseUrl:
    """pytest-playwright's own `base_url` fixture is an instance method, which pytest 9 warns of."""

    @pytest.fixture(scope="session")
    @classmethod
    def base_url(cls, pytestconfig):
        return pytestconfig.getoption("--base-url", None)


def pytest_configure(config):
    """Register late: of two plugins' fixtures with one name the later one counts."""
    config.pluginmanager.register(_BaseUrl(), "sso-console-base-url")


class Watch:
    """Collects what a browser complains about: script and console errors, CSP violations, foreign hosts."""

    def __init__(self, context):
        self._found = []
        self._documents = set()
        context.on("console", self._console)
        context.on("weberror", lambda error: self._note("", f"uncaught: {error.error}"))
        context.on("request", self._request)

    def _note(self, url, text):
        self._found.append((url, text))

    def _console(self, message):
        if message.type == "error":
            url = message.location["url"]
            self._note(url, f"console: {message.text} (at {url})")

    def _request(self, request):
        if request.is_navigation_request():
            self._documents.add(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOOPBACK:
            self._note(request.url, f"request to another host: {request.url}")

    def complaints(self):
        """All but the console's remark that a page itself was a 4xx or 5xx: tests assert statuses."""
        return [text for url, text in self._found if not (url in self._documents and _is_status(text))]

    def ignore(self, pattern):
        """Forget complaints that a test has provoked on purpose."""
        self._found = [(url, text) for url, text in self._found if not re.search(pattern, text)]


def _is_status(text):
    return "the server responded with a status of" in text


@pytest.fixture
def watch(context):
    return Watch(context)


@pytest.fixture
def quiet_page(watch, page):
    """A page whose test fails at the end if its browser complained of anything (see `Watch`)."""
    yield page
    if complaints := watch.complaints():
        pytest.fail("the browser complained:\n" + "\n".join(complaints), pytrace=False)


def screenshot(page, name):
    """Keep the whole page as `var/screenshots/<name>.png`; returns the path."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def sign_in_at_real_provider(page, name):
    """Fill the real provider's login form, and its consent form where it asks."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()
    allow = page.get_by_role("button", name="Allow")
    if allow.is_visible():
        allow.click()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    mark_users_of(items, fixtures={"page", "context", "browser"}, marker="browser")
