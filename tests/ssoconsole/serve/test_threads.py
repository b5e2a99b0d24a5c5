"""Threads come and go; what they have opened goes with them."""

import gc
import threading
import weakref

import pytest

from ssoconsole.serve.threads import collecting_for_new_threads


class Connection:
    """Like those of Django and of Redis, part of a circle."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def no_luck():
    """Python does not happen to collect meanwhile."""
    gc.disable()
    yield
    gc.enable()


def serve(application, *, requests=1):
    """Serve from a thread of its own, to its end."""
    thread = threading.Thread(
        target=lambda: [list(application({}, lambda *said: None)) for _ in range(requests)]
    )
    thread.start()
    thread.join()


def test_what_an_ended_thread_has_opened_is_closed_when_another_begins(no_luck):
    opened, mine = [], threading.local()

    def application(environ, start_response):
        mine.connection = Connection()
        opened.append(weakref.ref(mine.connection))
        return [b"x"]

    wrapped = collecting_for_new_threads(application)
    serve(wrapped)
    assert opened[0]() is not None
    serve(wrapped)
    assert opened[0]() is None


def test_a_thread_collects_before_its_first_answer_and_never_again(monkeypatch):
    collected = []
    monkeypatch.setattr(gc, "collect", lambda: collected.append(threading.get_ident()))
    wrapped = collecting_for_new_threads(lambda environ, start_response: [b"x"])
    serve(wrapped, requests=3)
    assert len(collected) == 1
