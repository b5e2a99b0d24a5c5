"""The trace of a sign-in, as Bob reads it: how far it came, why it ended, and nothing that proves anything."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from providers.explanations.searching import said_by_provider
from providers.models import ConsoleSession, Identity, SignInAttempt
from ssoconsole.platform.accounts.models import User
from tests.providers.signin.journey import Browser, outcome_of, trace_of
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tests.ssoconsole.pages.pages_cast import provider as registered
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/signinattempt/"


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


def page_of(bob, attempt):
    answer = bob.get(f"{LIST}{attempt.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def stages_on(page):
    rows = page.partition('id="stages-title"')[2].partition("</table>")[0].split("<tr class=")[1:]
    return {row.split("<code>")[1].split("<")[0]: row.split('"')[1].removeprefix("stage-") for row in rows}


class TakenTests:
    """The same person comes with a new subject: his account was made anew at the provider."""

    @pytest.fixture
    def refused(self, op, provider, visitor):
        visitor.sign_in(op)
        provider.link_by_verified_email, provider.allowed_email_domains = True, ["corp.example"]
        provider.save()
        op.person["sub"] = "subject/2"
        refusal = Browser().sign_in(op)
        assert outcome_of(refusal) == "email_taken"
        return trace_of(refusal)

    def test_the_trace_leads_to_the_old_identity_and_unlinking_it_lets_him_in(self, op, refused, bob):
        page = page_of(bob, refused)
        assert "unlink the old identity first" in page
        link = page.partition("data-in-the-way>")[2].partition('href="')[2].partition('"')[0]
        assert link == "/admin/providers/identity/?q=subject-1"
        assert "subject-1" in bob.get(link).content.decode()
        chosen = {
            "action": "unlink",
            "confirmed": "yes",
            "_selected_action": [str(Identity.objects.get().pk)],
        }
        assert bob.post(link, chosen).status_code == 302
        again = Browser()
        again.sign_in(op)
        assert again.is_signed_in()
        assert Identity.objects.get().sub == "subject/2"
        assert User.objects.get(email="alice@corp.example").identities.count() == 1

    def test_who_may_not_see_identities_is_not_shown_them(self, refused, client):
        viewer = User.objects.create_user("viewer", password="x" * 20, is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_signinattempt"))
        come_in_by_password(client, viewer)
        page = page_of(client, refused)
        assert "subject-1" not in page

    def test_another_outcome_names_nobody(self, op, provider, visitor, bob):
        op.id_token.append("aud")
        assert "data-in-the-way" not in page_of(bob, trace_of(visitor.sign_in(op)))


class StageTests:
    def test_a_sign_in_that_went_well_passed_them_all(self, op, provider, visitor, bob):
        visitor.sign_in(op)
        page = page_of(bob, SignInAttempt.objects.get())
        assert set(stages_on(page).values()) == {"passed"}
        assert next(iter(stages_on(page))) == "started"
        assert "It went well" in page
        assert "alice@corp.example" in page
        assert " ms</td>" in page

    def test_a_refused_one_names_the_stage_what_was_expected_and_what_to_do(self, op, provider, visitor, bob):
        op.id_token.append("aud")
        page = page_of(bob, trace_of(visitor.sign_in(op)))
        assert stages_on(page)["token"] == "passed"
        assert stages_on(page)["id_token"] == "failed"
        assert stages_on(page)["person"] == "not-reached"
        assert f"data-expected>{op.client.client_id}<" in page
        assert f"data-received>{op.client.client_id}1<" in page
        assert "Check the client ID." in page

    def test_without_userinfo_that_stage_was_skipped(self, op, provider, visitor, bob):
        provider.response_type = "id_token"
        attempt = SignInAttempt(stage="done", outcome="ok", state_hash="x", reference="a-b-c")
        attempt.provider, attempt.started_at = provider, timezone.now()
        attempt.trace = {"timings": {"token": 1, "id_token": 1, "person": 1, "session": 1}}
        attempt.save()
        assert stages_on(page_of(bob, attempt))["userinfo"] == "skipped"

    def test_one_that_did_not_come_back_is_waited_for(self, op, provider, visitor, bob):
        visitor.leave()
        page = page_of(bob, SignInAttempt.objects.get())
        assert stages_on(page)["started"] == "waiting"
        assert "has not come back" in page

    def test_an_answer_that_belongs_to_nobody_was_refused_at_the_door(self, visitor, bob):
        page = page_of(bob, trace_of(visitor.client.get("/callback?code=c&state=nobody")))
        assert stages_on(page) == {"refused": "failed"}

    def test_a_check_by_refresh_token_begins_with_asking(self, bob):
        attempt = SignInAttempt.objects.create(
            reference="a-b-c",
            purpose="refresh",
            stage="token",
            outcome="refresh_refused",
            received="status 400, invalid_grant: Token was revoked",
            provider=registered(),
            started_at=timezone.now(),
        )
        page = page_of(bob, attempt)
        assert list(stages_on(page))[:2] == ["asked", "token"]
        assert "<code>invalid_grant</code>" in page
        assert "<dd>Token was revoked</dd>" in page
        assert "<dd>400</dd>" in page


def test_what_the_provider_said_is_told_word_for_word_and_as_text(op, provider, visitor, bob):
    op.refusal = {"error": "access_denied", "error_description": "<b>No</b> consent"}
    response = visitor.sign_in(op)
    assert outcome_of(response) == "provider_error"
    page = page_of(bob, trace_of(response))
    assert "<code>access_denied</code>" in page
    assert "<dd>&lt;b&gt;No&lt;/b&gt; consent</dd>" in page


@pytest.mark.parametrize(
    ("outcome", "received", "said"),
    [
        ("provider_error", "access_denied", ("access_denied", "", "")),
        ("token_endpoint_error", "status 401", ("", "", "401")),
        ("token_endpoint_error", "status 400, invalid_grant: a: b", ("invalid_grant", "a: b", "400")),
        ("provider_error", "User declined to consent", ("", "User declined to consent", "")),
        ("provider_error", "", None),
        ("token_endpoint_error", "a token response without an ID token", None),
        ("expired", "status 401", None),
    ],
)
def test_only_what_the_provider_said_is_told_as_its_words(outcome, received, said):
    told = said_by_provider(SignInAttempt(outcome=outcome, received=received))
    assert (told and (told.error, told.description, told.status)) == said


def test_claims_are_shown_masked_and_secrets_not_at_all(op, provider, visitor, bob):
    op.id_token.claims.update(api_token="s3cret", department="Data")
    op.person["email_verified"] = False
    attempt = trace_of(visitor.sign_in(op))
    page = page_of(bob, attempt)
    assert "&quot;department&quot;: &quot;Data&quot;" in page
    assert_without(page, "s3cret")
    assert "nonce" not in attempt.claims_shown
    assert_without(page, attempt.state_hash)
    assert_without(page, attempt.binding_hash)


def test_it_leads_to_the_provider_the_person_and_the_session(op, provider, visitor, bob):
    visitor.sign_in(op)
    attempt = SignInAttempt.objects.get()
    SignInAttempt.objects.filter(pk=attempt.pk).update(session=ConsoleSession.objects.get())
    links = Page(page_of(bob, attempt)).urls()
    assert f"/admin/providers/provider/{provider.pk}/change/" in links
    assert f"/admin/accounts/user/{User.objects.get(username='alice@corp.example').pk}/change/" in links
    assert f"/admin/providers/consolesession/{ConsoleSession.objects.get().pk}/change/" in links


class NeighbourTests:
    def test_other_attempts_of_the_same_browser_are_told_and_nobody_elses(self, op, provider, visitor, bob):
        op.id_token.append("nonce")
        first, second = trace_of(visitor.sign_in(op)), trace_of(visitor.sign_in(op))
        stranger = trace_of(Browser(REMOTE_ADDR="192.0.2.9").sign_in(op))
        page = page_of(bob, first)
        assert second.reference in page
        assert stranger.reference not in page

    def test_a_stray_answer_has_neighbours_by_address_and_browser_near_in_time(self, visitor, bob):
        one = trace_of(visitor.client.get("/callback?state=x"))
        other = trace_of(visitor.client.get("/callback?state=y"))
        old = SignInAttempt.objects.get(pk=other.pk)
        assert other.reference in page_of(bob, one)
        old.started_at -= timedelta(hours=1)
        old.save()
        assert other.reference not in page_of(bob, one)

    def test_without_an_address_nobody_is_near(self, bob):
        attempt = SignInAttempt.objects.create(reference="a-b-c", started_at=timezone.now())
        assert "Nothing else is on record" in page_of(bob, attempt)


def test_the_page_has_nothing_inline_and_nothing_from_outside(op, provider, visitor, bob):
    visitor.sign_in(op)
    document = Page(page_of(bob, SignInAttempt.objects.get()))
    assert document.inline_code() == []
    assert document.outside_urls() == []


class ListTests:
    @pytest.fixture
    def attempts(self, bob):
        alice, corp = User.objects.create(username="alice", email="a@corp.example"), registered()
        now = timezone.now()
        made = [
            SignInAttempt(
                reference=f"lamp-canyon-{name}",
                provider=corp,
                outcome=outcome,
                purpose=purpose,
                user=user,
                address=address,
                started_at=now - timedelta(days=days),
            )
            for name, outcome, purpose, user, address, days in [
                ("violet", "ok", "sign_in", alice, "192.0.2.1", 0),
                ("river", "expired", "refresh", None, "2001:db8::1", 2),
                ("apple", "expired", "sign_in", None, "192.0.2.1", 40),
            ]
        ]
        return SignInAttempt.objects.bulk_create(made)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?q=lamp-canyon-violet", ["violet"]),
            ("?q=Lamp+canyon+VIOLET", ["violet"]),
            ("?q=lamp,+canyon.+violet.", ["violet"]),
            ("?q=lamp-canyon", []),
            ("?q=alice", ["violet"]),
            ("?q=a@corp.example", ["violet"]),
            ("?q=mallory", []),
            ("?q=192.0.2.1", ["violet", "apple"]),
            ("?q=2001:DB8:0::1", ["river"]),
            ("?q=expired", ["river", "apple"]),
            ("?q=ok", ["violet"]),
            ("?outcome=expired", ["river", "apple"]),
            ("?purpose__exact=refresh", ["river"]),
            ("?within=day", ["violet"]),
            ("?within=week", ["violet", "river"]),
            ("?day=tomorrow", []),
            ("?day=9999-12-31", []),
            ("?outcome=expired&q=192.0.2.1", ["apple"]),
        ],
    )
    def test_whatever_is_known_of_an_attempt_finds_it(self, bob, attempts, query, found):
        rows = bob.get(f"{LIST}{query}").context["cl"].result_list
        assert [attempt.reference.removeprefix("lamp-canyon-") for attempt in rows] == found

    def test_a_day_is_that_day(self, bob, attempts):
        rows = bob.get(f"{LIST}?day={attempts[1].started_at:%Y-%m-%d}").context["cl"].result_list
        assert [attempt.reference for attempt in rows] == ["lamp-canyon-river"]

    def test_a_provider_narrows_the_list(self, bob, attempts):
        corp, other = attempts[0].provider, registered("other")
        assert len(bob.get(f"{LIST}?provider__id__exact={corp.pk}").context["cl"].result_list) == 3
        assert len(bob.get(f"{LIST}?provider__id__exact={other.pk}").context["cl"].result_list) == 0
