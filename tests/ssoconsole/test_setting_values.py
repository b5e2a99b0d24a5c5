"""Every setting of docs/settings.md, with good and bad values: read, or refused by a check's id and a hint."""

import os
import re
import shutil
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ssoconsole import checks
from ssoconsole.console.expiry import checks as expiry_checks
from tests.support.servers import ROOT

SECRET = "kP3vX9mQ2zL7wR5tY8uB1nC4jH6gF0dSaEiOqWxZrTyUvMbNhGkJ"
KEY = "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE"
OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
GOOD = {
    "DEBUG": "false",
    "SECRET_KEY": SECRET,
    "FIELD_ENCRYPTION_KEYS": KEY,
    "BASE_URL": "https://sso.example.com",
    "DATABASE_URL": "sqlite://:memory:",
}
CHECKS = (
    checks.secrets_are_safe,
    checks.base_url_is_safe,
    checks.processes_share_a_cache,
    checks.one_header_is_believed,
    checks.loopback_providers_are_for_development,
    expiry_checks.mail_reaches_somebody,
    expiry_checks.webhook_is_safe,
)
OUR_LOGO = str(ROOT / "static" / "img" / "logo.svg")
REDIS = {"CACHE_URL": "redis://127.0.0.1/0"}
DEVELOPMENT = {"DEBUG": "true", "BASE_URL": "http://localhost:8000"}
MAIL = {"EMAIL_URL": "smtp://mail.example.com"}
HOOK = {"WARNINGS_WEBHOOK_URL": "https://hooks.example.com/x", "WARNINGS_WEBHOOK_SECRET": SECRET}


def whole(default, *, least=1):
    good = {"": default, " 12 ": 12, "+7": 7, str(least): least}
    return good, ["many", "1.5", "-1", "1_000", "0x10", "٣", "9" * 30, "1e3", "$PORT"]


def switch(default):
    good = {
        "": default,
        "true": True,
        "True": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
    }
    return good, ["maybe", "2", "-1", "tru", "$DEBUG"]


NETWORKS = (
    {
        "": [],
        "10.0.0.0/8, 127.0.0.1": [ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32")],
        " 10.0.0.0/8 ,, ": [ip_network("10.0.0.0/8")],
        "2001:db8::/32,::1": [ip_network("2001:db8::/32"), ip_network("::1/128")],
        "10.0.0.0/255.0.0.0": [ip_network("10.0.0.0/8")],
    },
    [
        "10.0.0.1/8",
        "10.0.0.0/33",
        "proxy.example.com",
        "10.0.0.0/8; 127.0.0.1",
        "10.0.0.0/",
        "/8",
        "*",
        "10.*",
    ],
)
IDS = {"SECRET_KEY": "ssoconsole.E004", "WARNINGS_EMAIL": "expiry.E001", "WARNINGS_FROM": "expiry.E002"}

# Of each variable: what it becomes by value (`...` where that is not one attribute of its name), and what is refused:
# by ssoconsole.E016, or by the id beside it. Then what else has to be set for that.
VALUES = {
    "DEBUG": (switch(False)[0] | {"true": True}, switch(False)[1], {}),
    "SECRET_KEY": (
        {SECRET: SECRET, f" {SECRET}\n": SECRET, f"${SECRET}": f"${SECRET}"},
        [
            ("", "ssoconsole.E001"),
            ("  ", "ssoconsole.E001"),
            ("short-but-random-9f3k", "ssoconsole.E004"),
            (f"django-insecure-{SECRET}", "ssoconsole.E006"),
        ],
        {},
    ),
    "FIELD_ENCRYPTION_KEYS": (
        {KEY: [KEY], f" {KEY} , {OTHER_KEY}": ...},
        [
            ("", "ssoconsole.E002"),
            ("c2hvcnQ", "ssoconsole.E005"),
            (f"{KEY},", "ssoconsole.E005"),
            ("ключ", "ssoconsole.E005"),
        ],
        {},
    ),
    "BASE_URL": (
        {
            url: url
            for url in (
                "https://sso.example.com",
                "https://sso.example.com:8443",
                "https://console",
                "https://192.0.2.7",
                "https://[2001:db8::7]",
                "https://[2001:db8::7]:8443",
                "https://SSO.example.com",
            )
        },
        [
            ("", "ssoconsole.E003"),
            *[
                (url, "ssoconsole.E007")
                for url in (
                    "sso.example.com",
                    "ftp://sso.example.com",
                    "https://",
                    "https://sso.example.com/",
                    "https://sso.example.com/x",
                    "https://sso.example.com?x",
                    "https://sso.example.com#x",
                    "https://user:pw@sso.example.com",
                    "https://[::1",
                    "https://[nonsense]",
                    "https://sso.example.com:port",
                    "https://sso.example.com:99999",
                    "https://sso example",
                    "https://192.0.2.777",
                    "https://-",
                    "https:sso.example.com",
                )
            ],
            ("http://sso.example.com", "ssoconsole.E009"),
        ],
        {},
    ),
    "DATABASE_URL": (
        dict.fromkeys(
            (
                "",
                "sqlite:////srv/console.sqlite3",
                "sqlite://:memory:",
                "postgres:///console",
                "postgres://user:p%2Fw@db.internal:5432/console",
                "postgresql://[2001:db8::7]:5432/console",
                "postgres://a.internal:5432,b.internal:5433/console?target_session_attrs=read-write&sslmode=verify-full",
            ),
            ...,
        ),
        [
            "mysql://host/name",
            "sqlite://console.sqlite3",
            "sqlite://",
            "console.sqlite3",
            "postgres://host:port/name",
            "postgres://user:pa/ss@host/name",
            "postgres://host",
            "postgres://host/",
            "postgres://[::1/name",
            "://",
            "postgres",
            "postgres://host/name?sslmod=require",
        ],
        {},
    ),
    "DATABASE_POOLER": (
        {"": ..., "session": ..., "transaction": ...},
        [("statement", "ssoconsole.E015"), ("yes", "ssoconsole.E015")],
        {"DATABASE_URL": "postgres:///console"},
    ),
    "CACHE_URL": (
        dict.fromkeys(
            (
                "",
                "locmemcache://",
                "redis://127.0.0.1:6379/0",
                "redis://:p%40w@redis.internal",
                "rediss://user:pw@redis/3",
                "redis:///run/redis.sock",
                "redis://[::1]:6379/0",
                "redis://redis/0?socket_timeout=2",
            ),
            ...,
        ),
        [
            "redis://",
            "redis:",
            "redis",
            "http://redis:6379",
            "redis://redis:port/0",
            "redis://redis/zero",
            "redis://a,b/0",
            "redis://a:1,b:2/0",
            "redis://[::1/0",
            "redis://:pa/ss@redis/0",
            "filecache:///tmp/x",
            "dbcache://x",
            "memcache://redis:1",
            "dummycache://",
            "redis://redis/0?serializer=x.Y",
            "redis://redis/0?pool_class=x.Y",
        ],
        {},
    ),
    "ALLOW_LOOPBACK_PROVIDERS": (switch(False)[0] | {"true": True}, switch(False)[1], {}),
    "HOST": (
        {"": "127.0.0.1", "0.0.0.0": "0.0.0.0", "::": "::", "[::1]": "::1", "localhost": "127.0.0.1"},
        ["sso.example.com", "127.0.0.1:8000", "*", "127.1", "http://127.0.0.1"],
        {},
    ),
    "PORT": (whole(8000)[0], [*whole(8000)[1], "0", "65536"], {}),
    "SHARE_PORT": (*switch(False), {}),
    "WEB_CONCURRENCY": (whole(1)[0], [*whole(1)[1], "0"], REDIS),
    "BLOCKING_THREADS": (whole(8)[0], [*whole(8)[1], "0"], {}),
    "DRAIN_SECONDS": ({"": 5.0, "2.5": 2.5, "0": 0.0}, ["soon", "-1", "5s", "nan", "inf", "1,5", "1e2"], {}),
    "TRUSTED_PROXIES": (*NETWORKS, {"TRUSTED_PROXY_HEADER": "Forwarded"}),
    "TRUSTED_PROXY_HEADER": (
        {"": "", "Forwarded": "Forwarded", "x-forwarded-for": "X-Forwarded-For"},
        ["X-Real-IP", "X_Forwarded_For", "Forwarded, X-Forwarded-For"],
        {},
    ),
    "LOG_FORMAT": ({"": "console", "json": "json", "JSON": "json"}, ["xml", "json,console"], {}),
    "LOG_DEBUG": (dict.fromkeys(switch(False)[0], ...), switch(False)[1], {}),
    "METRICS_TOKEN": ({"": "", "m" * 40: "m" * 40, "$x": "$x"}, [], {}),
    "METRICS_NETWORKS": (*NETWORKS, {}),
    "PROMETHEUS_MULTIPROC_DIR": ({"": "", "/tmp": "/tmp"}, ["/nowhere/at/all", "/etc/passwd"], {}),
    "OTEL_EXPORTER_OTLP_ENDPOINT": (
        {"": "", "http://127.0.0.1:4318": "http://127.0.0.1:4318"},
        ["127.0.0.1:4318", "grpc://collector", "http://", "http://[::1", "http://host:port"],
        {},
    ),
    "BACKUP_WITHIN_DAYS": (whole(7)[0], [*whole(7)[1], "0", "36501"], {}),
    "ALLOW_NEWER_DATABASE": (*switch(False), {}),
    "SIGN_INS_PER_MINUTE": (whole(600)[0], [*whole(600)[1], "0"], {}),
    "SIGN_IN_TRACE_DAYS": (whole(30)[0], [*whole(30)[1], "0", "36501"], {}),
    "TOKEN_RECORD_DAYS": (whole(90, least=2)[0], [*whole(90)[1], "0", "36501"], {}),
    "TOKEN_REFUSAL_DAYS": (whole(30)[0], [*whole(30)[1], "0", "36501"], {}),
    "SESSIONS_PER_USER": (whole(20)[0], [*whole(20)[1], "0"], {}),
    "SESSION_IDLE_MINUTES": ({**whole(60)[0], "0": 0}, whole(60)[1], {}),
    "EMAIL_URL": (
        dict.fromkeys(
            (
                "",
                "smtp://mail.example.com",
                "smtp+tls://user:p%40w@mail.example.com:587",
                "smtp+ssl://mail.example.com:465",
                "consolemail://",
                "filemail:////srv/mail",
                "smtp://[2001:db8::7]:25",
            ),
            ...,
        ),
        [
            "mail.example.com",
            "mail.example.com:25",
            "http://mail.example.com",
            "smtp://mail:port",
            "smtp://user:pa/ss@mail",
            "smtp://user:12#34@mail",
            "smtp://[::1",
            "smtp://mail?backend=x.Y",
        ],
        {},
    ),
    "WARNINGS_EMAIL": (
        {
            "": [],
            "ops@example.com": ["ops@example.com"],
            " a@example.com , b@example.com,": ["a@example.com", "b@example.com"],
        },
        [
            ("ops", "expiry.E001"),
            ("Ops <ops@example.com>", "expiry.E001"),
            ("ops@example.com;b@example.com", "expiry.E001"),
        ],
        MAIL,
    ),
    "WARNINGS_FROM": (
        {"": "sso-console@sso.example.com", "sso@example.com": "sso@example.com"},
        [("sso", "expiry.E002"), ("SSO <sso@example.com>", "expiry.E002"), ("a@b", "expiry.E002")],
        {},
    ),
    "WARNINGS_WEBHOOK_URL": (
        {HOOK["WARNINGS_WEBHOOK_URL"]: HOOK["WARNINGS_WEBHOOK_URL"]},
        [
            (url, "expiry.E003")
            for url in ("hooks", "http://hooks.example.com", "https://", "https://[::1", "https://u:p@host")
        ],
        HOOK,
    ),
    "WARNINGS_WEBHOOK_SECRET": (
        {SECRET: SECRET},
        [("short", "expiry.E004"), ("", "expiry.E004"), ("a" * 40, "expiry.E004")],
        HOOK,
    ),
    "SSL_CERT_FILE": ({"": "", __file__: __file__}, ["/nowhere/ca.pem", "/", "ca\x7f.pem"], {}),
    "OUTBOUND_PROXY": (
        {
            url: url
            for url in (
                "",
                "http://proxy.internal:3128",
                "http://user:p%40w@10.0.0.7:8080",
                "http://[::1]:3128/",
            )
        },
        [
            "proxy.internal:3128",
            "https://proxy.internal:3128",
            "socks5://proxy.internal:1080",
            "http://proxy.internal",
            "http://proxy.internal:port",
            "http://:3128",
            "http://proxy.internal:3128/path",
            "http://user:pa/ss@proxy.internal:3128",
            "http://user:12#34@proxy.internal:3128",
        ],
        {},
    ),
    "OUTBOUND_DIRECT": (
        {"": [], "corp.example, .Internal.example": ["corp.example", "internal.example"]},
        ["https://corp.example", "*.corp.example", "corp.example:443", "10.0.0.0/8", "a b"],
        {},
    ),
    "HSTS": (dict.fromkeys(("", "host", "subdomains", "preload"), ...), ["all", "true"], {}),
    "SIGN_IN_STRAIGHT_THROUGH": (*switch(False), {}),
    "BRAND_NAME": (
        {"": "SSO Console", "Corp & Söhne <SSO>": "Corp & Söhne <SSO>", "x" * 40: "x" * 40},
        ["x" * 41, "two\nlines", "a\u202eb"],
        {},
    ),
    "BRAND_LOGO": (
        {"": "", OUR_LOGO: OUR_LOGO},
        [
            "/nowhere/logo.svg",
            "/etc/passwd",
            "/tmp",
            "https://corp.example/logo.svg",
            "data:image/svg+xml,<svg/>",
        ],
        {},
    ),
    "BRAND_ACCENT": (
        {"": "", "#0F5B53": "#0f5b53", "#ffff00": "#ffff00", "#000000": "#000000"},
        ["0f5b53", "#0f5", "#0f5b5g", "red", "#0f5b53;}", "#0f5b5300", "rgb(1,2,3)"],
        {},
    ),
}


def documented():
    """The variables of the table in docs/settings.md, by its first column."""
    table = (ROOT / "docs" / "settings.md").read_text().partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def read_from_the_environment():
    """The variables that settings.py asks for."""
    text = (ROOT / "ssoconsole" / "settings.py").read_text()
    return set(re.findall(r"(?:env\.\w+|required)\(\s*\"([A-Z_]+)\"", text))


def cases(kind):
    """The settings with values of this kind: of each all values, what is expected of them, and what else is set."""
    found = {}
    for name, (good, bad, also) in VALUES.items():
        if kind == "good":
            chosen = good.items()
        else:
            chosen = [value if isinstance(value, tuple) else (value, "ssoconsole.E016") for value in bad]
        for value, expected in chosen:
            others = DEVELOPMENT if kind == "good" and name == "DEBUG" and expected is True else also
            found.setdefault(name, []).append((value, expected, others))
    return [pytest.param(name, values, id=name) for name, values in found.items()]


SETTINGS = ROOT / "ssoconsole" / "settings.py"


@cache
def settings_compiled():
    return compile(SETTINGS.read_text(), SETTINGS, "exec")


def settings_in(**environment):
    """Run settings.py in an environment that has nothing else in it; the values by name."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_FILE")}
    empty = dict.fromkeys(VALUES, "")  # hides a developer's .env
    with mock.patch.dict(os.environ, kept | empty | GOOD | environment, clear=True):
        values = {"__name__": "settings", "__file__": str(SETTINGS)}
        exec(settings_compiled(), values)
    return values


def messages(values):
    """What the checks say of these settings."""
    named = {
        name: value
        for name, value in values.items()
        if name.isupper()
        and name not in ("DATABASES", "LOGGING")
        and getattr(settings, name, ...) != value  # every change of one is told to all of Django
    }
    with override_settings(**named):
        return [message for check in CHECKS for message in check()]


def test_the_table_has_every_setting_and_so_has_the_page():
    assert documented() == list(dict.fromkeys(documented()))
    assert set(VALUES) == set(documented())
    # Which other server may have been told of more processes is read, and is no setting.
    assert read_from_the_environment() == set(documented()) | {"GRANIAN_WORKERS"}


@pytest.mark.parametrize(("name", "values"), cases("good"))
def test_a_good_value_is_read(name, values):
    for value, expected, also in values:
        read = settings_in(**also | {name: value})
        if expected is not ...:
            assert read[name] == expected, value
            assert type(read[name]) is type(expected), value
        assert [message.id for message in messages(read) if message.id != "ssoconsole.W001"] == [], value


@pytest.mark.parametrize(("name", "values"), cases("bad"))
def test_a_bad_value_is_refused_by_id_with_a_hint_and_not_repeated(name, values):
    for value, expected, also in values:
        try:
            said = messages(settings_in(**also | {name: value}))
            ids, text = [message.id for message in said], " ".join(f"{m.msg} {m.hint}" for m in said)
            assert all(message.hint for message in said), value
        except ImproperlyConfigured as unusable:
            text = str(unusable)
            ids = re.findall(r"^\(([\w.]+)\)", text)
            assert "HINT: " in text, value
            assert name in text, value
        assert expected in ids, value
        secrets = [part for part in ("pa/ss", ":pw", "short-but-random", "c2hvcnQ") if part in value]
        assert not [part for part in secrets if part in text], value


class AddressOfTheConsoleTests:
    """A console without a public name: nothing is refused that has no mail to send."""

    @pytest.mark.parametrize(
        ("url", "host", "sender"),
        [
            ("https://console", "console", "sso-console@console"),
            ("https://192.0.2.7:8443", "192.0.2.7", "sso-console@[192.0.2.7]"),
            ("https://[2001:db8::7]:8443", "[2001:db8::7]", "sso-console@[2001:db8::7]"),
        ],
    )
    def test_it_is_served_by_its_name(self, rf, url, host, sender):
        values = settings_in(BASE_URL=url)
        assert (values["ALLOWED_HOSTS"], values["WARNINGS_FROM"]) == ([host], sender)
        assert messages(values) == []
        with override_settings(ALLOWED_HOSTS=values["ALLOWED_HOSTS"]):
            authority = url.removeprefix("https://")
            assert rf.get("/", HTTP_HOST=authority).get_host() == authority

    def test_with_mail_its_sender_has_to_be_one(self):
        said = messages(settings_in(BASE_URL="https://console", **MAIL))
        assert [message.id for message in said] == ["expiry.E002"]
        assert "WARNINGS_FROM" in said[0].msg
        assert (
            messages(settings_in(BASE_URL="https://console", WARNINGS_FROM="sso@example.com", **MAIL)) == []
        )


class FileTests:
    def test_a_file_is_read_without_the_line_end(self, tmp_path):
        path = tmp_path / "value"
        path.write_text("m" * 40 + "\n")
        assert settings_in(METRICS_TOKEN_FILE=str(path))["METRICS_TOKEN"] == "m" * 40

    def test_nor_with_a_byte_order_mark(self, tmp_path):
        path = tmp_path / "value"
        path.write_bytes(b"\xef\xbb\xbf" + b"m" * 40 + b"\r\n")
        assert settings_in(METRICS_TOKEN_FILE=str(path))["METRICS_TOKEN"] == "m" * 40

    @pytest.mark.parametrize("kind", ["missing", "folder", "no text"])
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path, kind):
        path = tmp_path / "value"
        if kind == "folder":
            path.mkdir()
        elif kind == "no text":
            path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ImproperlyConfigured, match=r"\(ssoconsole.E017\) SECRET_KEY_FILE(.|\n)*HINT"):
            settings_in(SECRET_KEY_FILE=str(path))

    def test_nor_does_one_that_the_env_file_would_stand_in_for(self, forge, tmp_path):
        for part in ("providers", "tokens"):
            (tmp_path / part).symlink_to(ROOT / part)
        shutil.copytree(ROOT / "ssoconsole", tmp_path / "ssoconsole")
        (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\n")
        env = {"PATH": "/usr/bin:/bin", "SECRET_KEY_FILE": "/nowhere", "FIELD_ENCRYPTION_KEYS": KEY}
        done = forge.run(["-c", "import ssoconsole.wsgi"], cwd=tmp_path, env=env)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "(ssoconsole.E017) SECRET_KEY_FILE" in done.stderr


DOORS = {
    "manage.py": ["manage.py", "check"],
    "a command of ours": ["manage.py", "cleanup"],
    "the server": ["-m", "ssoconsole.serve"],
    "WSGI": ["-c", "import ssoconsole.wsgi"],
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("name", "value", "check_id"),
    [
        ("TRUSTED_PROXIES", "10.0.0.1/8", "ssoconsole.E016"),
        ("SECRET_KEY", "", "ssoconsole.E001"),
        ("CACHE_URL_FILE", "/nowhere", "ssoconsole.E017"),
    ],
)
def test_every_door_says_it_in_a_sentence(forge, door, name, value, check_id):
    environment = {"PATH": "/usr/bin:/bin", **dict.fromkeys(VALUES, ""), **GOOD, name: value}
    done = forge.run(DOORS[door], env=environment)
    assert done.returncode == 1
    assert check_id in done.stderr
    assert "HINT" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_byte_order_mark_hides_no_first_line_of_the_env_file(forge, tmp_path):
    """Beside a copy of the settings, because .env stands beside them."""
    shutil.copytree(
        ROOT / "ssoconsole", tmp_path / "ssoconsole", ignore=shutil.ignore_patterns("__pycache__")
    )
    for part in ("providers", "tokens"):
        (tmp_path / part).symlink_to(ROOT / part)
    lines = [f"{name}={value}" for name, value in (GOOD | {"BASE_URL": "https://first.example"}).items()]
    lines.sort(key=lambda line: not line.startswith("BASE_URL="))
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    program = "from ssoconsole import settings; print(settings.BASE_URL)"
    done = forge.run(["-c", program], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert (done.stdout.strip(), done.returncode) == ("https://first.example", 0), done.stderr


def test_the_first_run_says_it_too(forge, tmp_path):
    """Beside a copy of the tree, because it writes .env."""
    for part in ("ssoconsole", "providers", "tokens"):
        (tmp_path / part).symlink_to(ROOT / part)
    program = (
        "import pathlib, sys; from ssoconsole.first_run import __main__ as run;"
        f"run.ROOT = pathlib.Path({str(tmp_path)!r}); sys.argv[1:] = ['--port', sys.argv[1]]; sys.exit(run.main())"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        **dict.fromkeys(VALUES, ""),
        **GOOD,
        "PORT": "",
        "CACHE_URL": "http://x",
    }
    for port, said in (("8", "E016"), ("zero", "whole number"), ("99999", "at most 65535")):
        port = "18765" if port == "8" else port
        done = forge.run(["-c", program, port], env=environment)
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_no_other_module_reads_the_environment_for_a_setting():
    """Or the table would miss it. The launchers set what they hand on."""
    read = re.compile(r"environ\.get\(\s*\"([A-Z_]+)\"|getenv\(\s*\"([A-Z_]+)\"")
    found = {
        (path.name, name)
        for path in (ROOT / "ssoconsole").rglob("*.py")
        for pair in read.findall(Path(path).read_text())
        for name in pair
        if name in VALUES
    }
    assert found == set()
