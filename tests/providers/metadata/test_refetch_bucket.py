"""Three tries a minute, for each provider."""

import uuid

import pytest

from providers.metadata import bucket

CORP, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture(autouse=True)
def _no_local_count():
    bucket._local.clear()


def test_three_tries_and_no_more_for_each_provider():
    assert [bucket.may_refetch(CORP) for _ in range(5)] == [True, True, True, False, False]
    assert bucket.may_refetch(OTHER)


def test_alone_a_process_counts_the_same_and_starts_again_after_a_minute():
    tries = [bucket._may_refetch_locally(CORP, now=now) for now in (0, 1, 2, 3, 59)]
    assert tries == [True, True, True, False, False]
    assert bucket._may_refetch_locally(OTHER, now=3)
    assert bucket._may_refetch_locally(CORP, now=60.5)
    assert not bucket._may_refetch_locally(CORP, now=60.6)


class CacheThatForgets:
    """Its entry runs out between the two calls."""

    def add(self, *args, **kwargs):
        return False

    def incr(self, key):
        raise ValueError(key)


def test_a_count_that_runs_out_between_two_calls_lets_in(monkeypatch):
    monkeypatch.setattr(bucket, "cache", CacheThatForgets())
    assert [bucket.may_refetch(CORP) for _ in range(5)] == [True] * 5
    assert not bucket._local
