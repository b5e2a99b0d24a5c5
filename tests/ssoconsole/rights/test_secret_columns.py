"""No list of the admin and no filter of the API tells anything about a column that holds a secret or a hash."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from providers.models import ConsoleSession
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import holds_secret
from ssoconsole.platform.encryption.field import EncryptedTextField
from tests.ssoconsole.pages.pages_cast import administrator, come_in, provider
from tokens.bots.services import save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, Credential

WORDS = ("password", "secret", "hash", "digest", "private", "session_key", "seed", "nonce", "verifier")
# Of the text columns that have such a word in the name, those that tell no secret.
HARMLESS = {"token_endpoint_auth_method"}
# Short of what a person may be shown; named for everybody who adds a column.
SECRET = {
    "accounts.SecretToShow.secret",
    "accounts.SecretToShow.session_hash",
    "accounts.User.password",
    "axes.AccessLog.session_hash",
    "providers.ClaimedName.name_hash",
    "providers.ClientKey.private_key",
    "providers.ConsoleSession.id_token",
    "providers.ConsoleSession.refresh_token",
    "providers.Provider.client_secret",
    "providers.ProviderVersion.configuration",
    "providers.Rehearsal.registration",
    "providers.Rehearsal.result",
    "providers.SignInAttempt.binding_hash",
    "providers.SignInAttempt.claims",
    "providers.SignInAttempt.code_verifier",
    "providers.SignInAttempt.nonce",
    "providers.SignInAttempt.posted_answer",
    "providers.SignInAttempt.state_hash",
    "providers.SpentLogoutToken.jti_hash",
    "sessions.Session.session_key",
    "tokens.Credential.secret_hash",
    "tokens.RepeatableRequest.body_hash",
    "tokens.RepeatableRequest.key_hash",
    "tokens.SigningKey.private_key",
    "tokens.SpentAssertion.jti_hash",
    "tokens.StatusList.seed",
}
LOOKUPS = ("", "__startswith", "__regex", "__gt", "__isnull", "__in", "__contains")
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def looks_secret(field):
    text = isinstance(field, (models.CharField, models.TextField, models.BinaryField))
    named = text and field.name not in HARMLESS and any(word in field.name for word in WORDS)
    return named or isinstance(field, EncryptedTextField)


def paths_to_secrets(model, *, deep=3, seen=()):
    """Every chain of relations, also backwards, from `model` to a column that holds a secret."""
    for field in model._meta.get_fields():
        if field.is_relation and deep and field.related_model and field.related_model not in seen:
            name = field.name if field.concrete else field.get_accessor_name() and field.name
            for path in paths_to_secrets(field.related_model, deep=deep - 1, seen=(*seen, model)):
                yield f"{name}__{path}"
        elif not field.is_relation and looks_secret(field):
            yield field.name


@pytest.fixture
def superuser(db):
    user = administrator()
    client = Client()
    come_in(client, user, provider())
    return client


def test_every_column_that_looks_secret_is_known_as_one():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if looks_secret(field)
    }
    assert found == SECRET
    assert all(
        holds_secret(field)
        for model in apps.get_models()
        for field in model._meta.fields
        if f"{model._meta.label}.{field.name}" in SECRET
    )


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_list_can_be_asked_about_one(superuser, model):
    model_admin = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = User.objects.get()
    paths = list(paths_to_secrets(model))
    for path in paths:
        for lookup in LOOKUPS:
            assert not model_admin.lookup_allowed(path + lookup, "x", request), path + lookup
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for path in paths[:3]:
        answer = superuser.get(url, {f"{path}__startswith": "x"})
        assert answer.status_code == 400, path


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_none_is_listed_sorted_searched_or_filtered_by_one(db, model):
    model_admin = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = administrator()
    columns = [*model_admin.get_list_display(request), *model_admin.get_list_filter(request)]
    columns += [*model_admin.get_search_fields(request), model_admin.date_hierarchy or ""]
    for name in model_admin.get_list_display(request):
        shown = getattr(model_admin, name, None) if isinstance(name, str) else name
        columns.append(getattr(shown, "admin_order_field", None) or "")
    names = {
        part for column in columns if isinstance(column, str) for part in column.strip("-=^@").split("__")
    }
    secret = {column.rpartition(".")[2] for column in SECRET}
    assert names & secret == set()


@pytest.mark.parametrize("name", ["password", "name", "username", "pk"])
def test_a_pattern_is_no_question(superuser, name):
    assert superuser.get("/admin/accounts/user/", {f"{name}__regex": "(a+)+$"}).status_code == 400


def test_a_hash_cannot_be_read_letter_by_letter(superuser):
    bob = User.objects.get()
    bob.set_password("a long enough one")
    bob.save(update_fields=["password"])
    superuser.force_login(bob, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    for tried in (bob.password[:6], "nothing"):
        answer = superuser.get("/admin/accounts/user/", {"password__startswith": tried})
        assert answer.status_code == 400
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=None, by=Actor.command("test"))
    add_client_secret(bot=bot, by=Actor.command("test"))
    begins = Credential.objects.get().secret_hash[:6]
    for url in ("tokens/credential/?secret_hash", "tokens/bot/?credentials__secret_hash"):
        assert superuser.get(f"/admin/{url}__startswith={begins}").status_code == 400
    found = [
        superuser.get(f"/api/v1/bots?credentials__secret_hash__startswith={x}").json() for x in (begins, "x")
    ]
    assert found[0] == found[1]


def test_what_the_pages_link_to_goes_on_working(superuser):
    corp, bob = ConsoleSession.objects.get().provider, User.objects.get()
    for url in (
        f"providers/consolesession/?user__id__exact={bob.pk}",
        f"providers/signinattempt/?provider__id__exact={corp.pk}",
        "providers/consolesession/?ended_at__isempty=1",
        "accounts/user/?is_staff__exact=1&groups__id__exact=1",
        "accounts/user/?is_active__exact=1&o=-2.1",
        "tokens/credential/?kind__exact=client_secret",
        "providers/provider/?enabled__exact=1&kind=custom-oidc",
    ):
        assert superuser.get(f"/admin/{url}").status_code in (200, 302), url
