"""A scraper, and what it reads."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


class Scraper:
    """Prometheus on this machine; `value(name, **labels)` is what it reads, None where there is no such series."""

    def get(self, **extra):
        return Client().get("/metrics", **({"HTTP_HOST": "localhost:8000"} | extra))

    def samples(self):
        response = self.get()
        assert response.status_code == 200
        for family in text_string_to_metric_families(response.content.decode()):
            yield from family.samples

    def value(self, name, **labels):
        found = [s.value for s in self.samples() if s.name == f"sso_console_{name}" and s.labels == labels]
        return found[0] if found else None

    def more(self, name, **labels):
        """Start watching a counter; call the result for how far it has come since."""
        before = self.value(name, **labels) or 0
        return lambda: (self.value(name, **labels) or 0) - before


@pytest.fixture
def scraper(db):
    return Scraper()
