"""
What the admins stand on: what may be looked at, and which columns a list can be asked about, never a secret.

Actions that end something ask first, and say of how many.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets, model_ngettext
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.eventlog.services import in_words

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin

# How the names of such columns end where they are not encrypted.
SECRET = ("password", "_hash", "session_key")
# They take a pattern, whose work may grow with the power of its length.
PATTERNS = ("regex", "iregex")


def may_view(model: type[models.Model], request: HttpRequest) -> bool:
    """Tell whether the person of this request may look at the rows of a model in the admin."""
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def holds_secret(field: object) -> bool:
    """Tell whether a column holds a secret, encrypted or not, or what one could be guessed by."""
    if isinstance(field, EncryptedTextField):
        return True
    return isinstance(field, models.CharField | models.TextField) and field.name.endswith(SECRET)


if TYPE_CHECKING:
    AnyOptions = admin.options.BaseModelAdmin[Any]
else:
    AnyOptions = object


class ListsInWords(AnyOptions):
    """Shows lists and maps in words to whoever may only look, in the place of Django's JSON."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        # Whoever may not change a row may not change what stands on its page either.
        owner = getattr(self, "parent_model", self.model)
        if obj is None or self.admin_site.get_model_admin(owner).has_change_permission(request, obj):
            return sets
        columns = {field.name: field for field in self.opts.fields if isinstance(field, models.JSONField)}
        return [
            (title, options | {"fields": _replaced(options["fields"], columns)}) for title, options in sets
        ]


def _replaced(names: Any, columns: dict[str, Any]) -> list[Any]:
    return [
        _replaced(name, columns)
        if isinstance(name, list | tuple)
        else (_words_of(columns[name]) if name in columns else name)
        for name in names
    ]


def _words_of(column: Any) -> Callable[[Any], str]:
    @admin.display(description=column.verbose_name)
    def words(row: Any) -> str:
        return in_words(getattr(row, column.name))

    words.__name__ = column.name
    return words


class ShownColumnsOnly(ListsInWords, AnyModelAdmin):
    """
    Refuses every lookup of a query string but those over what the admin shows of its own rows.

    Django's own leaves every column of the model itself open: by `?password__startswith=` whoever may look at people
    reads a hash, letter by letter. The site puts this in front of every admin that is registered.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        parts = lookup.split(LOOKUP_SEP)
        fields = _fields_on(self.model, parts)
        if parts[-1] in PATTERNS or any(map(holds_secret, fields)):
            return False
        # What names no column is the parameter of a filter, or nothing: the list tells.
        if fields and parts[0] not in self._shown_columns(request):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]  # None is its default

    def _shown_columns(self, request: HttpRequest | None) -> set[str]:
        """The first parts of all names by which rows are listed, filtered or shown."""
        asked = request or HttpRequest()
        filters = [
            item[0] if isinstance(item, list | tuple) else item for item in self.get_list_filter(asked)
        ]
        fields = [*self.get_list_display(asked), *filters, self.date_hierarchy, *_declared_fields(self)]
        names = {name.split(LOOKUP_SEP)[0] for name in fields if isinstance(name, str)}
        return names | {"pk", self.opts.pk.name}


def _declared_fields(model_admin: AnyModelAdmin) -> list[Any]:
    return flatten_fieldsets(model_admin.fieldsets or ((None, {"fields": model_admin.fields or ()}),))


def _fields_on(model: type[models.Model] | Any, parts: list[str]) -> list[Any]:
    """The fields that a lookup goes along, as far as there are such."""
    found = []
    for part in parts:
        try:
            field = model._meta.get_field(model._meta.pk.name if part == "pk" else part)
        except FieldDoesNotExist:
            break
        found.append(field)
        if not field.is_relation or field.related_model is None:
            break
        model = field.related_model
    return found


Action = Callable[[Any, HttpRequest, Any], None]
# Rows that a page asks about: its form has a field for each, and Django reads a thousand.
MOST = 900


def asks_first(
    question: str, *, named: Callable[[Any], str] = str
) -> Callable[[Action], Callable[[Any, HttpRequest, Any], HttpResponse | None]]:
    """
    Let an action of the admin run only after a page has shown what it is about to change, each row by its name.

    It then changes the rows that were shown, at most MOST, and none that have come to the list meanwhile.
    """

    def decorate(action: Action) -> Callable[[Any, HttpRequest, Any], HttpResponse | None]:
        @wraps(action)
        def asking(
            model_admin: AnyModelAdmin, request: HttpRequest, rows: QuerySet[Any]
        ) -> HttpResponse | None:
            if request.POST.get("confirmed") == "yes":
                action(model_admin, request, rows)
                return None
            related = model_admin.get_list_select_related(request)
            found = rows.select_related(*related) if isinstance(related, tuple | list) else rows
            shown = list(found[: MOST + 1])
            if len(shown) > MOST:
                text = f"More than {MOST} are chosen. Choose at most {MOST} at a time."
                model_admin.message_user(request, text, messages.ERROR)
                return None
            context = {
                **model_admin.admin_site.each_context(request),
                "title": "Are you sure?",
                "question": question,
                "what": f"{len(shown)} {model_ngettext(model_admin.opts, len(shown))}",
                "rows": [(row.pk, named(row)) for row in shown],
                "action": action.__name__,
                "back": request.get_full_path(),
                "opts": model_admin.opts,
            }
            return TemplateResponse(request, "admin/confirm.html", context)

        asking.asks_first = True  # type: ignore[attr-defined]  # by which a test finds those that do not ask
        return asking

    return decorate
