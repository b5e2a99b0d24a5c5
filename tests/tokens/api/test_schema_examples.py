"""Every example of the schema is what its own schema says, and the serializers take what is sent."""

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

SCHEMA = SchemaGenerator().get_schema(request=None, public=True)
# What a program that joins begins with, and whether it sends a body.
FIRST = {
    "audiences_create": True,
    "bots_create": True,
    "secrets_create": True,
    "credentials_create": True,
    "tokens_create": True,
    "tokens_revoke_all": False,
    "providers_create": True,
}


def held(holder):
    """Each example under a request body or an answer, with the schema it is of."""
    for content in holder.get("content", {}).values():
        for example in content.get("examples", {}).values():
            yield content["schema"], example["value"]
        if "example" in content:
            yield content["schema"], content["example"]


def examples():
    for path, methods in SCHEMA["paths"].items():
        for method, operation in methods.items():
            for schema, value in held(operation.get("requestBody", {})):
                yield pytest.param("writeOnly", schema, value, id=f"{method} {path}, sent")
            for status, answer in operation["responses"].items():
                for schema, value in held(answer):
                    yield pytest.param("readOnly", schema, value, id=f"{method} {path}, {status}")


def as_json_schema(schema, direction):
    """
    The same in JSON Schema, with references resolved.

    There is no `nullable` there, and what goes in the other direction is not there at all.
    """
    if isinstance(schema, list):
        return [as_json_schema(each, direction) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return as_json_schema(SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], direction)
    told = {name: as_json_schema(value, direction) for name, value in schema.items() if name != "properties"}
    if "properties" in schema:
        other = {"readOnly", "writeOnly"} - {direction}
        members = {
            name: as_json_schema(each, direction)
            for name, each in schema["properties"].items()
            if not any(each.get(way) for way in other)
        }
        told |= {"properties": members, "additionalProperties": False}
        told["required"] = [name for name in told.get("required", []) if name in members]
    return {"anyOf": [told, {"type": "null"}]} if told.pop("nullable", False) else told


@pytest.mark.parametrize(("direction", "schema", "value"), list(examples()))
def test_an_example_is_what_its_schema_says(direction, schema, value):
    jsonschema.validate(
        value,
        as_json_schema(schema, direction),
        format_checker=jsonschema.FormatChecker(["uuid", "date"]),
    )


def test_whoever_begins_sees_what_to_send_and_what_comes_back():
    operations = {
        operation["operationId"]: operation
        for methods in SCHEMA["paths"].values()
        for operation in methods.values()
    }
    for name, sends in FIRST.items():
        operation = operations[name]
        assert any(held(operation["requestBody"])) if sends else "requestBody" not in operation, name
        succeeded = next(answer for status, answer in operation["responses"].items() if status < "300")
        assert any(held(succeeded)), name


def test_a_value_of_another_type_is_seen():
    """The rules above can fail: the schema of tokens, with a number in the place of a text."""
    schema = as_json_schema({"$ref": "#/components/schemas/TokenRequest"}, "writeOnly")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"label": 5}, schema)
