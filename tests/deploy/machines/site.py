"""A whole site on one machine: nginx with TLS, two consoles without sticky sessions, PostgreSQL, Redis."""

import os
import secrets
import subprocess
import sys

import requests

from tests.deploy.machines.parts import Console, Postgres, Redis, wait_until
from tests.deploy.machines.proxy import Nginx
from tests.support.servers import ROOT

API = "https://metadata.example"
BOT = "ingestion-bot"
SECRET = "ssoc_" + "site" * 9  # of a database that is thrown away
CONFIGURATION = f"""
audiences:
  - {{identifier: {API}, name: Metadata, scopes: [metadata.read]}}
bots:
  - name: {BOT}
    grants: [{{audience: {API}, scopes: [metadata.read], roles: []}}]
    client_secret: {SECRET}
"""


class Site:
    """Started whole; `nginx.url` is its only public address. `stop` ends every part."""

    def __init__(self, folder, *, number_of_consoles=2):
        self.folder = folder
        self.postgres, self.redis, self.nginx = (
            Postgres(folder),
            Redis(folder),
            Nginx(folder, user="user root;"),
        )
        self.url = self.nginx.url
        self.environment = os.environ | {
            "DEBUG": "false",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
            "BASE_URL": self.url,
            "DATABASE_URL": self.postgres.url,
            "CACHE_URL": self.redis.url,
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "TRUSTED_PROXY_HEADER": "Forwarded",
            "ALLOW_LOOPBACK_PROVIDERS": "true",
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            "DRAIN_SECONDS": "2",
            "HOST": "127.0.0.1",
        }
        self.consoles = [Console(folder, self.environment) for _ in range(number_of_consoles)]
        self.http = requests.Session()
        self.http.verify, self.http.trust_env = str(self.nginx.authority), False

    def start(self):
        self.postgres.start()
        self.postgres.sql("CREATE DATABASE console")
        self.redis.start()
        self.manage("migrate", "--verbosity", "0")
        self.manage("apply", "-", text=CONFIGURATION)
        for console in self.consoles:
            console.start(wait=False)
        self.nginx.serve([console.port for console in self.consoles]).start()
        self.mend()
        return self

    def mend(self):
        """Start again whatever does not run."""
        for part in (self.postgres, self.redis, self.nginx, *self.consoles):
            if not part.child.alive():
                part.start(wait=False)
        for console in self.consoles:
            wait_until(lambda console=console: self.ready(console), "the site whole again")

    def manage(self, *arguments, text=None):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, input=text, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ready(self, console, *, apart_from=""):
        """Ask one console past nginx, under the site's name."""
        url = f"http://127.0.0.1:{console.port}/readyz?except={apart_from}"
        try:
            answer = requests.get(url, headers={"Host": self.url.removeprefix("https://")}, timeout=10)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def get(self, path, **options):
        return self.http.get(self.url + path, timeout=30, **options)

    def post(self, path, data, **options):
        """As the bot, through nginx, or `at` one console past it."""
        return self.http.post(self.url + path, data, auth=(BOT, SECRET), timeout=30, **options)

    def post_at(self, console, path, data):
        headers = {"Host": self.url.removeprefix("https://"), "Forwarded": "for=192.0.2.1;proto=https"}
        url = f"http://127.0.0.1:{console.port}{path}"
        return requests.post(url, data, auth=(BOT, SECRET), headers=headers, timeout=30)

    def fetch_token(self):
        answer = self.post("/oauth/token", {"grant_type": "client_credentials"})
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def active_at(self, console, token):
        answer = self.post_at(console, "/oauth/introspect", {"token": token})
        assert answer.status_code == 200, answer.text
        return answer.json()["active"]

    def stop(self):
        self.http.close()
        for part in (*self.consoles, self.nginx, self.redis):
            if part.child and part.child.alive():
                part.kill()
        self.postgres.remove()
