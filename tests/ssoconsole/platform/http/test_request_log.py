"""What the log says of a request, and what it never says."""

import logging
import re
from ipaddress import ip_network

import pytest

from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.logs import current_request_id, request_id_var, trace_id_var
from tests.ssoconsole.pages.pages_cast import come_in, person, provider


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


TRACE = "0af7651916cd43dd8448eb211c80319c"


class GivenIdTests:
    """What a proxy has called the request, so that its log and ours can be read together."""

    @pytest.fixture
    def proxy(self, settings):
        settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]

    def test_a_trusted_proxy_names_it(self, client, db, proxy):
        assert client.get("/healthz", headers={"x-request-id": "edge-0001"})["X-Request-Id"] == "edge-0001"

    def test_nobody_else_does(self, client, db, settings):
        settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
        assert client.get("/healthz", headers={"x-request-id": "edge-0001"})["X-Request-Id"] != "edge-0001"

    @pytest.mark.parametrize(
        "given", ["short", "x" * 65, "with space", 'quote"1234', "new\nline123", "ümlaut-123"]
    )
    def test_a_malformed_one_is_not_taken(self, client, db, proxy, given):
        answer = client.get("/healthz", HTTP_X_REQUEST_ID=given)
        assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])

    def test_the_trace_is_in_every_line(self, client, db, proxy, caplog):
        client.get("/signed-out", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
        assert lines(caplog)[0]["trace_id"] == TRACE

    def test_what_is_done_after_it_has_neither(self, client, db, proxy):
        given = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-request-id": "edge-0001"}
        client.get("/signed-out", headers=given)
        assert (request_id_var.get(), trace_id_var.get()) == ("", "")

    @pytest.mark.parametrize(
        "given",
        [
            f"ff-{TRACE}-b7ad6b7169203331-01",
            f"00-{'0' * 32}-b7ad6b7169203331-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE.upper()}-b7ad6b7169203331-01",
            f"00-{TRACE}-b7ad6b7169203331-01-more",
        ],
    )
    def test_a_malformed_trace_is_not_taken(self, client, db, proxy, caplog, given):
        client.get("/signed-out", headers={"traceparent": given})
        assert "trace_id" not in lines(caplog)[0]


class WhoTests:
    def test_the_person_is_a_number_and_a_stranger_nobody(self, client, db, caplog):
        client.get("/signed-out")
        user = person("alice@corp.example")
        come_in(client, user, provider())
        client.get("/account")
        first, second = lines(caplog)
        assert ("user" in first, second["user"]) == (False, user.pk)
        assert "alice" not in str(second)
