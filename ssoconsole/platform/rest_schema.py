"""The OpenAPI schema of the REST API: what every operation answers where it refuses."""

from http import HTTPStatus
from inspect import getdoc
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance

from ssoconsole.platform.rest import StrictSerializer

MEDIA_TYPE = "application/problem+json"
EVERY_OPERATION = (400, 401, 403, 404, 406, 503)
WRITING = (409, 411, 413, 415, 429)
REPEATABLE = (422,)

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "expected": {"type": "string"},
        "received": {"type": "string"},
        "errors": {"type": "object", "description": "What is wrong, by the name of the field."},
        "resource": {
            "type": "string",
            "description": "The path of what was created before (`already_done`).",
        },
        "instance": {"type": "string", "description": "The trace of the refusal, for administrators."},
    },
}
EXAMPLE = {  # of the status that every operation has first
    "type": "about:blank",
    "title": HTTPStatus.BAD_REQUEST.phrase,
    "status": 400,
    "detail": "The request has invalid fields.",
    "code": "invalid",
    "errors": {"label": ["This must be a text."]},
    "instance": "https://console.example/refusals/canyon-lamp-violet-river",
}
HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "RFC 6750 section 3."}},
    503: {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}},
}


class ProblemSchema(AutoSchema):
    """
    Adds the problems that an operation can answer to the success that its view tells.

    They follow from the method alone: every operation asks who calls and what he accepts, and what changes something
    has a body that may be wrong, too large or in conflict with what there is.
    """

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(force_instance(serializer), StrictSerializer):  # type: ignore[no-untyped-call]
            schema["additionalProperties"] = False
            if schema.get("description") == getdoc(StrictSerializer):  # which says nothing of this one
                del schema["description"]
        return schema

    def get_summary(self) -> str:
        """The first paragraph of what the method says; the description has the others."""
        return " ".join(self._paragraphs()[0].split())

    def get_description(self) -> str:  # type: ignore[override]  # the framework's own takes a path and a method
        return self._paragraphs()[2]

    def _paragraphs(self) -> tuple[str, str, str]:
        return str(super().get_description()).partition("\n\n")

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        problem = ResolvedComponent(  # type: ignore[no-untyped-call]  # the library is not annotated here
            "Problem", ResolvedComponent.SCHEMA, PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(problem)
        statuses = [*EVERY_OPERATION, *(WRITING if self.method != "GET" else ())]
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        statuses += REPEATABLE if "Idempotency-Key" in names else ()
        for status in sorted(statuses):
            answer: dict[str, Any] = {
                "description": HTTPStatus(status).phrase,
                "content": {MEDIA_TYPE: {"schema": problem.ref}},
            }
            if status == EXAMPLE["status"]:
                answer["content"][MEDIA_TYPE]["example"] = EXAMPLE
            if status in HEADERS:
                answer["headers"] = HEADERS[status]
            operation["responses"].setdefault(str(status), answer)
        return operation
