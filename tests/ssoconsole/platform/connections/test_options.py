"""What the console asks of its database and its cache, and what a pooler rules out."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from ssoconsole.platform.connections.options import REDIS_OPTIONS, postgresql_for_service


def test_a_database_that_is_away_costs_seconds():
    options = postgresql_for_service({}, pooler="")["OPTIONS"]
    assert options["connect_timeout"] <= 5
    assert options["tcp_user_timeout"] <= 15_000


def test_a_connection_is_looked_at_before_it_is_used_again():
    assert postgresql_for_service({}, pooler="")["CONN_HEALTH_CHECKS"] is True


def test_what_the_url_says_wins():
    options = postgresql_for_service({"connect_timeout": 9, "sslmode": "verify-full"}, pooler="")["OPTIONS"]
    assert (options["connect_timeout"], options["sslmode"]) == (9, "verify-full")


@pytest.mark.parametrize(
    ("pooler", "by_transaction"), [("", False), ("session", False), ("transaction", True)]
)
def test_by_transaction_nothing_outlives_one(pooler, by_transaction):
    entries = postgresql_for_service({}, pooler=pooler)
    assert entries["DISABLE_SERVER_SIDE_CURSORS"] is by_transaction
    assert (entries["OPTIONS"]["prepare_threshold"] is None) is by_transaction


@pytest.mark.parametrize("pooler", ["statement", "Transaction", "yes"])
def test_a_pooler_of_another_kind_is_refused_with_a_hint(pooler):
    with pytest.raises(ImproperlyConfigured, match=r"ssoconsole.E015(.|\n)*HINT"):
        postgresql_for_service({}, pooler=pooler)


def test_a_cache_that_hangs_is_not_waited_for_long():
    assert REDIS_OPTIONS["socket_timeout"] <= 1
    assert REDIS_OPTIONS["socket_connect_timeout"] <= 1
