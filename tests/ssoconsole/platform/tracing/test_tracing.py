"""Traces say what was done and how long it took, and nothing of what was sent."""

import http.server
import os
import threading
from ipaddress import ip_network

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from providers.metadata import refresh_discovery
from ssoconsole.platform import tracing as tracing
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.tracing import TracingMiddleware, is_tracing, span, use_tracer
from tests.providers.signin.journey import Browser, register
from tests.support.leaks import assert_without

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans(db):
    """What is traced meanwhile, in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    use_tracer(provider.get_tracer("tests"))
    yield exporter.get_finished_spans
    use_tracer(None)
    provider.shutdown()


def everything_in(spans):
    return " ".join(f"{s.name} {dict(s.attributes)} {s.events} {s.status.description}" for s in spans)


class SpanTests:
    def test_a_request_is_a_span_and_so_is_each_statement_in_it(self, spans):
        Client().get("/signin?next=/account")
        *statements, request = spans()
        assert request.name == "GET signin"
        assert dict(request.attributes) == {
            "http.route": "signin",
            "http.request.method": "GET",
            "http.response.status_code": 200,
        }
        assert statements
        assert {s.parent.span_id for s in statements} == {request.context.span_id}
        assert all(set(s.attributes) == {"db.system.name", "db.operation.name"} for s in statements)

    def test_nothing_that_was_sent_is_in_it(self, spans, scripted_provider):
        provider = register(scripted_provider)
        browser = Browser()
        leaving = browser.leave()
        callback = scripted_provider.visit(leaving)
        browser.arrive(callback)
        Client().get("/nowhere/alice@corp.example?code=c0de-value")
        Client().post("/oauth/token", {"client_id": "b0t-name", "client_secret": "s3cret-value"})
        text = everything_in(spans())
        secrets = [
            callback.path,
            leaving,
            provider.client_secret,
            "c0de-value",
            "alice@",
            "b0t-name",
            "s3cret",
        ]
        assert_without(text, *secrets)
        assert "GET none" in text

    def test_a_call_to_others_is_a_span_with_the_host_alone(self, spans, scripted_provider):
        refresh_discovery(provider=register(scripted_provider), by=Actor("user", "bob"))
        [call] = [s for s in spans() if "server.address" in s.attributes]
        assert (call.name, dict(call.attributes)) == ("GET", {"server.address": "127.0.0.1"})

    def test_an_exception_is_its_kind_alone(self, spans):
        with pytest.raises(ValueError, match="s3cret"), span("work"):
            raise ValueError("s3cret-value")
        [work] = spans()
        assert work.attributes["error.type"] == "ValueError"
        assert_without(everything_in(spans()), "s3cret")

    @pytest.mark.parametrize(("proxies", "continued"), [(["127.0.0.0/8"], True), ([], False)])
    def test_a_trusted_proxys_trace_is_continued_and_nobody_elses(self, spans, settings, proxies, continued):
        settings.TRUSTED_PROXIES = [ip_network(name) for name in proxies]
        Client().get("/healthz", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
        assert (f"{spans()[-1].context.trace_id:032x}" == TRACE) is continued


class OffTests:
    def test_without_a_tracer_there_is_no_middleware_and_no_span(self):
        with pytest.raises(MiddlewareNotUsed):
            TracingMiddleware(lambda request: None)
        with span("work") as nothing:
            nothing.set_attribute("a", 1)
            nothing.update_name("b")
        assert not is_tracing()

    def test_without_the_variable_nothing_is_imported(self, forge):
        program = (
            # The cache's library looks for the package by itself; the exporter is imported by nobody but us.
            "import sys, django; django.setup(); import ssoconsole.urls;"
            "sys.exit(any(name.startswith('opentelemetry.exporter') for name in sys.modules))"
        )
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        }
        assert forge.run(["-c", program], env=env).returncode == 0

    def test_without_the_packages_it_is_said_and_nothing_breaks(self, settings, monkeypatch):
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318"
        assert list(tracing.tracing_is_possible()) == []
        for missing in (["no_such_package_at_all"], ["no_such_package_at_all.sdk"]):
            monkeypatch.setattr(tracing, "PACKAGES", missing)
            tracing.start_tracing()
            assert [message.id for message in tracing.tracing_is_possible()] == ["ssoconsole.W002"]
        assert not is_tracing()


class OnTests:
    def test_with_both_there_is_a_tracer(self, settings):
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318"
        tracing.start_tracing()
        try:
            assert is_tracing()
        finally:
            use_tracer(None)


class ReceiverTests:
    @pytest.fixture
    def receiver(self):
        received = []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()
        server.server_close()

    def test_a_console_sends_its_traces_there(self, forge, receiver):
        endpoint, received = receiver
        program = (
            "import django; django.setup(); from django.test import Client;"
            "assert Client(headers={'host': 'localhost'}).get('/healthz?code=c0de-value').status_code == 200"
        )
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        # The spans that are left go out when the process ends.
        forge.run(["-c", program], env=env).check_returncode()
        [(path, body)] = received
        message = ExportTraceServiceRequest.FromString(body)
        [resource] = message.resource_spans
        assert path == "/v1/traces"
        assert [s.name for scope in resource.scope_spans for s in scope.spans] == ["GET healthz"]
        assert "sso-console" in {a.value.string_value for a in resource.resource.attributes}
        assert_without(body, "c0de-value")
