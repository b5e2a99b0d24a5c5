"""What every test starts from."""

import gc
import os

import pytest
from django.core.cache import caches
from django.db import connection
from hypothesis import HealthCheck, settings

from tests.support.remembered import forget_everything

pytest_plugins = [
    "tests.support.real_provider",
    "tests.support.scripted_provider",
    "tests.support.browser",
    "tests.support.servers",
    "tests.support.databases",
    "tests.support.cases",
    "tests.support.rsa_keys",
]

# The files that take longest by far, the longest first.
LONGEST = (
    "tests/deploy/stories/test_kubernetes",
    "tests/ssoconsole/pages/test_accessibility",
    "tests/deploy/stories",
    "tests/deploy/test_bare_metal",
    "tests/deploy/machines/test_pooler",
    "tests/ssoconsole/rights/test_what_a_permission",
    "tests/ssoconsole/test_documented_commands",
    "tests/ssoconsole/pages/test_german",
    "tests/tokens/crash",
)

# How fast a machine generates examples says nothing about the code. With CI set, hypothesis loads a profile of its
# own, which is as patient and always draws the same examples.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("patient")


def pytest_configure():
    """Many objects that stay are made while tests are imported and collected, and little garbage after it."""
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """
    As many as there are cores: to collect and to migrate costs each 15 s. One more where files are not divided.

    These wait for servers and browsers, and leave their core to another.
    """
    workers = len(os.sched_getaffinity(0)) + (config.option.dist == "loadfile")
    return min(workers, 15)  # each has a database of its own in Redis, which has 16


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest, then the consoles that are processes: no worker is alone with one at the end."""
    items.sort(
        key=lambda item: (_rank(item), not {"migrated_database", "console_process"} & set(item.fixturenames))
    )


def _rank(item):
    file = item.path.relative_to(item.config.rootpath).as_posix()
    return next((rank for rank, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))


def pytest_collection_finish():
    """What has been imported and collected stays: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def own_cache(settings):
    """A cache in this process, which goes by its clock: what travels in time cannot take Redis along."""
    settings.CACHES = {
        "default": {
            "BACKEND": "ssoconsole.platform.connections.cache.LocalCache",
            "LOCATION": "travels in time",
        }
    }
    caches["default"].clear()


@pytest.fixture(autouse=True)
def _fresh_cache():
    """What one test leaves is not the next one's."""
    forget_everything()


@pytest.fixture(autouse=True)
def _changes_count_within_a_test(request):
    """A test is one transaction, whose end the version of the registry would wait for on PostgreSQL."""
    asks = "db" in request.fixturenames or request.node.get_closest_marker("django_db")
    if asks and connection.vendor == "postgresql":
        request.getfixturevalue("_django_db_helper")
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS registry_changed IMMEDIATE")
