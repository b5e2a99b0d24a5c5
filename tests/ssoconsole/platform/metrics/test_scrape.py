"""Who may scrape, what is asked of the database meanwhile, and what happens while it is away."""

import time
from datetime import timedelta
from ipaddress import ip_network
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from ssoconsole.platform import metrics
from ssoconsole.platform.runs.models import LastFailure, LastRun
from ssoconsole.platform.runs.services import failures_noted, note_run
from ssoconsole.platform.version import VERSION
from tests.ssoconsole.pages.pages_cast import person, provider, session_of
from tests.support.leaks import assert_without
from tokens.models import SigningKey

TOKEN = "m" * 40


def networks(*names):
    return [ip_network(name) for name in names]


class ReaderTests:
    def test_a_program_on_this_machine_may(self, scraper):
        response = scraper.get()
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/plain; version=")
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.parametrize(
        "extra",
        [
            {"REMOTE_ADDR": "203.0.113.7"},
            {"REMOTE_ADDR": ""},
            {"REMOTE_ADDR": "not an address"},
            {"HTTP_HOST": "sso.example.com"},
            {"HTTP_HOST": ""},
            {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
            {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
            {"HTTP_FORWARDED": "for=127.0.0.1"},
            {"HTTP_X_REAL_IP": "127.0.0.1"},
            {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer "},
            {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"},
        ],
    )
    def test_a_stranger_is_told_that_there_are_none(self, scraper, extra):
        assert scraper.get(**extra).status_code == 404

    def test_what_a_trusted_proxy_forwards_is_judged_by_its_origin(self, scraper, settings):
        settings.TRUSTED_PROXIES, settings.TRUSTED_PROXY_HEADER = networks("127.0.0.1/32"), "X-Forwarded-For"
        settings.METRICS_NETWORKS = networks("127.0.0.0/8", "10.1.0.0/16")
        assert scraper.get(HTTP_X_FORWARDED_FOR="10.1.2.3:4711").status_code == 200
        assert scraper.get(HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 404

    def test_a_program_beside_the_proxy_is_not_one_beside_the_console(self, scraper, settings):
        settings.TRUSTED_PROXIES, settings.TRUSTED_PROXY_HEADER = networks("10.1.2.3/32"), "X-Forwarded-For"
        assert scraper.get(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404

    @pytest.mark.parametrize(
        "forwarded_for", [None, "", "unknown", "127.0.0.1", "10.1.2.3, unknown", "10.1.2.3, "]
    )
    @pytest.mark.parametrize("open_to", [(), ("127.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0")])
    def test_an_address_that_a_trusted_proxy_leaves_uncertain_is_in_no_network(
        self, scraper, settings, forwarded_for, open_to
    ):
        settings.TRUSTED_PROXIES, settings.TRUSTED_PROXY_HEADER = networks("127.0.0.1/32"), "X-Forwarded-For"
        settings.METRICS_NETWORKS = networks(*open_to)
        headers = {} if forwarded_for is None else {"HTTP_X_FORWARDED_FOR": forwarded_for}
        assert scraper.get(**headers).status_code == 404

    @pytest.mark.parametrize(
        ("shown", "status"),
        [
            (f"Bearer {TOKEN}", 200),
            (f"bearer {TOKEN}", 200),
            (f"Bearer {TOKEN}x", 404),
            (f"Basic {TOKEN}", 404),
            ("Bearer", 404),
            ("Bearer \udcff", 404),
            (None, 404),
        ],
    )
    def test_the_token_opens_and_nothing_else_does(self, scraper, settings, shown, status):
        settings.METRICS_TOKEN = TOKEN
        extra = {} if shown is None else {"HTTP_AUTHORIZATION": shown}
        assert scraper.get(**extra).status_code == status

    def test_a_network_opens_for_any_name_of_the_console(self, scraper, settings):
        settings.METRICS_NETWORKS = networks("10.1.0.0/16")
        assert scraper.get(REMOTE_ADDR="10.1.2.3", HTTP_HOST="10.1.0.9:8000").status_code == 200
        assert scraper.get(REMOTE_ADDR="10.2.2.3").status_code == 404
        assert scraper.get().status_code == 404

    def test_a_network_does_not_open_for_whom_somebody_in_it_forwards(self, scraper, settings):
        settings.METRICS_NETWORKS = networks("10.1.0.0/16")
        response = scraper.get(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="203.0.113.7")
        assert response.status_code == 404

    def test_nothing_but_reading(self, scraper, client):
        assert client.post("/metrics", HTTP_HOST="localhost").status_code == 405


class ProbeHostTests:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_a_probe_may_call_by_address(self, client, db, settings, path):
        settings.ALLOWED_HOSTS = ["localhost"]
        assert client.get(path, HTTP_HOST="10.1.2.3:8000").status_code == 200

    def test_every_other_page_insists_on_the_name(self, client, db, settings):
        settings.ALLOWED_HOSTS = ["localhost"]
        assert client.get("/signin", HTTP_HOST="10.1.2.3:8000").status_code == 400
        assert client.get("/healthz/x", HTTP_HOST="10.1.2.3:8000").status_code == 400


class GaugeTests:
    def test_sessions_providers_keys_and_runs_are_asked_for(self, scraper):
        corp = provider()
        provider("old", enabled=False)
        session_of(person("alice"), corp)
        session_of(person("bob"), corp, ended_at=timezone.now())
        day = timezone.now() - timedelta(days=1)
        SigningKey.objects.signing().update(signing_from=day)
        note_run(LastRun.What.BACKUP, at=day)
        assert scraper.value("sessions_live") == 1
        assert scraper.value("providers", state="enabled") == 1
        assert scraper.value("providers", state="disabled") == 1
        assert scraper.value("signing_keys", alg="ES256", state="signing") == 1
        assert scraper.value("signing_keys", alg="ES256", state="published") == 2
        assert scraper.value("signing_key_age_seconds", alg="ES256") == pytest.approx(86_400, abs=60)
        assert scraper.value("last_run_timestamp_seconds", what="backup") == pytest.approx(day.timestamp())
        assert scraper.value("build", version=VERSION) == 1

    def test_what_failed_has_failed_until_it_comes_to_its_end(self, scraper):
        note_run(LastRun.What.CLEANUP)
        for what in (LastRun.What.BACKUP, LastRun.What.CLEANUP):
            with pytest.raises(SystemExit), failures_noted(what):
                raise SystemExit(1)
        assert scraper.value("last_run_failed", what="backup") == 1
        assert scraper.value("last_run_timestamp_seconds", what="backup") is None
        assert scraper.value("last_run_failed", what="cleanup") == 1
        note_run(LastRun.What.BACKUP)
        assert scraper.value("last_run_failed", what="backup") == 0
        assert scraper.value("last_run_failed", what="cleanup") == 1

    @pytest.mark.parametrize("what", ["cleanup", "rotate_signing_key", "send_warnings", "watch_providers"])
    def test_every_scheduled_command_leaves_its_end_and_its_failure(self, scraper, what, monkeypatch):
        call_command(what)
        assert scraper.value("last_run_timestamp_seconds", what=what) == pytest.approx(time.time(), abs=60)
        assert scraper.value("last_run_failed", what=what) == 0
        with monkeypatch.context() as broken:
            # The first thing that each of them asks.
            broken.setattr(timezone, "now", Mock(side_effect=[RuntimeError, *[timezone.now()] * 9]))
            with pytest.raises(RuntimeError):
                call_command(what)
        assert scraper.value("last_run_failed", what=what) == 1

    def test_a_failure_that_cannot_be_recorded_is_still_the_failure(self, db, monkeypatch, caplog):
        monkeypatch.setattr(LastFailure._meta, "db_table", "not_there")
        with pytest.raises(RuntimeError, match="of its own"), failures_noted(LastRun.What.BACKUP):
            raise RuntimeError("of its own")
        assert "failure_not_recorded" in caplog.text

    def test_a_run_says_what_and_when(self, db):
        run = note_run(LastRun.What.BACKUP)
        assert str(run) == f"backup {run.at:%Y-%m-%d %H:%M}"

    def test_few_queries_are_asked_however_much_there_is(self, scraper):
        for number in range(5):
            session_of(person(f"p{number}"), provider(f"corp-{number}"))
        with CaptureQueriesContext(connection) as queries:
            scraper.get()
        assert len(queries) == 5 + 5  # what ends soon, by its sources

    def test_without_the_database_they_are_absent_and_the_counters_stay(self, scraper, monkeypatch):
        def refuse(*args, **kwargs):
            raise OperationalError("postgres://console:hunter2@db.internal")

        with monkeypatch.context() as away:
            away.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse)
            page = scraper.get()
        assert page.status_code == 200
        assert b"sso_console_sessions_live" not in page.content
        assert b"sso_console_request_seconds" in page.content


class SeveralProcessesTests:
    def test_the_counters_are_those_in_the_folder(self, scraper, settings, tmp_path):
        settings.PROMETHEUS_MULTIPROC_DIR = str(tmp_path)
        page = scraper.get().content
        assert b"sso_console_request_seconds" not in page  # nobody has written any
        assert b"sso_console_build" in page


class CollectorTests:
    @pytest.fixture
    def collectors(self, monkeypatch):
        monkeypatch.setattr(metrics, "_collectors", list(metrics._collectors))

    def test_another_part_of_the_console_can_add_its_own(self, scraper, collectors):
        @metrics.register_collector
        def ending():
            yield GaugeMetricFamily("sso_console_ends", "Ends", 7)

        metrics.register_collector(ending)
        assert scraper.value("ends") == 7

    def test_one_that_fails_is_left_out_and_named_in_the_log(self, scraper, collectors, caplog):
        @metrics.register_collector
        def failing():
            raise RuntimeError("hunter2")

        assert scraper.value("build", version=VERSION) == 1
        assert "RuntimeError" in caplog.text
        assert_without(caplog.text, "hunter2")
