"""Three tries a minute, for each thing that is tried."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from ssoconsole.platform import limits
from ssoconsole.platform.limits import subscriber_of

CORP, OTHER = "keys of corp", "keys of \udcff others"


@pytest.fixture(autouse=True)
def _no_local_count():
    limits._local.clear()


def test_three_tries_and_no_more_at_each_thing():
    assert [limits.may_try(CORP) for _ in range(5)] == [True, True, True, False, False]
    assert limits.may_try(OTHER)


def test_after_a_minute_there_are_three_again(own_cache):
    now = datetime(2031, 1, 1, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        assert [limits.may_try(CORP) for _ in range(4)] == [True, True, True, False]
        clock.move_to(now + timedelta(seconds=59))
        assert not limits.may_try(CORP)  # and trying on prolongs nothing
        clock.move_to(now + timedelta(seconds=61))
        assert [limits.may_try(CORP) for _ in range(4)] == [True, True, True, False]


def test_while_the_cache_is_away_each_process_counts_for_itself(monkeypatch):
    monkeypatch.setattr(limits, "cache", None)
    assert [limits.may_try(CORP) for _ in range(5)] == [True, True, True, False, False]
    assert limits.may_try(OTHER, tries=1)
    assert not limits.may_try(OTHER, tries=1)


def test_alone_a_process_counts_the_same_and_starts_again_after_a_minute():
    tries = [limits._may_try_locally(CORP, now=now) for now in (0, 1, 2, 3, 59)]
    assert tries == [True, True, True, False, False]
    assert limits._may_try_locally(OTHER, now=3)
    assert not limits._may_try_locally(CORP, now=59.9)
    assert limits._may_try_locally(CORP, now=60)
    assert not limits._may_try_locally(CORP, now=60.6)


def test_strangers_cannot_fill_the_memory_of_a_process():
    for number in range(limits.MOST + 1):
        assert limits._may_try_locally(str(number), now=0)
    assert len(limits._local) == 1


class CacheThatForgets:
    """Its entry runs out between the two calls."""

    def add(self, *args, **kwargs):
        return False

    def incr(self, key):
        raise ValueError(key)


def test_a_count_that_runs_out_between_two_calls_lets_in(monkeypatch):
    monkeypatch.setattr(limits, "cache", CacheThatForgets())
    assert [limits.may_try(CORP) for _ in range(5)] == [True] * 5
    assert not limits._local


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", None),
        (None, None),
        ("unix:", None),
    ],
)
def test_whoever_has_a_whole_network_is_counted_once(address, subscriber):
    assert subscriber_of(address) == subscriber
