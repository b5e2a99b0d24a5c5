"""What every test starts from."""

import os

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.real_provider",
    "tests.support.scripted_provider",
    "tests.support.browser",
    "tests.support.servers",
    "tests.support.databases",
]

# How fast a machine generates examples says nothing about the code. With CI set, hypothesis loads a profile of its
# own, which is as patient and always draws the same examples.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("patient")


def pytest_itemcollected(item):
    """Mark what stands on the database, so that another database need not run what does not (`-m database`)."""
    if item.get_closest_marker("django_db") or {
        "db",
        "transactional_db",
        "database",
        "migrated_database",
    } & set(item.fixturenames):
        item.add_marker("database")


@pytest.fixture(autouse=True)
def _fresh_cache():
    """Throttles, cool-downs and key copies of one test are not the next one's."""
    cache.clear()
