"""Columns that hold a list or a map of texts: what forms, API and file make of each is told by its class."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models


class StructureColumn(models.JSONField):
    """
    JSON of one shape, which the registration's rules judge (`providers.registration.shapes`).

    To the database and to migrations it is JSON like any other, and the words of its help are not theirs.
    """

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("help_text", None)
        return name, "django.db.models.JSONField", args, kwargs

    def formfield(self, form_class: Any = None, choices_form_class: Any = None, **kwargs: Any) -> Any:
        """Without the encoder of JSON fields: the form's field reads lines."""
        return models.Field.formfield(
            self, form_class=form_class or forms.JSONField, choices_form_class=choices_form_class, **kwargs
        )


class TextList(StructureColumn):
    """A list of texts."""


class TextMap(StructureColumn):
    """A map from text to text."""


class GroupRules(StructureColumn):
    """A list of rules from a value of the groups claim to a group."""
