"""/providers"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from providers.api.examples import CHANGED_PROVIDER, NEW_PROVIDER
from providers.api.serializers import ProviderChangeSerializer, ProviderSerializer, SavedProviderSerializer
from providers.kinds import Kind, all_kinds, kind_of
from providers.models import Provider
from providers.registration.errors import RegistrationInvalid, RehearsalRequired
from providers.registration.fields import FIELDS, SESSION
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, enable_provider, save_provider
from ssoconsole.platform.rest_views import ResourceView, caller, created


class NotRehearsed(APIException):
    """409: the change could lock people out, nobody has rehearsed it, and the body does not say `anyway`."""

    status_code = status.HTTP_409_CONFLICT
    default_code = RehearsalRequired.code


@contextmanager
def rehearsal_as_conflict() -> Iterator[None]:
    """Answer the domain's error with the status that it has here."""
    try:
        yield
    except RehearsalRequired as required:
        raise NotRehearsed(required.message) from None


def provider_named(slug: str) -> Provider:
    """Return the provider of this name. Raises NotFound."""
    provider = Provider.objects.named(slug)
    if provider is None:
        raise NotFound
    return provider


class ProvidersView(ResourceView):
    """All registrations."""

    serializer_class = ProviderSerializer
    ordering = "slug"

    @extend_schema(operation_id="providers_list", responses=ProviderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List providers by slug."""
        return self.listed(Provider.objects.all())

    @extend_schema(
        operation_id="providers_create",
        request=ProviderSerializer,
        responses={201: SavedProviderSerializer},
        examples=NEW_PROVIDER,
    )
    def post(self, request: Request) -> Response:
        """Register a provider; its discovery document is fetched and checked."""
        data = self.body(request)
        kind = kind_of(data.get("kind") or Provider().kind)
        provider = Provider(
            slug=data["slug"],
            kind=kind.key,
            enabled=data.get("enabled", True),
            **deepcopy(dict(kind.defaults)),
        )
        warnings = _save(provider, data, request)
        return created(_saved(provider, warnings), "api_provider", slug=provider.slug)


class ProviderView(ResourceView):
    """One registration."""

    serializer_class = ProviderSerializer

    @extend_schema(operation_id="providers_read", responses=ProviderSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Read a provider."""
        return Response(self.shown(provider_named(slug)))

    @extend_schema(
        operation_id="providers_change",
        request=ProviderChangeSerializer,
        responses=SavedProviderSerializer,
        examples=CHANGED_PROVIDER,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """
        Change what is given; a `client_secret` of null removes it.

        What could lock people out needs a fresh rehearsal in the admin, or `anyway: true`, which goes on record.
        """
        provider, by = provider_named(slug), caller(request)
        data = self.body(request, ProviderChangeSerializer)
        anyway = data.pop("anyway", False)
        with rehearsal_as_conflict():
            if data.keys() - {"enabled"}:
                provider.enabled = data.get("enabled", provider.enabled)
                return Response(_saved(provider, _save(provider, data, request, anyway=anyway)))
            # A registration that cannot be saved any more can still be disabled.
            if data.get("enabled") is True:
                enable_provider(provider=provider, by=by, anyway=anyway)
            elif data.get("enabled") is False:
                disable_provider(provider=provider, by=by)
        return Response(_saved(provider, []))

    @extend_schema(operation_id="providers_disable", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Disable a provider and end its sessions. The registration stays."""
        disable_provider(provider=provider_named(slug), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _saved(provider: Provider, warnings: list[str]) -> Any:
    return SavedProviderSerializer(provider, context={"warnings": warnings}).data


def _save(provider: Provider, data: dict[str, Any], request: Request, *, anyway: bool = False) -> list[str]:
    try:
        _fill(provider, data)
        return save_provider(provider=provider, by=caller(request), anyway=anyway)
    except RegistrationInvalid as invalid:
        raise RegistrationInvalid(_by_member(invalid)) from None


def _fill(provider: Provider, data: dict[str, Any]) -> None:
    """Put what the body has on the row; what it does not have stays."""
    for name in FIELDS:
        if name in data:
            setattr(provider, name, data[name])
    if data.get("client_secret"):
        set_client_secret(provider, data["client_secret"])
    provider.prompt = provider.prompt or ""  # null in the file's keys
    for name in SESSION:
        if name in data.get("session", {}):
            setattr(provider, f"session_{name}", data["session"][name])
    kind = kind_of(provider)
    _refuse_foreign(kind, data)
    given = {name: data[name] for name in ("issuer", *kind.extra_fields) if data.get(name)}
    if given:
        provider.issuer = kind.issuer_from(given)


def _refuse_foreign(kind: Kind, data: dict[str, Any]) -> None:
    extra = {name for each in all_kinds().values() for name in each.extra_fields}
    if foreign := sorted((extra - kind.extra_fields.keys()) & data.keys()):
        raise RegistrationInvalid({name: [f"This is not for the kind {kind.key}."] for name in foreign})


def _by_member(invalid: RegistrationInvalid) -> dict[str, list[str]]:
    """The problems under the names of the body: `session.lifetime` for `session_lifetime`."""
    members = {f"session_{name}": f"session.{name}" for name in SESSION}
    return {members.get(field, field): sentences for field, sentences in invalid.problems.items()}
