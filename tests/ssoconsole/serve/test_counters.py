"""Several processes of one server answer a scrape together."""

import os
from collections import Counter

import requests
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from ssoconsole.serve.server import VARIABLE, shared_counters


def value(console, name, **labels):
    answer = requests.get(f"{console.url}/metrics", timeout=5)
    assert answer.status_code == 200
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


class SeveralProcessesTests:
    def test_each_answers_for_all(self, launch):
        console = launch(drain=0, processes=2)
        for _ in range(40):  # on connections of their own, so that both processes get some
            requests.get(f"{console.url}/.well-known/jwks.json", timeout=5)
        name, labels = "sso_console_request_seconds_count", {"route": "jwks", "status": "2xx"}
        assert Counter(value(console, name, **labels) for _ in range(8)) == {40.0: 8}
        assert value(console, "sso_console_signing_keys", alg="ES256", state="signing") == 1


class FolderTests:
    def test_several_processes_get_a_fresh_one_that_is_gone_with_them(self, monkeypatch):
        monkeypatch.setattr(settings, "WEB_CONCURRENCY", 2)
        monkeypatch.setattr(settings, "PROMETHEUS_MULTIPROC_DIR", "")
        monkeypatch.setenv(VARIABLE, "")
        with shared_counters():
            folder = settings.PROMETHEUS_MULTIPROC_DIR
            assert (os.environ[VARIABLE], os.path.isdir(folder), os.listdir(folder)) == (folder, True, [])
        assert not os.path.exists(folder)

    def test_one_that_is_configured_is_left_alone(self, monkeypatch, tmp_path):
        monkeypatch.setattr(settings, "WEB_CONCURRENCY", 2)
        monkeypatch.setattr(settings, "PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
        with shared_counters():
            assert str(tmp_path) == settings.PROMETHEUS_MULTIPROC_DIR
        assert tmp_path.exists()
