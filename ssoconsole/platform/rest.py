"""How the REST API reads bodies: to the letter, as every parser would."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from ssoconsole.platform.jose.strict_json import BYTE_ORDER_MARK, MalformedJson, loads

# Field and the types of JSON that it takes; the framework would take "5" for 5, 1 for true and 5 for "5".
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.CharField, (str,), "a text"),
    (serializers.DateTimeField, (str,), "a text"),
    (serializers.ChoiceField, (str,), "a text"),
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "a whole number"),
)


class StrictSerializer(serializers.Serializer[Any]):
    """
    Refuses members that it does not know, and values of another type of JSON than theirs.

    A mistyped member must not be a silent no, and what the schema says is what is taken.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name: field for name, field in self.fields.items() if not field.read_only}
            wrong = {str(name): ["There is no such member here."] for name in data if name not in known}
            for name, field in known.items():
                if sentence := _not_to_the_letter(field, data.get(name)):
                    wrong[name] = [sentence]
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _not_to_the_letter(field: Any, value: Any) -> str:
    """Tell in a sentence what is wrong with the type or the length of a value; "" where nothing is."""
    if value is None:
        return ""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return next(filter(None, (_not_to_the_letter(field.child, each) for each in value)), "")
    if isinstance(field, serializers.DictField) and isinstance(value, Mapping):
        return next(filter(None, (_not_to_the_letter(field.child, each) for each in value.values())), "")
    for kind, types, called in JSON_TYPES:
        # True is an int of Python's, and no number of JSON's.
        if isinstance(field, kind) and (
            not isinstance(value, types) or isinstance(value, bool) != (bool in types)
        ):
            return f"This must be {called}."
    if isinstance(field, serializers.CharField) and field.max_length and len(value) > field.max_length:
        return f"This has more than {field.max_length} characters."  # before blanks around it are taken away
    return ""


class StrictJSONParser(JSONParser):
    """
    Refuses what parsers read differently, what nests too deep for one, and names that no database keeps.

    The framework's own would fall over deep nesting, and take the last of two members of one name.
    """

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value of a body in UTF-8. Raises ParseError."""
        try:
            value = loads(stream.read().removeprefix(BYTE_ORDER_MARK))
        except MalformedJson as malformed:
            raise ParseError(f"This is no JSON that the console reads: {malformed}.") from None
        if _names_nul(value):
            raise ParseError("This is no JSON that the console reads: a name holds a NUL character.")
        return value


def _names_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in name for name in value) or any(map(_names_nul, value.values()))
    return isinstance(value, list) and any(map(_names_nul, value))
