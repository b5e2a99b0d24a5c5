"""/docs: the operations of the schema on one page, with nothing fetched from anywhere."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "patch", "put", "delete")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation: what it does, what it takes, what it answers."""
    return render(request, "api_docs.html", {"operations": operations()})


@lru_cache(maxsize=1)  # the schema changes only with the code
def operations() -> tuple[dict[str, Any], ...]:
    """The operations in the order of their paths, each with its method, path, text, bodies and answers."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    models = schema["components"]["schemas"]
    return tuple(
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "texts": [operation["summary"], *operation.get("description", "").split("\n\n")],
            "parameters": [parameter["name"] for parameter in operation.get("parameters", [])],
            "body": _members(operation.get("requestBody", {}), models),
            "answers": [
                {"status": code, "members": _members(answer, models)}
                for code, answer in operation["responses"].items()
                if code < "400"  # problems look the same everywhere
            ],
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    )


def _members(holder: dict[str, Any], models: dict[str, Any]) -> list[str]:
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" not in schema:
        return []
    return list(models[schema["$ref"].rsplit("/", 1)[-1]].get("properties", {}))
