"""The server that the settings describe, and what it does when it is told to leave."""

import signal

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ssoconsole.serve import __main__ as launcher
from ssoconsole.serve import drain, server
from ssoconsole.serve.server import server_of_settings
from tests.support.servers import free_port


@pytest.fixture
def flag(monkeypatch):
    monkeypatch.setattr(drain, "_flag", bytearray(1))
    monkeypatch.setattr(settings, "PORT", free_port())


@pytest.fixture
def described(flag, monkeypatch):
    def make(**values):
        for name, value in values.items():
            monkeypatch.setattr(settings, name, value)
        made.append(server_of_settings())
        return made[-1]

    made = []
    yield make
    for one in made:
        if one.leaving:
            one.leaving.cancel()
            one.leaving.join()


class OptionTests:
    def test_they_are_the_settings(self, described):
        made = described(
            HOST="127.0.0.2", PORT=8123, WEB_CONCURRENCY=3, BLOCKING_THREADS=5, DRAIN_SECONDS=7.0
        )
        assert (made.bind_addr, made.bind_port, made.workers) == ("127.0.0.2", 8123, 3)
        assert (made.blocking_threads, made.drain_seconds) == (5, 7.0)
        assert made.log_access is False


class SignalTests:
    def test_it_says_that_it_leaves_and_goes_on(self, described):
        made = described(DRAIN_SECONDS=60.0)
        made.signal_handler_interrupt(signal.SIGTERM, None)
        assert (drain.is_draining(), made.main_loop_interrupt.is_set()) == (True, False)

    def test_after_the_wait_it_stops(self, described):
        made = described(DRAIN_SECONDS=0.01)
        made.signal_handler_interrupt(signal.SIGTERM, None)
        assert made.main_loop_interrupt.wait(timeout=10)

    @pytest.mark.parametrize(
        ("seconds", "signals"),
        [(60.0, [signal.SIGTERM, signal.SIGTERM]), (60.0, [signal.SIGINT]), (0.0, [signal.SIGTERM])],
    )
    def test_there_is_no_wait(self, described, seconds, signals):
        made = described(DRAIN_SECONDS=seconds)
        for number in signals:
            made.signal_handler_interrupt(number, None)
        assert (drain.is_draining(), made.main_loop_interrupt.is_set()) == (True, True)


class LauncherTests:
    def test_it_loads_the_application_and_then_serves(self, flag, monkeypatch):
        """In this order: the processes that answer are forked by the server, and share what was there before."""
        done = []
        monkeypatch.setattr(server, "load_before_the_fork", lambda: done.append("loaded"))
        monkeypatch.setattr(server.DrainingServer, "serve", lambda self: done.append("serves"))
        assert launcher.main() == 0
        assert done == ["loaded", "serves"]

    def test_settings_that_cannot_be_used_end_it(self, monkeypatch):
        def refuse():
            raise ImproperlyConfigured("(ssoconsole.E001) SECRET_KEY is not set.")

        monkeypatch.setattr(server, "server_of_settings", refuse)
        with pytest.raises(SystemExit, match=r"ssoconsole\.E001"):
            launcher.main()
