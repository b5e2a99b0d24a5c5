"""A scraper, and what it reads."""

import re

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


class Scraper:
    """Prometheus on this machine; `value(name, **labels)` is what it reads, None where there is no such series."""

    def get(self, **extra):
        return Client().get("/metrics", **({"HTTP_HOST": "localhost:8000"} | extra))

    def samples(self):
        yield from self._samples_in(self._read())

    def value(self, name, **labels):
        """Only the lines of this family are parsed, which takes longer than the page does."""
        whole = f"sso_console_{name}"
        lines = [line for line in self._read().splitlines() if re.match(rf"(# \w+ )?{whole}\b", line)]
        found = [
            s.value
            for s in self._samples_in("\n".join([*lines, ""]))
            if (s.name, s.labels) == (whole, labels)
        ]
        return found[0] if found else None

    def _read(self):
        response = self.get()
        assert response.status_code == 200
        return response.content.decode()

    def _samples_in(self, text):
        for family in text_string_to_metric_families(text):
            yield from family.samples

    def more(self, name, **labels):
        """Start watching a counter; call the result for how far it has come since."""
        before = self.value(name, **labels) or 0
        return lambda: (self.value(name, **labels) or 0) - before


@pytest.fixture
def scraper(db):
    return Scraper()
