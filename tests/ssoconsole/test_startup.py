"""Production does not start unsafely, and says why."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from django.test import override_settings

from ssoconsole import startup
from ssoconsole.checks import (
    base_url_is_safe,
    is_demonstration_key,
    loopback_providers_are_for_development,
    one_header_is_believed,
    processes_share_a_cache,
    secrets_are_safe,
)
from ssoconsole.console.checklist.deploy_check import database_fits, production_checklist
from ssoconsole.console.expiry.checks import mail_reaches_somebody, webhook_is_safe
from ssoconsole.startup import claim_the_only_place, refuse_unsafe_start

ROOT = Path(__file__).resolve().parents[2]
DUMMY = "django.core.cache.backends.dummy.DummyCache"


def ids(messages):
    return [message.id for message in messages]


class SafeStartTests:
    def test_a_second_process_with_its_own_cache_is_refused(self, tmp_path, request):
        assert claim_the_only_place(tmp_path / "lock")
        request.addfinalizer(startup._lock.close)
        holder = (
            "import sys; from pathlib import Path; from ssoconsole.startup import claim_the_only_place as c;"
            f"sys.exit(0 if c(Path({str(tmp_path / 'lock')!r}), patience=0.3) else 7)"
        )
        result = subprocess.run([sys.executable, "-c", holder], cwd=ROOT, check=False, timeout=30)
        assert result.returncode == 7

    def test_the_lock_of_a_process_that_ended_is_free(self, tmp_path):
        script = (
            "from pathlib import Path; from ssoconsole.startup import claim_the_only_place as c;"
            f"assert c(Path({str(tmp_path / 'lock')!r}))"
        )
        for _ in range(2):
            subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=30)

    @override_settings(DEBUG=False, BASE_URL="http://sso.example.com", CACHES={"default": {"BACKEND": DUMMY}})
    def test_a_serving_process_exits_with_every_error(self, db, capsys):
        with pytest.raises(SystemExit):
            refuse_unsafe_start()
        assert "ssoconsole.E009" in capsys.readouterr().err

    @override_settings(
        DEBUG=False,
        BASE_URL="https://sso.example.com",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    )
    def test_a_serving_process_that_cannot_be_the_only_one_exits(self, db, monkeypatch, capsys):
        monkeypatch.setattr("ssoconsole.startup.claim_the_only_place", lambda path: False)
        with pytest.raises(SystemExit):
            refuse_unsafe_start()
        assert "ssoconsole.E008" in capsys.readouterr().err

    @override_settings(
        DEBUG=True, CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    )
    def test_on_ones_own_machine_there_may_be_another(self, db, monkeypatch):
        monkeypatch.setattr("ssoconsole.startup.claim_the_only_place", lambda path: False)
        refuse_unsafe_start()


class CheckTests:
    @override_settings(SECRET_KEY="a" * 20, FIELD_ENCRYPTION_KEYS=["short"])
    def test_bad_secrets_are_found(self):
        assert {"ssoconsole.E004", "ssoconsole.E005", "ssoconsole.E006"} <= set(ids(secrets_are_safe()))

    def test_good_secrets_are_not(self):
        assert ids(secrets_are_safe()) == []

    @pytest.mark.parametrize(
        ("url", "debug", "found"),
        [
            ("https://sso.example.com", False, []),
            ("https://sso.example.com:8443", False, []),
            ("http://localhost:8000", True, []),
            ("http://127.0.0.1:8000", True, []),
            ("https://sso.example.com/", False, ["ssoconsole.E007"]),
            ("https://sso.example.com?x=1", False, ["ssoconsole.E007"]),
            ("sso.example.com", False, ["ssoconsole.E007"]),
            ("ftp://sso.example.com", False, ["ssoconsole.E007"]),
            ("http://localhost:8000", False, ["ssoconsole.E009"]),
            ("https://sso.example.com", True, ["ssoconsole.E010"]),
        ],
    )
    def test_base_url(self, url, debug, found):
        with override_settings(BASE_URL=url, DEBUG=debug):
            assert ids(base_url_is_safe()) == found

    @pytest.mark.parametrize(
        ("processes", "backend", "debug", "found"),
        [
            (1, "django.core.cache.backends.locmem.LocMemCache", False, []),
            (2, "django.core.cache.backends.locmem.LocMemCache", False, ["ssoconsole.E008"]),
            (2, "django.core.cache.backends.locmem.LocMemCache", True, []),
            (2, "django.core.cache.backends.redis.RedisCache", False, []),
        ],
    )
    def test_processes_and_cache(self, processes, backend, debug, found):
        with override_settings(
            SERVER_PROCESSES=processes, CACHES={"default": {"BACKEND": backend}}, DEBUG=debug
        ):
            assert ids(processes_share_a_cache()) == found

    def test_loopback_providers_in_production_are_warned_about(self):
        with override_settings(DEBUG=False, ALLOW_LOOPBACK_PROVIDERS=True):
            assert ids(loopback_providers_are_for_development()) == ["ssoconsole.W001"]
        for debug, allowed in ((False, False), (True, True), (True, False)):
            with override_settings(DEBUG=debug, ALLOW_LOOPBACK_PROVIDERS=allowed):
                assert ids(loopback_providers_are_for_development()) == []

    @pytest.mark.parametrize("value", ["django-insecure-" + "x9" * 40, "A" * 43, "abababababababababab"])
    def test_a_guessable_key_is_a_demonstration_key(self, value):
        assert is_demonstration_key(value)

    @pytest.mark.parametrize(
        "check",
        [
            secrets_are_safe,
            base_url_is_safe,
            processes_share_a_cache,
            one_header_is_believed,
            loopback_providers_are_for_development,
            mail_reaches_somebody,
            webhook_is_safe,
            production_checklist,
            database_fits,
        ],
    )
    def test_django_asks_each_of_them(self, check):
        assert check in checks.registry.registry.get_checks(include_deployment_checks=True)

    def test_every_check_has_a_hint(self):
        with override_settings(
            SECRET_KEY="short",
            FIELD_ENCRYPTION_KEYS=[""],
            BASE_URL="http://x/",
            DEBUG=False,
            SERVER_PROCESSES=3,
        ):
            messages = [m for m in checks.run_checks() if (m.id or "").startswith("ssoconsole.")]
        assert len(messages) > 4
        assert [message.id for message in messages if not message.hint] == []


def test_people_s_passwords_get_a_slow_hash_outside_the_tests():
    from django.conf import global_settings

    from ssoconsole import settings as shipped

    hashers = getattr(shipped, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    assert hashers[0] == "django.contrib.auth.hashers.PBKDF2PasswordHasher"
