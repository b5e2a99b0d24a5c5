"""
The admin of people: users, their identities and their signed-in browsers, which the console writes and nobody edits.

A person's page begins with his identities, his live sessions, recent attempts, and which rule gave each right.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from providers.account.views import browser_name
from providers.explanations.searching import claimed_by
from providers.identities.linking import LastWayIn, unlink_identity
from providers.identities.rights import leave_by_hand
from providers.models import ConsoleSession, GivenRight, Identity, Provider, SignInAttempt
from providers.sessions.services import end_session, end_sessions_of_user
from ssoconsole.platform.accounts.admin import UserAdmin
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import asks_first, may_view
from ssoconsole.platform.keyset.filters import EndsFilter
from ssoconsole.platform.keyset.paginator import BoundedListAdmin

SHOWN = 10
MOST_RIGHTS = 100
# A provider's documents may be half a megabyte each.
DOCUMENTS = ("provider__discovery", "provider__jwks")
BY_HAND = "By hand"
BY_COMMAND = "A temporary administrator, by a command"
BY_SOME_RULE = "A rule of a provider"
_GO_WITH_THE_PERSON = {model._meta.verbose_name for model in (Identity, ConsoleSession)}


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


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """The accounts' own, which knows of no identity and no session, with both."""

    actions = ("end_sessions",)
    change_form_template = "admin/accounts/user/change_form.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With what there is to know of the person above the form."""
        user = kwargs.get("obj")
        if user is not None:
            context["about"] = page_of(user, request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Identities and sessions go with the person: they are records, which nobody may delete one by one."""
        deleted, count, forbidden, protected = super().get_deleted_objects(objs, request)
        return deleted, count, forbidden - _GO_WITH_THE_PERSON, protected

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        leave_by_hand(form.instance, form.changed_data)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """As for the list of sessions."""
        return request.user.has_perm("providers.change_consolesession")

    @admin.action(description="End all sessions of the selected people", permissions=["end"])
    @asks_first("Every session of these people ends at once. They may sign in again.")
    def end_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        by = Actor.of(request)
        ended = sum(end_sessions_of_user(user=user, by=by) for user in people)
        self.message_user(request, f"Sessions ended: {ended}.", messages.SUCCESS)


class RecordAdmin(BoundedListAdmin):
    """Shows rows and changes none."""

    actions_on_bottom = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Identity)
class IdentityAdmin(RecordAdmin):
    """Who is whom: the pair of provider and subject that a user signs in with; it can be taken away."""

    list_display = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
    list_filter = ("provider",)
    list_select_related = ("user", "provider")
    search_fields = ("sub", "email", "user__username")
    fields = ("user", "provider", "sub", "email", "created_at", "last_signed_in_at")
    actions = ("unlink",)

    def has_unlink_permission(self, request: HttpRequest) -> bool:
        """It is a deletion, though not by the form that deletes rows."""
        return request.user.has_perm("providers.delete_identity")

    @admin.action(description="Unlink the selected identities and end their sessions", permissions=["unlink"])
    @asks_first(
        "These people will not come in by these accounts any more, and their sessions end. "
        "The next sign-in is judged as that of somebody new."
    )
    def unlink(self, request: HttpRequest, identities: QuerySet[Any]) -> None:
        """Anybody else may be left without a way in; oneself never."""
        unlinked = sum(self._unlink(request, identity) for identity in identities)
        self.message_user(request, f"Identities unlinked: {unlinked}.", messages.SUCCESS)

    def _unlink(self, request: HttpRequest, identity: Identity) -> bool:
        if identity.user.is_superuser and not getattr(request.user, "is_superuser", False):
            self.message_user(
                request, f"{identity} is a superuser's; only one may unlink it.", messages.ERROR
            )
            return False
        own = identity.user_id == request.user.pk
        try:
            return unlink_identity(identity=identity, by=Actor.of(request), keep_a_way_in=own)
        except LastWayIn:
            self.message_user(request, f"{identity} is your own only way in; it stays.", messages.ERROR)
            return False


class SessionEndsFilter(EndsFilter):
    stopped = "ended_at"
    may_be_endless = False


@admin.register(ConsoleSession)
class ConsoleSessionAdmin(RecordAdmin):
    """Who is signed in, since when and from where; a session can be ended and nothing else."""

    list_display = ("user", "provider", "started_at", "last_seen_at", "expires_at", "address", "ended_at")
    list_filter = ("provider", ("ended_at", admin.EmptyFieldListFilter), SessionEndsFilter)
    list_select_related = ("user", "provider")
    search_fields = ("user__username", "sub")
    fields = (
        "user",
        "provider",
        "sub",
        "sid",
        "started_at",
        "last_seen_at",
        "checked_at",
        "expires_at",
        "address",
        "user_agent",
        "ended_at",
        "ended_by",
    )
    actions = ("end_sessions",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Ending is a change, though nothing of the row is edited."""
        return request.user.has_perm("providers.change_consolesession")

    @admin.action(description="End the selected sessions", permissions=["end"])
    @asks_first("These sessions end at once. The people may sign in again.")
    def end_sessions(self, request: HttpRequest, sessions: QuerySet[Any]) -> None:
        by = Actor.of(request)
        ended = sum(end_session(session=session, by=by) for session in sessions)
        self.message_user(request, f"Sessions ended: {ended}.", messages.SUCCESS)
