"""
axe-core finds nothing (WCAG 2.2 AA) on any page, light and dark, on three sizes of screen.

None is too wide, on a small notebook nothing is cut off, and every moment is told in the one form that all pages have.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.urls import get_resolver, resolve
from django.utils import timezone

from providers.history import record_version
from providers.models import ConsoleSession, Identity, Provider, Rehearsal, SignInAttempt
from providers.rehearsal.services import written
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, provider, session_of
from tests.support.optional import missing
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord, TokenRefusal
from tokens.records.services import issue_token
from tokens.refusals.services import Refused, keep_refusal

AXE = Path(__file__).parents[2] / "support/clients/node_modules/axe-core/axe.min.js"
BY = Actor("user", "bob")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What depends on colours is all that another scheme can change.
COLOURS = ["color-contrast", "link-in-text-block"]
# What watches its size is told after the next frame; colours on their way from one scheme to the other are neither's.
RUN = """async (only) => {
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    document.getAnimations().forEach(each => each.finish());
    const options = {runOnly: only, resultTypes: ["violations"], preload: {assets: ["media"]}};
    return axe.run(document, options).then(found => found.violations.map(
        each => `${each.id}: ${each.nodes.map(node => node.target.join(" ")).join(", ")}`));
}"""
WIDTHS, PARTS = (360, 768, 1440), 3
NOTEBOOK = 1280
# What has to be scrolled to be read, but for what people type in and whole files.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter(each =>
    each.clientWidth > 1 && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible"
    && !["INPUT", "TEXTAREA", "SELECT", "PRE"].includes(each.tagName) && !each.matches(".selector button")
).map(each => `${each.tagName} ${each.className}: ${each.scrollWidth} pixels in ${each.clientWidth}`)"""
# A moment without its zone, in another form, or as seconds since 1970.
BARE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?![0-9:]| UTC)"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:.{9}|[A-Z][a-z]{2,4}\.? [0-9]{1,2}, 20[0-9]{2}"
    r"|(?<![0-9a-f])1[6-9][0-9]{8}(?![0-9a-f])"
)
# What is read at an address, and what is found by a check, is in no address of its own.
CLIENT, REPORT, FOUND = "the second step of a new provider", "the check of a draft", "what the box has found"
ASKED = "the question before something ends"
NOWHERE, TOKEN = "/nowhere", "the page that shows a new token"
MADE, GIVEN = "the page that shows a new secret", "the page that shows it to the owner"
PAGES = (
    *(
        "/",
        "/signin",
        "/account",
        "/token-doctor",
        "/api/v1/docs",
        NOWHERE,
        "/signed-out",
        "/callback?error=access_denied",
    ),
    *(
        f"/admin/{path}"
        for path in ("", "checklist", "ending-soon", "search", "login/", "password_change/", "tokens/")
    ),
    *(
        f"/admin/providers/{path}/"
        for path in ("provider", "provider/add", "signinattempt", "consolesession", "identity")
    ),
    "/admin/providers/provider/register",
    "/admin/providers/provider/register?kind=onelogin",
    "/admin/providers/provider/openmetadata/lint",
    "/admin/tokens/signingkey/import",
    *(f"/admin/tokens/{path}/" for path in ("bot", "bot/add", "audience", "audience/add", "signingkey")),
    *(f"/admin/tokens/{path}/" for path in ("tokenrecord", "tokenrefusal", "credential")),
    *(f"/admin/{path}/" for path in ("accounts/user", "auth/group", "auth/group/add", "eventlog/event")),
)


@pytest.fixture
def axe():
    if not AXE.exists():
        missing("axe-core", "make tests/support/clients/node_modules")
    return AXE.read_text()


@pytest.fixture
def pages():
    """Every page, with something on each."""
    corp = provider(group_rules=[{"claim_value": "a", "group": "A"}])
    for name in ("Corp", "Corp SSO"):
        corp.name = name
        record_version(provider=corp, by=BY)
    tried = provider("tried", trial_ends_at=timezone.now() + timedelta(hours=1), trial_baseline=1)
    record_version(provider=tried, by=BY)
    draft = provider("draft", issuer="http://127.0.0.1:9", enabled=False, risky_change_at=timezone.now())
    attempt = SignInAttempt.objects.create(
        provider=corp, reference="one-two-three", outcome="issuer_mismatch", started_at=timezone.now()
    )
    audience = Audience(identifier="https://api.example", name="API", scopes=["read"])
    save_audience(audience=audience, by=BY)
    bot = save_bot(bot=Bot(name="nightly"), grants=[GrantSpec(audience, ["read"])], by=BY)
    for label in ("first", "second"):  # of which one is rotated
        secret, _ = add_client_secret(bot=bot, label=label, expires_at=None, by=BY)
    issue_token(bot=bot, audience=audience, scopes=["read"], lifetime=timedelta(minutes=10), label="", by=BY)
    asked = Refused(
        "token", "/oauth/token", 401, "secret_wrong", "invalid_client", client_id="nightly", bot_id=bot.pk
    )
    keep_refusal(refused=asked, by=Actor.bot("nightly", None), source=None)
    group = Group.objects.create(name="staff")
    own = f"/admin/providers/provider/{corp.pk}"
    differences = ("compare?from=1&to=now", "1/restore")
    return [
        *PAGES,
        *(f"{own}/{page}" for page in ("change/", "check", "versions", "openmetadata")),
        *(f"{own}/versions/{page}" for page in differences),
        *(f"/admin/providers/provider/{tried.pk}/{page}" for page in ("change/", "roll-back")),
        *(f"/admin/providers/provider/{draft.pk}/{page}" for page in ("change/", "register")),
        f"/admin/providers/signinattempt/{attempt.pk}/change/",
        *(
            f"/admin/tokens/bot/{bot.pk}/{page}"
            for page in (
                *("change/", "new-secret", "new-token", "new-keys", "new-federation", "history/"),
                f"new-secret?rotates={secret.pk}",
            )
        ),
        f"/bots/nightly?rotates={secret.pk}",
        f"/admin/tokens/audience/{audience.pk}/change/",
        *(
            f"/admin/{model._meta.label_lower.replace('.', '/')}/{model.objects.first().pk}/change/"
            for model in (Credential, SigningKey, TokenRecord, TokenRefusal, Event)
        ),
        *(f"/admin/auth/group/{group.pk}/{page}/" for page in ("change", "delete")),
    ]


@pytest.fixture
def bob(pages):
    """He administers, and has rows of his own."""
    bob = administrator()
    corp = Provider.objects.get(slug="corp")
    Bot.objects.update(owner=bob.username, owner_named_at=timezone.now())
    Identity.objects.create(provider=corp, sub="00u-bob", user=bob)
    session_of(bob, corp)
    now = timezone.now()
    bob.sign_in_attempts.create(provider=corp, reference="four", outcome="expired", started_at=now)
    return bob


@pytest.fixture
def pages_of_bob(bob, pages):
    draft = Provider.objects.get(slug="draft")
    rehearsal = Rehearsal(provider=draft, by=bob, started_at=timezone.now())
    rehearsal.registration = written(draft)
    rehearsal.save()
    now = timezone.now()
    rehearsal.attempts.create(provider=draft, reference="two", outcome="ok", started_at=now, finished_at=now)
    rows = (bob, Identity.objects.get(), ConsoleSession.objects.get())
    return [
        *pages,
        "/bots/nightly",
        f"/admin/providers/provider/rehearsals/{rehearsal.pk}",
        *(f"/admin/{row._meta.label_lower.replace('.', '/')}/{row.pk}/change/" for row in rows),
    ]


def complaints_about(page):
    """What axe finds on the page as it stands, at each width and in each scheme; and what does not fit."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, only in (
            ("light", {"type": "tag", "values": RULES}),
            ("dark", {"type": "rule", "values": COLOURS}),
        ):
            page.emulate_media(color_scheme=scheme)
            found += [f"{scheme}, {width}: {each}" for each in page.evaluate(RUN, only)]
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if too_wide > 0:
            found.append(f"{width}: {too_wide} pixels too wide")
    return found


def misfits_on(page):
    """What is cut off on a small notebook, and moments that are told in another form."""
    page.set_viewport_size({"width": NOTEBOOK, "height": 900})
    found = [f"{NOTEBOOK}: cut off: {each}" for each in page.evaluate(CUT_OFF)]
    return found + [f"a moment in another form: {each}" for each in BARE.findall(page.inner_text("body"))]


def names_of(patterns, spaces=()):
    """The names of all routes below these."""
    for each in patterns:
        if hasattr(each, "url_patterns"):
            yield from names_of(each.url_patterns, [*spaces, *filter(None, [each.namespace])])
        else:
            yield ":".join([*spaces, each.name or str(each.pattern)])


# Routes that show no page of their own, by the end of their names, and why.
NO_PAGES = {
    "a document for programs": "jwks jwks_openmetadata oauth_metadata oauth_status_list oauth_status_lists healthz"
    " readyz metrics brand_logo brand_colours jsi18n autocomplete",
    "a door for programs": "oauth_token oauth_introspect oauth_revoke backchannel_logout",
    "what a script of a page asks": "_use_of bot_use bot_people",
    "only sends on, or nothing is there": "admin:<path:object_id>/ admin:(?P<url>.*)$"
    " signin_start callback_of logout view_on_site signout identity_connect refusal",
    "only takes a form": "language provider_drift rehearse rehearse_new replay session_end"
    " sessions_end_all identity_unlink provider_check provider_check_new",
    "is come to by a form, and looked at so": "my_bot_made bot_new_secret_made bot_new_token_made credential_try",
    "nobody may, or the page of another table": "_add _delete _history password_change_done",
}


def test_every_page_is_looked_at(transactional_db, pages_of_bob):
    looked_at = {resolve(path.partition("?")[0]).view_name for path in pages_of_bob if path != NOWHERE}
    others = set(names_of(get_resolver().url_patterns)) - looked_at
    ends = tuple(" ".join(NO_PAGES.values()).split())
    assert [name for name in sorted(others) if not name.startswith("api_") and not name.endswith(ends)] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_stands_in_anybody_s_way(live_server, context, client, axe, bob, pages_of_bob, part):
    come_in_by_password(client, bob)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    context.add_init_script(axe)  # not as a script of the page: its policy has none from elsewhere
    page = context.new_page()
    found = {}
    draft = Provider.objects.get(slug="draft")
    first = str(Credential.objects.first().pk)
    for path in [*pages_of_bob, CLIENT, REPORT, FOUND, ASKED, MADE, GIVEN, TOKEN][part::PARTS]:
        if path == FOUND:
            save_bot(bot=Bot(name="corp-export"), grants=[], by=BY)
            page.goto(f"{live_server.url}/admin/")
            page.get_by_label("Find anything").fill("corp")
            page.get_by_role("button", name="Find", exact=True).click()
            page.get_by_role("link", name="corp-export").wait_for()
        elif path == ASKED:
            page.goto(f"{live_server.url}/admin/tokens/bot/")
            page.locator(".action-select").first.check()
            page.get_by_label("Action:").select_option("disable")
            page.get_by_role("button", name="Go").click()
            page.get_by_role("button", name="Yes, do it").wait_for()
        elif path in (MADE, GIVEN):
            made_at = f"/admin/tokens/bot/{Bot.objects.get(name='nightly').pk}/new-secret"
            page.goto(f"{live_server.url}{made_at if path == MADE else '/bots/nightly?rotates=' + first}")
            page.get_by_role("button", name="Make a secret").click()
            page.get_by_text("Waiting for the first call").wait_for()
        elif path == TOKEN:
            page.goto(f"{live_server.url}/admin/tokens/bot/{Bot.objects.get(name='nightly').pk}/new-token")
            page.get_by_role("button", name="Issue the token").click()
            page.get_by_label("Token", exact=True).wait_for()
        elif path == REPORT:
            page.goto(f"{live_server.url}/admin/providers/provider/{draft.pk}/register")
            page.get_by_role("button", name="Check and rehearse").click()
            page.get_by_role("heading", name="People cannot sign in").wait_for()
        elif path == CLIENT:
            page.goto(f"{live_server.url}/admin/providers/provider/register")
            page.get_by_label("Issuer:").fill("http://127.0.0.1:9//")
            page.get_by_role("button", name="Read what it publishes").click()
            page.get_by_label("Client ID").wait_for()
        else:
            answer = page.goto(f"{live_server.url}{path}")
            assert answer.status < 500, path
        if complaints := complaints_about(page) + misfits_on(page):
            found[path] = complaints
    assert not found, "\n".join(f"{path}: {each}" for path, all_ in found.items() for each in all_)


def test_an_operation_of_the_api_is_opened_and_tried_with_the_session(
    live_server, context, client, axe, quiet_page, settings
):
    bob = administrator()
    come_in_by_password(client, bob)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = quiet_page  # which fails at a violation of the policy
    page.goto(f"{live_server.url}/api/v1/docs")
    opened = page.get_by_role("button", name="POST /api/v1/bots Create a bot.")
    opened.click()
    page.evaluate(axe)
    found = {"opened": complaints_about(page)}
    operation = page.locator(".opblock", has=opened)
    operation.get_by_role("tab", name="Schema").last.click()
    operation.get_by_role("button", name="Try it out").click()
    body = operation.get_by_label("Request body")
    assert '"nightly"' in body.input_value()  # the example of the schema
    body.fill('{"name": "tried"}')
    found["to be tried"] = complaints_about(page)
    operation.get_by_role("button", name="Execute").click()
    operation.get_by_text('"created_at"').first.wait_for()
    operation.get_by_role("cell", name="201").first.wait_for()
    found["tried"] = complaints_about(page) + page.evaluate(CUT_OFF)
    assert not any(found.values()), found
    assert Bot.objects.get().name == "tried"
    command = operation.locator("pre", has_text="curl").inner_text()
    assert "Bearer $TOKEN" in command
    assert "CSRF" not in command
    page.get_by_role("button", name="GET /api/v1/bots/{name} Read a bot.").click()
    reading = page.locator("#operations-bots-bots_read")
    reading.get_by_role("button", name="Try it out").click()
    reading.get_by_role("button", name="Execute").click()
    reading.get_by_text("Required field is not provided").first.wait_for()
    assert not complaints_about(page)
    reading.get_by_label("name").fill("tried")
    reading.get_by_role("button", name="Execute").click()
    reading.get_by_text('"created_at"').first.wait_for()


def test_a_stranger_reads_the_operations_and_tries_none(live_server, quiet_page):
    quiet_page.goto(f"{live_server.url}/api/v1/docs")
    quiet_page.get_by_role("button", name="POST /api/v1/bots Create a bot.").click()
    quiet_page.get_by_role("heading", name="Responses").wait_for()
    assert not quiet_page.get_by_role("button", name="Try it out").count()
