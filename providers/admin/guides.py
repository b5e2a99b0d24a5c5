"""The guide beside the form: what to do at the provider, and the values to paste there."""

import json
import re
from collections.abc import Iterator
from copy import copy
from typing import Any

from django.forms import BaseForm
from django.forms.models import model_to_dict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from providers.errors import ProviderUnknown
from providers.kinds import Kind, all_kinds, kind_of
from providers.models import Provider

# Stands in a value for a slug that nobody has typed yet; static/js/provider-form.js fills it in.
NO_SLUG = "<slug>"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def guides(provider: Provider, form: BaseForm | None) -> list[dict[str, Any]]:
    """
    Return what `_guide.html` shows for each kind, the one of this form unfolded.

    The values follow what is typed into the form, so that they are right before the first save; without a form
    they are those of the registration, and so is the one kind. A kind whose module is gone has no guide.
    """
    shown = copy(provider)
    if form:
        for name in {"kind", "slug", "callback"} & form.fields.keys():
            setattr(shown, name, str(form[name].value() or ""))
    # A browser echoes what was posted; only what can become a slug belongs into an address.
    shown.slug = shown.slug if _SLUG.fullmatch(shown.slug) else NO_SLUG
    try:
        current: Kind | None = kind_of(shown)
    except ProviderUnknown:
        current = None
    kinds = [kind for kind in all_kinds().values() if kind is current or form]
    return [
        _guide(kind, shown, is_open=kind is current) | {"usual": _usual(kind, form) if form else ""}
        for kind in kinds
    ]


def _guide(kind: Kind, provider: Provider, *, is_open: bool) -> dict[str, Any]:
    values = {value["label"]: value for value in _values(kind, provider)}
    steps = [
        {"text": _emphasised(step.text), "values": [values[label] for label in step.paste]}
        for step in kind.guide
    ]
    return {"kind": kind, "open": is_open, "steps": steps, "notes": kind.notes}


def _usual(kind: Kind, form: BaseForm) -> str:
    """The values that this kind, or another, has of its own, as the fields of the form show them, in JSON."""
    names = {name for each in all_kinds().values() for name in each.defaults} & form.fields.keys()
    usual = {**model_to_dict(Provider(), fields=names), **kind.defaults}
    return json.dumps({name: form.fields[name].prepare_value(usual[name]) for name in sorted(names)})


def _values(kind: Kind, provider: Provider) -> Iterator[dict[str, str]]:
    """Each value as it is now, and as it would be with either callback and any slug."""
    patterns = {
        callback: dict(kind.setup_values(Provider(slug=NO_SLUG, callback=callback)))
        for callback in Provider.Callback.values
    }
    for number, (label, value) in enumerate(kind.setup_values(provider)):
        yield {
            "id": f"setup-{kind.key}-{number}",
            "label": label,
            "value": value,
            "dedicated": patterns[Provider.Callback.DEDICATED][label],
            "shared": patterns[Provider.Callback.SHARED][label],
        }


def _emphasised(text: str) -> SafeString:
    """Put what stands between stars into bold type, and escape everything."""
    parts = text.split("*")
    tags = (("strong" if number % 2 else "span", part) for number, part in enumerate(parts) if part)
    return format_html_join("", "<{0}>{1}</{0}>", tags)
