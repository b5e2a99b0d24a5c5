"""What a bot may ask for, and where."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects

from ssoconsole.platform.actors import Actor
from tokens.audiences import console_identifier
from tokens.errors import (
    AudienceAmbiguous,
    AudienceDisabled,
    GrantRepeated,
    NotGranted,
    UnauthorizedClient,
    UnknownScope,
)
from tokens.models import Audience, Bot, Grant
from tokens.protocol.scopes import check_roles, check_scopes


@dataclass(frozen=True)
class GrantSpec:
    """A grant as it is to be: scopes out of the audience's, and the roles its tokens carry."""

    audience: Audience
    scopes: Sequence[str]
    roles: Sequence[str] = ()


def administers(bot: Bot) -> bool:
    """Tell whether the bot has a grant at the console's own API, by which it reads or does what a superuser may."""
    console = console_identifier(settings.BASE_URL)
    return bot.pk is not None and Grant.objects.filter(bot=bot, audience__identifier=console).exists()


def refuse_to_give_power(bot: Bot, *, by: Actor, specs: Iterable[GrantSpec] = ()) -> None:
    """Raises SuperuserRequired where `by` is none, and the bot administers the console or would by `specs`."""
    console = console_identifier(settings.BASE_URL)
    if by.is_limited and (any(s.audience.identifier == console for s in specs) or administers(bot)):
        by.refuse_if_limited("give grants at this console, or change a bot that has one")


def check_grants(specs: Sequence[GrantSpec]) -> list[GrantSpec]:
    """Return the grants with each value once. Raises UnknownScope, RoleInvalid, GrantRepeated."""
    if len({spec.audience.pk for spec in specs}) != len(specs):
        raise GrantRepeated
    return [check_grant(spec) for spec in specs]


def check_grant(spec: GrantSpec) -> GrantSpec:
    """Return one grant with each value once. Raises UnknownScope, RoleInvalid."""
    scopes = check_scopes(spec.scopes)
    unknown = [scope for scope in scopes if scope not in spec.audience.scopes]
    if unknown:
        raise UnknownScope(
            expected=" ".join(spec.audience.scopes) or "no scope", received=" ".join(unknown)[:200]
        )
    return GrantSpec(spec.audience, scopes, check_roles(spec.roles))


def replace_grants(bot: Bot, specs: Sequence[GrantSpec]) -> bool:
    """Make the bot's grants these; tell whether anything was taken away. The caller has checked them."""
    wanted = {spec.audience.pk: spec for spec in specs}
    narrowed = False
    for grant in Grant.objects.filter(bot=bot):
        spec = wanted.pop(grant.audience_id, None)
        if spec is None:
            grant.delete()
            narrowed = True
        elif (grant.scopes, grant.roles) != (list(spec.scopes), list(spec.roles)):
            narrowed |= not (set(grant.scopes) <= set(spec.scopes) and set(grant.roles) <= set(spec.roles))
            grant.scopes, grant.roles = list(spec.scopes), list(spec.roles)
            grant.save(update_fields=["scopes", "roles"])
    for spec in wanted.values():
        Grant.objects.create(
            bot=bot, audience=spec.audience, scopes=list(spec.scopes), roles=list(spec.roles)
        )
    _forget_grants(bot)
    return narrowed


def grants_of(bot: Bot) -> list[Grant]:
    """The bot's grants with their audiences, read once for each instance of a bot."""
    prefetch_related_objects([bot], Prefetch("grants", Grant.objects.select_related("audience")))
    return list(bot.grants.all())


def grants_shown(bot: Bot) -> list[dict[str, Any]]:
    """The grants as the API and the event log write them."""
    return [
        {"audience": grant.audience.identifier, "scopes": grant.scopes, "roles": grant.roles}
        for grant in grants_of(bot)
    ]


def choose_grant(bot: Bot, *, identifier: str | None) -> Grant:
    """
    Return the grant at the audience called `identifier`; without one, the only grant there is.

    An audience that does not exist and one that the bot has no grant at look the same. Raises
    UnauthorizedClient when the bot has no grant at all, AudienceAmbiguous, NotGranted, AudienceDisabled.
    """
    grants = grants_of(bot)
    if not grants:
        raise UnauthorizedClient(received=bot.name)
    if identifier is None and len(grants) > 1:
        raise AudienceAmbiguous(expected="one of " + ", ".join(grant.audience.identifier for grant in grants))
    for grant in grants:
        if identifier in (None, grant.audience.identifier):
            return check_usable(grant)
    raise NotGranted(expected=_granted_nearby(grants, identifier or ""), received=(identifier or "")[:255])


def _granted_nearby(grants: list[Grant], identifier: str) -> str:
    """Name the audience of a grant that `identifier` nearly is, for the administrator; "" for none."""
    asked = _without_spelling(identifier)
    near = [name for grant in grants if _without_spelling(name := grant.audience.identifier) == asked]
    return f"{near[0]}, where the bot has a grant: another spelling is another audience" if near else ""


def _without_spelling(identifier: str) -> str:
    """An identifier without what is easily mistyped: slashes at the end, case, scheme, its port and blanks."""
    plain = identifier.strip().rstrip("/").lower().removeprefix("https://").removeprefix("http://")
    host, slash, path = plain.partition("/")
    return host.removesuffix(":443").removesuffix(":80") + slash + path


def check_usable(grant: Grant) -> Grant:
    """Return the grant; raises AudienceDisabled."""
    if grant.audience.disabled_at:
        raise AudienceDisabled(received=grant.audience.identifier)
    return grant


def granted_scopes(*, held: Sequence[str], there: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    """
    Return the scopes a token gets: those asked for, or by default all of the grant's, which are `held`.

    What is not `there`, among the audience's, is granted to nobody (RFC 9068 section 3). Raises UnknownScope.
    """
    granted = [scope for scope in held if scope in there]
    if asked is None:
        return granted
    beyond = [scope for scope in asked if scope not in granted]
    if beyond:
        raise UnknownScope(expected=" ".join(granted) or "no scope", received=" ".join(beyond)[:200])
    return list(asked)


def _forget_grants(bot: Bot) -> None:
    getattr(bot, "_prefetched_objects_cache", {}).pop("grants", None)
