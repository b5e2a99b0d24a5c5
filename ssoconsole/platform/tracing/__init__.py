"""
Traces by OpenTelemetry, for whoever sets OTEL_EXPORTER_OTLP_ENDPOINT and installs requirements-otel.txt.

A span says what kind of thing was done and how long it took: the route, the verb of a statement, the host of a call.
Never a query string, a header, a parameter, a path or a body. Without the variable nothing of it is imported.
"""
