"""
Every field that the admin edits is in the configuration file, in the API and in the export.

The fields are those of the admin's own forms. Each gets a value that is not its default; then the same database
has to come back from the export, and from what the API tells.
"""

import json
from io import StringIO

import pytest
import yaml
from django import forms
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from providers.models import Provider
from ssoconsole.platform.eventlog.models import Event
from tokens.models import Audience, Bot, Credential, Grant

pytestmark = pytest.mark.django_db

KEYS = {
    "keys": [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "kid": "k",
            "alg": "EdDSA",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    ]
}
# Values that rules of the domain ask for; every other field gets one of its type.
AUDIENCE = {"identifier": "https://api.example", "profile": "openmetadata", "signing_alg": "RS256"}
BOT = {"name": "nightly", "allowed_networks": "10.0.0.0/8\n2001:db8::/32"}
PROVIDER = {
    "enabled": False,
    "slug": "corp",
    "kind": "custom-oidc",
    "issuer": "https://idp.example/realms/corp",
    "token_endpoint_auth_method": "private_key_jwt",
    "scopes": "openid\ngroups",
    "signing_algs": "ES256\nRS384",
    "prompt": "login",
    "mapping": "email: mail\ngroups: realm_access.roles",
    "group_rules": "urn:a => Data admins",
    "allowed_email_domains": "corp.example",
    "client_secret_expires_at": "2030-01-31T12:00:00",
    "icon": "building",
    "session_refresh": "prompt_none",
}
# They are for this one page: tools, and the secret, of which no export holds more than a reference.
TOOLS = {
    "client_secret",
    "remove_client_secret",
    "credentials_json",
    "credentials_file",
    "anyway",
    "trial",
    "seen",
}
RULE = {
    "issuer": "https://kubernetes.default.svc",
    "audience": "https://console.example",
    "subject": "system:serviceaccount:data:ingestion",
    "claims": "ref=main",
}
INTERNAL = {"id", "bot", "DELETE"}


@pytest.fixture
def bob(client):
    """Bob's browser: he administers."""
    user = get_user_model().objects.create(username="bob", is_staff=True, is_superuser=True)
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


def another(field, initial):
    """A value of the field's type that is not the one which it begins with."""
    if isinstance(field, forms.BooleanField):
        return not initial
    if isinstance(field, forms.ChoiceField):
        return next(value for value, _ in field.choices if value not in ("", initial))
    if isinstance(field, forms.IntegerField):
        return (initial or 100) + 1
    return "extra: value" if "name: value" in str(field.help_text) else "another"


def filled(form, values, *, prefix="", without=()):
    """Everything that a form's own fields take, as a browser posts it."""
    fields = {name: field for name, field in form.fields.items() if name not in without}
    assert values.keys() <= fields.keys(), "no such field"
    given = {
        name: values.get(name, another(field, form.get_initial_for_field(field, name)))
        for name, field in fields.items()
    }
    posted = {name: "on" if value is True else value for name, value in given.items() if value is not False}
    return {f"{prefix}{name}": value for name, value in posted.items()}


def posted(browser, url, data):
    response = browser.post(url, data)
    assert response.status_code == 302, _errors(response)
    return response


def _errors(response):
    context = response.context or {}
    form = context["adminform"].form if "adminform" in context else context.get("form")
    return form.errors if form is not None else response.content.decode()


def add_audience(browser):
    url = reverse("admin:tokens_audience_add")
    form = browser.get(url).context["adminform"].form
    posted(browser, url, filled(form, AUDIENCE))
    assert_nothing_is_as_usual(Audience.objects.get(identifier="https://api.example"), form.fields)


def add_bots(browser):
    """One bot with keys and one with their address; each trusts workloads in both ways."""
    url = reverse("admin:tokens_bot_add")
    page = browser.get(url).context
    (inline,) = page["inline_admin_formsets"]
    api = Audience.objects.get(identifier="https://api.example")
    document, here = json.dumps(KEYS), "https://keys.example/jwks"
    for name, jwks, jwks_uri in (("nightly", document, ""), ("hourly", "", here)):
        form = page["adminform"].form
        data = filled(form, {**BOT, "name": name})
        grant = {"audience": api.pk, "scopes": "another", "roles": "steward"}
        data |= filled(inline.formset.empty_form, grant, prefix="grants-0-", without=INTERNAL)
        posted(browser, url, data | {"grants-TOTAL_FORMS": "1", "grants-INITIAL_FORMS": "0"})
        bot = Bot.objects.get(name=name)
        assert_nothing_is_as_usual(bot, form.fields)
        assert_nothing_is_as_usual(bot.grants.get(), grant)
        _add_credential(browser, bot, "keys", {"jwks": jwks, "jwks_uri": jwks_uri})
        _add_credential(browser, bot, "federation", {**RULE, "jwks": jwks, "jwks_uri": jwks_uri})
    assert Credential.objects.count() == 4


def _add_credential(browser, bot, page, values):
    url = reverse(f"admin:tokens_bot_new_{page}", args=[bot.pk])
    form = browser.get(url).context["form"]
    assert form.fields.keys() == values.keys()
    posted(browser, url, values)


def add_providers(browser):
    url = reverse("admin:providers_provider_add")
    form = browser.get(url).context["adminform"].form
    posted(browser, url, filled(form, PROVIDER, without={*TOOLS, "subdomain"}))
    fields = form.fields.keys() - TOOLS - {"subdomain", "kind"}
    assert_nothing_is_as_usual(Provider.objects.get(slug="corp"), fields)
    data = filled(
        form, {**PROVIDER, "slug": "onelogin", "kind": "onelogin", "subdomain": "acme"}, without=TOOLS
    )
    posted(browser, url, data | {"issuer": ""})


def assert_nothing_is_as_usual(row, names):
    fields = {name: row._meta.get_field(name) for name in names}
    usual = [
        name
        for name, field in fields.items()
        if not field.is_relation and getattr(row, name) == field.get_default()
    ]
    assert usual == []


def export():
    out = StringIO()
    call_command("export", stdout=out)
    return out.getvalue()


def empty():
    """As a new database: rows that refer to others first."""
    for model in (Credential, Grant, Bot, Provider):
        model._base_manager.all().delete()
    Audience.objects.exclude(identifier__endswith="/api/v1").delete()


def everything():
    """All that a person has decided, without names of rows, moments and what was observed."""
    bots = [
        (
            _values(bot),
            [(_values(grant), grant.audience.identifier) for grant in bot.grants.all()],
            [_values(key) for key in bot.credentials.live(at=timezone.now()).order_by("kind", "label")],
        )
        for bot in Bot.objects.order_by("name")
    ]
    providers = [_values(row) for row in Provider.objects.order_by("slug")]
    return providers, [_values(row) for row in Audience.objects.order_by("identifier")], bots


def _values(row):
    left_out = {"updated_at", "created_at", "created_by", "owner_named_at", "disabled_by", "last_used_at"}
    observed = {
        "discovery",
        "discovery_fetched_at",
        "discovery_failed_at",
        "jwks",
        "client_secret",
        "version",
    }
    return {
        field.name: getattr(row, field.name)
        for field in row._meta.get_fields()
        if field.concrete
        and not field.is_relation
        and not field.primary_key
        and (field.editable or field.name.endswith("jwks_uri"))
        and field.name not in left_out | observed
    }


@pytest.fixture
def decided(bob):
    """A database in which every field of the admin has another value than it would have by itself."""
    add_audience(bob)
    add_bots(bob)
    add_providers(bob)
    return everything()


def test_everything_comes_back_from_the_export(decided, apply):
    exported = export()
    empty()
    answer = apply(exported)
    assert answer.code == 0, answer.err
    assert export() == exported
    assert everything() == decided


def test_every_key_of_the_file_is_written_out(decided):
    document = yaml.safe_load(export())
    (bot,) = [entry for entry in document["bots"] if entry["name"] == "hourly"]
    assert bot["max_live_tokens"] == 10_001
    assert bot["jwks_uri"] == bot["federation"][0]["jwks_uri"] == "https://keys.example/jwks"
    (bot,) = [entry for entry in document["bots"] if entry["name"] == "nightly"]
    assert bot["jwks"] == bot["federation"][0]["jwks"] == KEYS


def test_everything_comes_back_from_what_the_api_tells(decided, bob):
    told = {path: _read(bob, path) for path in ("audiences", "providers", "bots")}
    credentials = {bot["name"]: _read(bob, f"bots/{bot['name']}/credentials") for bot in told["bots"]}
    empty()
    for path, bodies in told.items():
        for body in bodies:
            if not body.get("identifier", "").endswith("/api/v1"):
                _write(bob, path, body)
    for name, bodies in credentials.items():
        for body in bodies:
            wanted = {"kind": body["kind"], "jwks": body["public_keys"], "jwks_uri": body["jwks_uri"] or None}
            _write(
                bob, f"bots/{name}/credentials", wanted | ({"trust": body["trust"]} if body["trust"] else {})
            )
    assert everything() == decided


def _read(browser, path):
    return browser.get(f"/api/v1/{path}?page_size=100").json()["results"]


# What the API tells of its own accord, and takes from nobody.
TOLD = {
    "created_at",
    "last_used_at",
    "has_client_secret",
    "warnings",
    "trial_until",
    "version",
    "callback_url",
}


def _write(browser, path, body):
    body = {name: value for name, value in body.items() if name not in TOLD}
    answer = browser.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("jwks: {keys: []}", "jwks"),
        ("jwks: {keys: [{kty: oct, k: AAAA}]}", "jwks"),
        ("jwks_uri: http://keys.example/jwks#x", "jwks_uri"),
        ("jwks: {keys: []}, jwks_uri: https://keys.example", "jwks"),
    ],
)
def test_keys_of_a_platform_that_cannot_be_used_are_refused_at_their_place(apply, rule, path):
    trust = f"{{issuer: https://k8s.example, audience: a, subject: s:t:u, {rule}}}"
    answer = apply(f"bots:\n  - name: b\n    federation:\n      - {trust}\n")
    assert [line.split(": ")[:2] for line in answer.problems] == [["4", f"bots[0].federation[0].{path}"]]
    assert not Bot.objects.exists()


def test_other_keys_of_a_platform_are_another_credential(apply):
    text = "bots:\n  - name: b\n    federation:\n      - {issuer: https://k8s.example, audience: a, subject: s:t:u"
    apply(f"{text}}}\n")
    answer = apply(f"{text}, jwks_uri: https://keys.example/jwks}}\n")
    assert "~ bot b" in answer.out
    kept, gone = Credential.objects.order_by("-created_at")
    assert (kept.jwks_uri, kept.retired_at) == ("https://keys.example/jwks", None)
    assert gone.retired_at is not None
    assert apply(f"{text}, jwks_uri: https://keys.example/jwks}}\n").out.startswith("Nothing to change.")


def test_how_many_tokens_a_bot_may_hold_is_on_record(apply):
    apply("bots: [{name: b, max_live_tokens: 5}]")
    apply("bots: [{name: b, max_live_tokens: 6}]")
    event = Event.objects.get(action="bot_changed")
    assert (event.before["max_live_tokens"], event.after["max_live_tokens"]) == (5, 6)
