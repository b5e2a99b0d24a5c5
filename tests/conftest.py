"""What every test starts from."""

import gc
import os

import pytest
from django.core.cache import cache, caches
from hypothesis import HealthCheck, settings

from tokens.keys import services
from tokens.records import verification
from tokens.records.services import forget_counts

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
    """Begin with the consoles that are processes, which take longest: at the end one worker would be alone with one."""
    items.sort(key=lambda item: not {"migrated_database", "console_process"} & set(item.fixturenames))


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
    """Throttles, cool-downs, key copies and counts of one test are not the next one's."""
    cache.clear()
    forget_counts()
    verification._proved.clear()
    services._keys.clear()  # a key that a test has changed, and whose change is undone with it
