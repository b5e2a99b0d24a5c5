"""Actions of the admin that end something: they ask first, and say of how many."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin

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
