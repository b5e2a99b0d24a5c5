"""Bodies that are taken to the letter."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

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
