"""What the log says of a request, and what it never says."""

import logging

import pytest

from ssoconsole.eventlog.models import Event
from ssoconsole.logs import current_request_id


def lines(caplog):
    return [record.msg for record in caplog.records if record.name == "requests"]


@pytest.fixture(autouse=True)
def _everything(caplog):
    caplog.set_level(logging.DEBUG)


class RequestLogTests:
    def test_it_says_what_was_asked_and_answered(self, client, db, caplog):
        client.get("/signed-out")
        (line,) = lines(caplog)
        assert (line["method"], line["path"], line["status"]) == ("GET", "/signed-out", 200)
        assert line["ms"] > 0

    def test_it_never_holds_a_query(self, client, db, caplog):
        client.get("/callback?code=c0de-value&state=st4te-value")
        client.get("/nowhere?token=t0ken-value")
        client.post("/oauth/token?client_secret=s3cret-value", {"client_secret": "s3cret-value"})
        assert len(lines(caplog)) == 3
        assert not any(
            word in caplog.text for word in ("c0de-value", "st4te-value", "t0ken-value", "s3cret-value")
        )

    @pytest.mark.parametrize("path", ["/healthz", "/static/css/nothing.css"])
    def test_probes_and_static_files_are_quiet(self, client, db, caplog, path):
        client.get(path)
        assert lines(caplog) == []


class RequestIdTests:
    def test_answer_log_and_events_agree(self, client, db, caplog):
        response = client.get("/callback?code=c&state=s")
        assert lines(caplog)[0]["request_id"] == response["X-Request-Id"]
        assert Event.objects.latest("id").request_id == response["X-Request-Id"]

    def test_each_request_has_its_own_whatever_it_asks_for(self, client, db):
        first, second = (client.get("/healthz", headers={"x-request-id": "mine"}) for _ in range(2))
        assert len({first["X-Request-Id"], second["X-Request-Id"], "mine"}) == 3

    def test_outside_a_request_there_is_none(self, client, db):
        client.get("/healthz")
        assert current_request_id() == ""
