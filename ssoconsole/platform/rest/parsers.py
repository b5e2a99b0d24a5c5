"""JSON as every parser reads it."""

from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from ssoconsole.platform.jose.strict_json import BYTE_ORDER_MARK, MalformedJson, loads


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
