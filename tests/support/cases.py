"""Of a test with many cases, those that another database need not see: all but every fourth, where it decides none."""

from collections import Counter

import pytest

# Where what is stored, in what order, at once with what, or with how many statements is what a case is about.
DECIDED_BY_THE_DATABASE = tuple(
    f"tests/{place}"
    for place in (
        "hostile/test_texts",
        "providers/cost/",
        "providers/identities/",
        "providers/robustness/",
        "providers/sessions/",
        "providers/signin/test_routing_by_address",
        "providers/signin/test_second_hands",
        "providers/signin/test_sign_in_races",
        "ssoconsole/console/backup/",
        "ssoconsole/console/search/",
        "ssoconsole/platform/accounts/",
        "ssoconsole/platform/connections/",
        "ssoconsole/platform/encryption/",
        "ssoconsole/platform/http/test_unstorable_paths",
        "ssoconsole/platform/keyset/",
        "ssoconsole/platform/limits/",
        "ssoconsole/test_cleanup",
        "tokens/crash/",
        "tokens/test_at_once",
        "tokens/test_bot_limits",
        "tokens/test_growth",
        "tokens/test_held_rows_of_bots",
        "tokens/test_nothing_is_half_done",
        "tokens/test_registry_version",
        "tokens/test_second_hand",
        "tokens/test_what_ends_a_token",
    )
)
# A test that commits is about what another connection sees.
COMMITTED = {"transactional_db", "database", "migrated_database", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    seen = Counter()
    for item in items:
        if (
            not hasattr(item, "callspec")
            or item.nodeid.startswith(DECIDED_BY_THE_DATABASE)
            or COMMITTED & set(item.fixturenames)
            or _commits(item.get_closest_marker("django_db"))
        ):
            continue
        function = item.nodeid.partition("[")[0]
        if seen[function] % 4:
            item.add_marker("further_case")
        seen[function] += 1


def _commits(marker):
    return marker is not None and bool(marker.kwargs.get("transaction"))
