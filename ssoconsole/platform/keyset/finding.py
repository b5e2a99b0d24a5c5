"""Rows that are called something, found along an index however many there are."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower


def in_any_case(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """Return those whose field is this text, in any case; `Lower` of the field needs an index."""
    found: QuerySet[Any] = rows.alias(folded=Lower(field)).filter(folded=Lower(Value(text)))
    return found


def beginning_with(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """Return those whose field begins so, in this case; SQLite has no index for LIKE, and compares byte by byte."""
    begins = Q(**{f"{field}__startswith": text})
    if connection.vendor == "sqlite":
        begins = Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}{chr(0x10FFFF)}"})
    return rows.filter(begins)
