"""The icon on a provider's button: a drawing by its name, or one or two characters."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

# The symbols of static/img/icons.svg, which templates/_provider_icon.html knows too.
ICONS = ("key", "building", "shield", "globe", "people", "cloud")
MOST_CHARACTERS = 2


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
