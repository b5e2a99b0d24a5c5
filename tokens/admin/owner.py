"""Whose a bot is: names are offered while one types, and one that is nobody's is a warning and no refusal."""

from itertools import chain, islice
from typing import ClassVar

from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.admin_base import AnyModelAdmin, may_view
from ssoconsole.platform.keyset.filters import beginning_with, in_any_case
from tokens.bots.services import account_of_owner, owner_waits
from tokens.models import Bot

OFFERED = 10
KNOWN = "Known"


class OwnerInput(AdminTextInputWidget):
    """A text, beside which a script offers people from `data-people`."""

    class Media:
        js: ClassVar[list[str]] = ["js/owner.js"]


def people_to_own(model_admin: AnyModelAdmin, request: HttpRequest) -> HttpResponse:
    """
    Tell whose user name or e-mail address this text is, and whose user name begins so; at most OFFERED people.

    For who may view people, and gives bots to them. What is typed is posted, and stands in no address.
    """
    gives = model_admin.has_add_permission(request) or model_admin.has_change_permission(request)
    if not (gives and may_view(User, request)):
        raise PermissionDenied
    # Neither NUL nor half a surrogate pair is in any column.
    typed = request.POST.get("text", "").replace("\0", "").encode("utf-8", "replace").decode().strip()
    found: dict[str, User] = {}
    if typed and len(typed) <= 255:
        people = User.objects.filter(is_active=True).order_by()
        rows = chain.from_iterable(
            each.iterator()
            for each in (
                in_any_case(people, "username", typed)[:1],
                in_any_case(people, "email", typed)[:OFFERED],
                beginning_with(people, "username", typed)[:OFFERED],
            )
        )
        found = {user.username: user for user in rows}
    told = [
        {"username": user.username, "detail": ", ".join(filter(None, (user.name, user.email)))}
        for user in islice(found.values(), OFFERED)
    ]
    return JsonResponse({"people": told}, headers={"Cache-Control": "no-store"})


def about_owner(bot: Bot) -> str:
    """Return whether the name leads to somebody: KNOWN, or what whoever gives the bot should know."""
    if not bot.owner:
        return "Nobody"
    if owner_waits(bot):
        return (
            "Made after this bot was given to its name: it owns nothing before somebody presses “Confirm the "
            "owners” in the list, or names the owner again by the API."
        )
    person = account_of_owner(bot).first()
    if person is None:
        return (
            "None of that name. An account that is made under it later owns the bot once an administrator confirms "
            "it."
        )
    return KNOWN if person.is_active else "Disabled: the bot gets no tokens, and those it has do not count."
