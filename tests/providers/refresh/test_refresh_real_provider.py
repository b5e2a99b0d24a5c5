"""Sessions checked at npm's oidc-provider: rotation, prompt=none in a browser, revocation, rights that go."""

import datetime

import pytest
import requests
from django.contrib.auth import get_user_model
from django.utils import timezone

from providers.models import ConsoleSession, Provider, SignInAttempt
from tests.providers.refresh.checked_sessions import SCOPES, WINDOW, check_trace
from tests.providers.signin.journey import query_of
from tests.providers.signin.test_real_provider_sign_in import register_at, sign_in
from tests.support.browser import sign_in_at_real_provider
from tests.support.real_clients import SECRET

User = get_user_model()
BY_TOKEN = {"session_refresh": "refresh_token", "prompt": "consent"}
STAFF = [{"claim_value": "staff", "group": "Staff"}]


@pytest.fixture
def person():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def make_due():
    """Put the last check far enough back, and nothing else: the provider's clock is its own."""
    for session in ConsoleSession.objects.filter(ended_at=None):
        session.checked_at -= datetime.timedelta(seconds=session.provider.session_check_every + 1)
        session.save(update_fields=["checked_at"])


def checked_just_now():
    session = ConsoleSession.objects.get()
    return session.ended_at is None and session.checked_at > timezone.now() - datetime.timedelta(seconds=60)


def register_for_checks(real_provider, client_id="console-basic", **fields):
    provider = register_at(real_provider, client_id, **fields)
    Provider.objects.update(scopes=SCOPES if fields.get("prompt") else ["openid", "email", "groups"])
    return provider


class ByTokenTests:
    @pytest.fixture
    def signed_in(self, db, real_provider, visitor, person):
        register_for_checks(real_provider, **BY_TOKEN, group_rules=STAFF)
        response = sign_in(real_provider, visitor, person)
        assert response.status_code == 302, response.content.decode()
        assert ConsoleSession.objects.get().refresh_token
        return visitor

    def test_refresh_tokens_are_rotated_again_and_again(self, signed_in):
        seen = {ConsoleSession.objects.get().refresh_token}
        for _ in range(3):
            make_due()
            assert signed_in.is_signed_in()
            assert checked_just_now()
            seen.add(ConsoleSession.objects.get().refresh_token)
        assert len(seen) == 4

    def test_what_is_revoked_at_the_provider_ends_at_the_next_check(self, real_provider, signed_in):
        token = ConsoleSession.objects.get().refresh_token
        endpoint = real_provider.discovery()["revocation_endpoint"]
        revoked = requests.post(
            endpoint,
            data={"token": token},
            auth=(
                requests.utils.quote("console-basic", safe=""),
                requests.utils.quote(SECRET, safe=""),
            ),
            timeout=10,
        )
        assert revoked.status_code == 200, revoked.text
        assert signed_in.is_signed_in()
        make_due()
        assert not signed_in.is_signed_in()
        trace = SignInAttempt.objects.get(purpose="refresh")
        assert trace.outcome == "refresh_refused"
        assert "invalid_grant" in trace.received

    def test_a_group_that_goes_at_the_provider_is_gone_after_the_next_check(self, real_provider, signed_in):
        assert User.objects.get().groups.filter(name="Staff").exists()
        with real_provider.claims("alice", groups=[]):
            make_due()
            assert signed_in.is_signed_in()
        assert not User.objects.get().groups.filter(name="Staff").exists()

    def test_rotated_signing_keys_do_not_end_a_session(self, real_provider, signed_in):
        real_provider.rotate_keys()
        make_due()
        assert signed_in.is_signed_in()
        assert checked_just_now()


class ByBrowserTests:
    @pytest.mark.parametrize("client_id", ["console-basic", "console-par", "onelogin"])
    def test_the_provider_answers_without_asking_and_the_session_goes_on(
        self, db, real_provider, visitor, person, client_id
    ):
        register_for_checks(real_provider, client_id, session_refresh="prompt_none")
        assert sign_in(real_provider, visitor, person).status_code == 302
        before = ConsoleSession.objects.get()
        make_due()
        url = visitor.client.get("/account", headers=WINDOW)["Location"]
        callback = real_provider.sign_in_by_http(person, url, "nobody is asked")
        response = visitor.arrive(callback)
        assert (response.status_code, response["Location"]) == (302, "/account"), check_trace().received
        assert checked_just_now()
        assert ConsoleSession.objects.get().pk == before.pk
        assert visitor.is_signed_in()

    def test_who_is_signed_out_there_is_signed_out_here(self, db, real_provider, visitor, person):
        register_for_checks(real_provider, session_refresh="prompt_none")
        sign_in(real_provider, visitor, person)
        make_due()
        url = visitor.client.get("/account", headers=WINDOW)["Location"]
        person.cookies.clear()
        callback = real_provider.sign_in_by_http(person, url, "alice")
        assert query_of(callback.url)["error"] == "login_required"
        assert visitor.arrive(callback)["Location"] == "/signin?next=%2Faccount"
        assert not visitor.is_signed_in()

    def test_another_person_there_is_not_signed_in_here(self, db, real_provider, visitor, person):
        register_for_checks(real_provider, session_refresh="prompt_none")
        sign_in(real_provider, visitor, person)
        person.cookies.clear()
        sign_in(real_provider, type(visitor)(), person, "mallory")
        ConsoleSession.objects.exclude(user__username="alice@corp.example").delete()
        make_due()
        url = visitor.client.get("/account", headers=WINDOW)["Location"]
        callback = real_provider.sign_in_by_http(person, url, "mallory")
        assert visitor.arrive(callback)["Location"] == "/signin?next=%2Faccount"
        assert not visitor.is_signed_in()


class InChromiumTests:
    @pytest.fixture
    def console(self, live_server, settings, real_provider, transactional_db):
        settings.BASE_URL = live_server.url
        real_provider.register_client("console-basic", live_server.url)
        provider = register_for_checks(real_provider, session_refresh="prompt_none")
        real_provider.register_client("console-basic", live_server.url)
        assert provider.slug == "corp"
        return live_server.url

    def test_a_link_a_form_and_a_reload_are_checked_without_a_word(self, console, quiet_page):
        page = quiet_page
        page.goto(f"{console}/signin/corp?next=/account")
        sign_in_at_real_provider(page, "alice")
        page.wait_for_url(f"{console}/account")

        make_due()
        page.goto(f"{console}/account")
        page.wait_for_url(f"{console}/account")
        assert checked_just_now()

        make_due()
        page.locator(".brand").click()  # a link of ours leads over the page
        page.wait_for_url(f"{console}/")
        page.get_by_text("alice@corp.example").first.wait_for()
        assert checked_just_now()

        make_due()
        page.get_by_role("button", name="Sign out").first.click()  # a form is never checked on its way out
        page.get_by_role("button", name="Yes, sign me out").wait_for()
        assert ConsoleSession.objects.get().ended_at is not None

    def test_a_form_whose_answer_leads_to_a_page_that_is_due_arrives_there(self, console, quiet_page):
        page = quiet_page
        page.goto(f"{console}/signin/corp?next=/account")
        sign_in_at_real_provider(page, "alice")
        page.wait_for_url(f"{console}/account")
        own = ConsoleSession.objects.get()
        now = timezone.now()
        other = ConsoleSession.objects.create(
            user=own.user,
            provider=own.provider,
            sub=own.sub,
            started_at=now,
            checked_at=now,
            last_seen_at=now,
            expires_at=own.expires_at,
        )
        page.goto(f"{console}/account")
        make_due()
        page.evaluate(f"""document.querySelector('form[action$="{other.pk}/end"]').submit()""")
        page.get_by_role("heading", level=1, name="Account").wait_for()
        other.refresh_from_db()
        own.refresh_from_db()
        assert (other.ended_at is not None, own.ended_at) == (True, None)
        assert own.checked_at > now

    def test_who_has_no_session_there_any_more_is_led_to_the_sign_in_page(self, console, quiet_page):
        page = quiet_page
        page.goto(f"{console}/signin/corp?next=/account")
        sign_in_at_real_provider(page, "alice")
        page.wait_for_url(f"{console}/account")
        make_due()
        for cookie in page.context.cookies():
            if cookie["name"].startswith("_op"):
                page.context.clear_cookies(name=cookie["name"])
        page.goto(f"{console}/account")
        page.wait_for_url(f"{console}/signin?next=%2Faccount")
        assert ConsoleSession.objects.get().ended_at is not None
