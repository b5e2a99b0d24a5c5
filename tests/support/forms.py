"""A browser without a browser: follows a provider's redirects and fills its forms with plain requests."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tests.support.callback import Callback

TIMEOUT = 10


class _FirstForm(HTMLParser):
    """Action, method and hidden fields of a page's first form, and the names of all its controls."""

    def __init__(self, html):
        super().__init__()
        self.action = None
        self.method = "get"
        self.fields = {}
        self.names = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
            self.method = attributes.get("method", "get").lower()
        elif tag in {"input", "button"} and attributes.get("name"):
            self.names.add(attributes["name"])
            if attributes.get("type") == "hidden":
                self.fields[attributes["name"]] = attributes.get("value", "")


def origin_of(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def form_in(response):
    """The form on a page that is to be posted elsewhere, as `response_mode=form_post` sends it."""
    form = _FirstForm(response.text)
    if form.action is None:
        raise AssertionError(f"the provider stopped with {response.status_code}: {response.text}")
    return Callback(urljoin(response.url, form.action), form.fields)


def walk(session, url, answers):
    """
    Go on from `url` until the provider sends the browser elsewhere; return that as a `Callback`.

    `answers` fills the controls that a form has by that name. AssertionError when the provider stops
    with a page that has no form.
    """
    home = origin_of(url)
    response = session.get(url, allow_redirects=False, timeout=TIMEOUT)
    for _ in range(20):
        if response.is_redirect:
            url = urljoin(response.url, response.headers["location"])
            if origin_of(url) != home:
                return Callback(url)
            response = session.get(url, allow_redirects=False, timeout=TIMEOUT)
            continue
        form = _FirstForm(response.text)
        if form.action is None:
            raise AssertionError(f"the provider stopped with {response.status_code}: {response.text}")
        action = urljoin(response.url, form.action)
        if origin_of(action) != home:
            return Callback(action, form.fields)
        fields = form.fields | {name: answers[name] for name in form.names & answers.keys()}
        response = session.request(form.method, action, data=fields, allow_redirects=False, timeout=TIMEOUT)
    raise AssertionError(f"the provider never came to an end, last at {response.url}")
