"""One story of every deployment: installed, administered, backed up, upgraded, rolled back, restored."""

import re
import secrets

import requests

from ssoconsole.platform.version import VERSION
from tests.deploy.stories.releases import NEXT
from tests.support.servers import ROOT

HOST = "sso.example.com"
SECRETS = {name: secrets.token_urlsafe(33) for name in ("nightly", "latecomer")}
CONFIGURATION = """
audiences: [{{identifier: "https://metadata.example", name: Metadata}}]
bots: [{{name: {name}, grants: [{{audience: "https://metadata.example"}}], client_secret: {secret}}}]
"""


def documented(section):
    """The shell blocks of one section of docs/deployment.md."""
    text = (ROOT / "docs" / "deployment.md").read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Deployment:
    """What the story asks of a way to run the console."""

    backed_up_from_the_start = False

    def install(self):
        """From nothing to a console that is ready."""

    def port(self):
        """Where a console that serves listens, on loopback."""

    def manage(self, *words, text=""):
        """What a command of manage.py says, as an operator runs it there."""

    def back_up(self):
        """As documented; afterwards `restore` knows which backup is meant."""

    def upgrade(self):
        """To the next release."""

    def roll_back(self):
        """To the release before, on the database as it is."""

    def restore(self):
        """What `back_up` has made."""

    def metrics_token(self):
        """What the scrape shows."""


def tell(way):
    """Raises AssertionError where the story goes wrong."""
    way.install()
    assert version(way) == VERSION
    said = way.manage("bootstrap_admin")
    person = dict(re.findall(r"^(username|password): (\S+)$", said, re.MULTILINE))
    assert administers(way, **person)
    assert not administers(way, **person | {"password": person["password"][::-1]})
    apply(way, "nightly")
    first = token(way, "nightly")
    assert counts(way, first)

    assert backed_up(way) is way.backed_up_from_the_start
    way.back_up()
    assert backed_up(way)

    way.upgrade()
    assert version(way) == NEXT
    assert administers(way, **person)
    assert counts(way, first)
    apply(way, "latecomer")
    second = token(way, "latecomer")

    way.roll_back()
    assert version(way) == VERSION
    assert administers(way, **person)
    assert counts(way, token(way, "nightly"))
    assert counts(way, second, by="latecomer")

    way.restore()
    assert version(way) == VERSION
    assert administers(way, **person)
    assert counts(way, first)
    assert counts(way, token(way, "nightly"))
    assert token(way, "latecomer") is None  # which came after the backup
    assert backed_up(way)
    # The older code has a database that it knows again.
    assert "9999_" not in way.manage("showmigrations", "tokens")


def backed_up(way):
    """Whether that line of the checklist is green."""
    said = way.manage("check", "--deploy")
    assert "System check identified" in said
    return "checklist.backup_seen" not in said


def apply(way, name):
    said = way.manage("apply", "-", text=CONFIGURATION.format(name=name, secret=SECRETS[name]))
    assert f"+ bot {name}" in said


def version(way):
    headers = {"Host": HOST, "Authorization": f"Bearer {way.metrics_token()}"}
    text = requests.get(f"http://127.0.0.1:{way.port()}/metrics", headers=headers, timeout=20).text
    return re.search(r'^sso_console_build\{version="(.+)"\}', text, re.MULTILINE)[1]


def administers(way, username, password):
    """Whether somebody comes in by the form, and sees the admin."""
    url = f"http://127.0.0.1:{way.port()}/admin/"
    with requests.Session() as browser:
        browser.headers["Host"] = HOST
        form = browser.get(f"{url}login/", timeout=20).text
        _keep_cookies(browser)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
        answers = {"username": username, "password": password, "csrfmiddlewaretoken": csrf, "next": "/admin/"}
        browser.post(f"{url}login/", answers, allow_redirects=False, timeout=20)
        _keep_cookies(browser)
        return browser.get(url, allow_redirects=False, timeout=20).status_code == 200


def _keep_cookies(browser):
    """Send them although they are for https: TLS ends at the proxy, which is left out here."""
    browser.headers["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)


def token(way, bot):
    """A token, or None where the bot is refused."""
    answer = ask(way, "token", bot, grant_type="client_credentials")
    assert answer.status_code in (200, 401), answer.text
    return answer.json().get("access_token")


def counts(way, token, by="nightly"):
    return ask(way, "introspect", by, token=token).json()["active"]


def ask(way, endpoint, bot, **form):
    url = f"http://127.0.0.1:{way.port()}/oauth/{endpoint}"
    return requests.post(url, form, auth=(bot, SECRETS[bot]), headers={"Host": HOST}, timeout=20)
