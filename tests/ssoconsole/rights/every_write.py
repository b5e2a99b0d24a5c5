"""Everything that the admin lets somebody write, found in the admin site itself, with values that would give rights."""

from html.parser import HTMLParser

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from providers.models import DiscoveryDrift, Identity, Provider
from providers.registration.cautions import HARMLESS
from providers.registration.fields import FIELDS, SESSION
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tokens.models import Audience, Credential, Grant, TokenRecord
from tokens.models.record import bot_counts

CONSOLE = "http://localhost:8000/api/v1"
NOWHERE = "http://127.0.0.1:9"  # an issuer that refuses connections, and does so at once
DJANGOS_OWN = ("changelist", "add", "history", "delete", "change")
PROVIDER = (
    "slug",
    *(name for name in FIELDS if name not in HARMLESS),
    *(f"session_{name}" for name in SESSION),
    "discovery",
)


class _Controls(HTMLParser):
    """What a browser would post of the page's main form as it stands."""

    def __init__(self, page):
        super().__init__()
        self.fields, self._select, self._area = {}, None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        name, value = has.get("name"), has.get("value") or ""
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self.fields.setdefault(self._select, []).append(value)
        elif tag == "textarea" and name:
            self._area, self.fields[name] = name, [""]
        elif tag == "input" and name and name != "csrfmiddlewaretoken":
            if has.get("type") in ("checkbox", "radio"):
                if "checked" not in has:
                    return
                value = value or "on"
            if has.get("type") not in ("file", "submit"):
                self.fields.setdefault(name, []).append(value)

    def handle_data(self, data):
        if self._area:
            self.fields[self._area] = [self.fields[self._area][0] + data]

    def handle_endtag(self, tag):
        self._select = None if tag == "select" else self._select
        self._area = None if tag == "textarea" else self._area


def every_right():
    """What anybody can do, or could come to do, as a set: nobody gets more by what only takes away."""
    found = set()
    for user in User.objects.filter(is_active=True):
        flags = ("is_staff", "is_superuser", "email")
        found |= {("person", user.pk, name, getattr(user, name)) for name in flags if getattr(user, name)}
        found |= {("person", user.pk, right) for right in user.get_all_permissions() if not user.is_superuser}
    found |= {("identity", *row) for row in Identity.objects.values_list("provider", "sub", "user")}
    for group in Group.objects.prefetch_related("permissions"):
        found |= {("group", group.pk, group.name, right.pk) for right in group.permissions.all()}
    for provider in Provider.objects.enabled():
        found |= {("provider", provider.pk, name, repr(getattr(provider, name))) for name in PROVIDER}
    for grant in Grant.objects.filter(bot_counts("bot__"), audience__identifier=CONSOLE):
        bot = grant.bot
        found.add(("bot", bot.pk, repr(grant.scopes), repr(bot.allowed_networks), bot.owner))
        live = Credential.objects.live(at=timezone.now()).filter(bot=bot)
        found |= {("credential", bot.pk, key) for key in live.values_list("pk", flat=True)}
        tokens = TokenRecord.objects.live(at=timezone.now()).filter(bot=bot)
        found |= {("token", jti) for jti in tokens.values_list("jti", flat=True)}
    found |= {("audience", *row) for row in _console_audiences()}
    imported = Event.objects.filter(action="signing_key_imported")  # somebody has their private halves
    return found | {("key", kid) for kid in imported.values_list("target", flat=True)}


def every_write(superuser):
    """(name, path, data) of each; `superuser` is a browser that sees every form whole."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="bob")
    for model, model_admin in sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label):
        meta = model._meta
        base = f"admin:{meta.app_label}_{meta.model_name}"
        keys = [str(key) for key in model.objects.values_list("pk", flat=True)]
        if not model_admin.has_change_permission(request):
            keys = keys[:1]  # a record: one stands for all
        for key in keys:
            yield f"{meta.label} delete", reverse(f"{base}_delete", args=[key]), {"post": "yes"}
            path = reverse(f"{base}_change", args=[key])
            for name, data in _hostile_forms(superuser, path):
                yield f"{meta.label} change {name}", path, data
        path = reverse(f"{base}_add")
        for name, data in _hostile_forms(superuser, path):
            yield f"{meta.label} add {name}", path, data
        for action in model_admin.get_actions(request):
            data = {"action": action, "_selected_action": keys, "confirmed": "yes", "post": "yes"}
            yield f"{meta.label} action {action}", reverse(f"{base}_changelist"), data
        for pattern in model_admin.get_urls():
            if pattern.name and not pattern.name.endswith(DJANGOS_OWN):
                yield from _page_of_our_own(pattern.name, keys, superuser)


def _hostile_forms(superuser, path):
    """The form as it stands with one field at a time that would give something, if saving it were allowed."""
    answer = superuser.get(path)
    if answer.status_code != 200:
        return
    shown = _Controls(answer.content.decode()).fields
    if answer.context["adminform"].form.instance._state.adding:
        shown |= ADDED
    mallory = User.objects.get(username="mallory")
    values = {
        "name": ["Renamed"],
        "slug": ["another"],
        "issuer": ["http://127.0.0.1:19"],
        "client_id": ["another"],
        "client_secret": ["t" * 40],
        "signing_algs": ["HS256"],
        "principal_claims": ["nickname"],
        "mapping": ["groups: roles"],
        "group_rules": ["everybody => Admins"],
        "admin_principals": ["mallory"],
        "allowed_email_domains": [""],
        "link_by_verified_email": ["on"],
        "enabled": ["on"],
        "callback": ["shared"],
        "session_lifetime": ["2000000"],
        "trial": ["60"],
        "is_superuser": ["on"],
        "is_staff": ["on"],
        "is_active": ["on"],
        "email": ["mallory@evil.example"],
        "groups": [str(key) for key in Group.objects.values_list("pk", flat=True)],
        "permissions": [str(key) for key in Permission.objects.values_list("pk", flat=True)],
        "owner": [mallory.username],
        "allowed_networks": [""],
        "identifier": [CONSOLE],
        "scopes": ["console.read\nconsole.write\nconsole.all"],
    }
    yield "as it stands", shown
    asked = answer.context["adminform"].form.fields
    for name in values.keys() & asked.keys():
        beside = BESIDE.get(name, {})
        yield name, {**shown, name: values[name], "anyway": ["on"], **beside}
    if "owner" not in asked:
        return
    audience = str(Audience.objects.get(identifier=CONSOLE).pk)
    grant = {"audience": [audience], "scopes": ["console.write"], "roles": [""], "id": [""]}
    total = {"grants-TOTAL_FORMS": ["1"], "grants-INITIAL_FORMS": ["0"]}
    yield "grants", {**shown, **{f"grants-0-{name}": value for name, value in grant.items()}, **total}


# What goes with a value, so that the form would be taken.
BESIDE = {
    "link_by_verified_email": {"allowed_email_domains": ["evil.example"]},
    "issuer": {"client_secret": ["t" * 40]},
}
ADDED = {
    "name": ["new-one"],
    "slug": ["new-one"],
    "issuer": [NOWHERE],
    "client_id": ["c"],
    "client_secret": ["s" * 40],
}


def _page_of_our_own(name, keys, superuser):
    """Each of the pages that the admin has beside Django's, with what has to be posted there."""
    provider = Provider.objects.get(slug="corp")
    drift = DiscoveryDrift.objects.get()
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    rule = {
        "issuer": "https://token.actions.githubusercontent.com",
        "audience": "https://console.example",
        "subject": "repo:mallory/evil:ref:refs/heads/main",
    }
    audience = str(Audience.objects.get(identifier=CONSOLE).pk)
    posts = {
        "versions_restore": {"trial": ""},
        "decide": {},
        "tokens_bot_new_secret": {"label": "x"},
        "tokens_bot_new_keys": {"jwks": "", "jwks_uri": "https://evil.example/jwks"},
        "tokens_bot_new_federation": rule,
        "tokens_bot_new_token": {"audience": audience, "lifetime": "OneHour"},
        "providers_provider_drift": {"decision": "adopt"},
        "providers_provider_register_draft": {"do": "anyway"},
        "tokens_signingkey_import": {"file": SimpleUploadedFile("k.pem", pem), "sign": "on"},
        "providers_provider_restore_page": {"trial": ""},
    }
    page = superuser.get(reverse("admin:providers_provider_change", args=[provider.pk]))
    form = _Controls(page.content.decode()).fields
    for arguments in [[], *([key] for key in keys), [provider.pk, 2], [provider.pk, drift.pk]]:
        try:
            path = reverse(f"admin:{name}", args=arguments)
        except NoReverseMatch:
            continue
        yield name, path, posts.get(name, form)


def _console_audiences():
    rows = Audience.objects.enabled().filter(identifier=CONSOLE)
    return [(row.pk, row.identifier, repr(row.scopes), row.max_token_lifetime) for row in rows]
