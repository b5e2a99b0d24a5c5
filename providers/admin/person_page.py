"""What a person's page opens with: identities, live sessions, recent attempts, and which rule gave each right."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from providers.account.browsers import browser_name
from providers.explanations.searching import claimed_by
from providers.models import ConsoleSession, GivenRight, Identity, Provider, SignInAttempt
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.admin_lookups import may_view

SHOWN = 10
MOST_RIGHTS = 100
# A provider's documents may be half a megabyte each.
DOCUMENTS = ("provider__discovery", "provider__jwks")
BY_HAND = "By hand"
BY_COMMAND = "A temporary administrator, by a command"
BY_SOME_RULE = "A rule of a provider"


def page_of(user: User, request: HttpRequest) -> dict[str, Any]:
    """
    Return the parts that the person of this request may see, each with at most SHOWN rows.

    None in the place of a part that he may not.
    """
    identities = _identities(user) if may_view(Identity, request) else None
    attempts = _attempts(user, identities or []) if may_view(SignInAttempt, request) else None
    return {
        "identities": identities,
        "sessions": _sessions(user) if may_view(ConsoleSession, request) else None,
        "may_end": request.user.has_perm("providers.change_consolesession"),
        "attempts": attempts,
        "groups_untold": _groups_untold(attempts or []),
        "rights": list(_rights(user, tells_rules=may_view(Provider, request))),
    }


def _identities(user: User) -> list[Identity]:
    rows = user.identities.select_related("provider").defer(*DOCUMENTS)
    return list(rows.order_by(F("last_signed_in_at").desc(nulls_last=True), "pk")[:SHOWN])


def _sessions(user: User) -> list[tuple[ConsoleSession, str]]:
    """The live ones, the newest first, each with what its browser is called."""
    live = ConsoleSession.objects.live(at=timezone.now()).filter(user=user).select_related("provider")
    rows = live.defer(*DOCUMENTS, "id_token", "refresh_token")[:SHOWN]
    return [(session, browser_name(session.user_agent)) for session in rows]


def _attempts(user: User, identities: list[Identity]) -> list[SignInAttempt]:
    """The newest of this account, and those refused whose claims have called somebody as it is called."""
    attempts = SignInAttempt.objects.select_related("provider").defer(*DOCUMENTS, "claims")
    names = [user.username, user.email, *(identity.sub for identity in identities)]
    claimed = attempts.filter(pk__in=claimed_by(*names, most=SHOWN * len(names)))
    found = {row.pk: row for row in (*attempts.filter(user=user)[:SHOWN], *claimed[:SHOWN])}
    return sorted(found.values(), key=lambda row: row.started_at, reverse=True)[:SHOWN]


def _groups_untold(attempts: list[SignInAttempt]) -> list[str]:
    """Of the last sign-in that went well, the groups that the provider did not tell; they stayed as they were."""
    last = next((each for each in attempts if each.user_id and each.outcome == "ok"), None)
    return last.groups_untold if last else []


def _rights(user: User, *, tells_rules: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield each right, and by which rules it was given; what has none was given by hand."""
    rows = GivenRight.objects.filter(identity__user=user).select_related("identity__provider")
    given: dict[int | None, list[str]] = defaultdict(list)
    for row in rows.only("group", "reason", "identity__provider__name").order_by("pk")[:MOST_RIGHTS]:
        kind = "the claim value" if row.group_id else "the administrator"
        told = f"{row.identity.provider}: {kind} “{row.reason}”" if tells_rules else BY_SOME_RULE
        if told not in given[row.group_id]:
            given[row.group_id].append(told)
    administration = given[None] or [BY_COMMAND if user.expires_at else BY_HAND]
    if user.is_superuser:
        yield "Superuser", administration
    if user.is_staff:
        yield "Staff", administration
    groups = Group.objects.filter(user=user).order_by("name").values_list("pk", "name")
    for pk, name in groups[:MOST_RIGHTS]:
        yield f"Group {name}", given[pk] or [BY_HAND]
