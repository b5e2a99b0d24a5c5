"""Of tests that stand on no database, the cases that another database need not see: all but every fourth."""

from collections import Counter

import pytest

DATABASES = {"db", "transactional_db", "django_db_setup", "database", "migrated_database", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    seen = Counter()
    for item in items:
        if (
            not hasattr(item, "callspec")
            or item.get_closest_marker("django_db")
            or DATABASES & set(item.fixturenames)
        ):
            continue
        function = item.nodeid.partition("[")[0]
        if seen[function] % 4:
            item.add_marker("further_case")
        seen[function] += 1
