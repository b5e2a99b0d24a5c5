"""Form fields of a registration: lists and maps, as lines of text or as JSON, and the icon on a provider's button."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

# The symbols of static/img/icons.svg, which templates/_provider_icon.html knows too.
ICONS = ("key", "building", "shield", "globe", "people", "cloud")
MOST_CHARACTERS = 2


class StructureField(forms.JSONField, ABC):
    """
    A JSON value, edited as lines.

    Text that begins with a bracket is taken as JSON. The shape of the value is judged by the rules of the
    registration, not here.
    """

    opening = "["
    example = ""
    widget = forms.Textarea(attrs={"rows": 4, "cols": 60, "spellcheck": "false"})
    bound_data = forms.Field.bound_data  # what was typed, and not what it would be as JSON

    def prepare_value(self, value: Any) -> Any:
        """The stored value as text; what was typed comes back as it was."""
        if value is None or isinstance(value, str):
            return value
        return self.as_text(value)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return self.from_lines([]) if value is None else value
        text = value.strip()
        if text.startswith(self.opening):
            return self._from_json(text)
        return self.from_lines(list(filter(None, map(str.strip, text.splitlines()))))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True

    @abstractmethod
    def as_text(self, value: Any) -> str:
        """Return a stored value as lines, or as JSON where it has a shape that lines cannot tell."""

    @abstractmethod
    def from_lines(self, lines: list[str]) -> Any:
        """Return the value of lines without blanks around them. Raises ValidationError."""

    def _from_json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise forms.ValidationError(
                f"It begins like JSON and is none. As lines: {self.example}"
            ) from None

    def _pairs(self, lines: Iterable[str], separator: str) -> list[tuple[str, str]]:
        pairs = []
        for line in lines:
            left, found, right = line.partition(separator)
            if not found:
                raise forms.ValidationError(f"“{line[:80]}” is not of the form {self.example}")
            pairs.append((left.strip(), right.strip()))
        return pairs


class LinesField(StructureField):
    """A list of texts, one a line."""

    example = "one a line"

    def as_text(self, value: Any) -> str:
        plain = isinstance(value, list) and all(isinstance(member, str) for member in value)
        return "\n".join(value) if plain else json.dumps(value)

    def from_lines(self, lines: list[str]) -> list[str]:
        return lines


class PairsField(StructureField):
    """A map from text to text, `name: value` a line; a name may not be there twice."""

    opening = "{"
    example = "name: value"

    def as_text(self, value: Any) -> str:
        if isinstance(value, dict):
            return "\n".join(f"{name}: {text}" for name, text in value.items())
        return json.dumps(value)

    def from_lines(self, lines: list[str]) -> dict[str, str]:
        pairs = self._pairs(lines, ":")
        if len(dict(pairs)) != len(pairs):
            raise forms.ValidationError("A name is there twice.")
        return dict(pairs)


class GroupRulesField(StructureField):
    """Rules from a value of the groups claim to a group, `value => group` a line."""

    example = "claim value => group"

    def as_text(self, value: Any) -> str:
        try:
            return "\n".join(f"{rule['claim_value']} => {rule['group']}" for rule in value)
        except (TypeError, KeyError):
            return json.dumps(value)

    def from_lines(self, lines: list[str]) -> list[dict[str, str]]:
        return [{"claim_value": value, "group": group} for value, group in self._pairs(lines, "=>")]


class IconInput(forms.TextInput):
    """A line of text that proposes the names, with the drawings below it."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        names = f"{name}-names"
        line = super().render(name, value, {**(attrs or {}), "list": names}, renderer)
        context = {"line": line, "list": names, "icons": ICONS}
        return render_to_string("admin/providers/provider/_icon_names.html", context)


class IconField(forms.CharField):
    """Empty, one of ICONS, or something that is drawn as it is."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            max_length=32,
            widget=IconInput,
            help_text="One of these names, or one or two characters such as an emoji. "
            "Empty shows the first letter of the name.",
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or "") != (data or ""))

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in ICONS and len(value) > MOST_CHARACTERS:
            raise forms.ValidationError(f"One of {', '.join(ICONS)}, or at most two characters.")
