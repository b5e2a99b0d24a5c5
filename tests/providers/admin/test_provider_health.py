"""A provider's page opens with how it stands, by what is kept; nothing is fetched to draw it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import DiscoveryDrift, Provider, SignInAttempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from tests.ssoconsole.pages.pages_cast import person, staff
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
WATCH = Actor("provider", "corp")
TITLE = 'id="health-title"'


def page_of(client, provider):
    return client.get(f"/admin/providers/provider/{provider.pk}/change/").content.decode()


def health(client, provider):
    return client.get(f"/admin/providers/provider/{provider.pk}/change/").context["health"]


def attempts(corp, number, *, name, ago=timedelta(minutes=1), **fields):
    now = timezone.now()
    SignInAttempt.objects.bulk_create(
        SignInAttempt(
            provider=corp,
            reference=f"{name}-{each}",
            started_at=now - ago - timedelta(seconds=each),
            **fields,
        )
        for each in range(number)
    )


def checked(corp, outcome, *codes, **more):
    record_event(
        "provider_checked",
        by=WATCH,
        target=corp.slug,
        outcome=outcome,
        after={"findings": list(codes), **more},
    )


class HealthTests:
    def test_nothing_is_fetched_to_draw_it(self, bob, corp, scripted_provider):
        Provider.objects.filter(pk=corp.pk).update(jwks=None, jwks_fetched_at=None)
        before = len(scripted_provider.requests)
        assert TITLE in page_of(bob, corp)
        assert len(scripted_provider.requests) == before

    def test_the_last_ten_sign_ins_lead_to_their_pages_and_checks_of_sessions_do_not_hide_them(
        self, bob, corp
    ):
        alice = person("alice@corp.example")
        attempts(corp, 30, name="check", purpose="refresh", outcome="ok")
        attempts(corp, 12, name="sign-in", outcome="ok", user=alice, ago=timedelta(hours=1))
        attempts(corp, 1, name="other", outcome="expired", ago=timedelta(minutes=30))
        shown = [each.reference for each in health(bob, corp)["attempts"]]
        assert shown == ["other-0", *(f"sign-in-{number}" for number in range(9))]
        page = page_of(bob, corp)
        assert (
            f"/admin/providers/signinattempt/{SignInAttempt.objects.get(reference='other-0').pk}/change/"
            in page
        )
        assert f"/admin/accounts/user/{alice.pk}/change/" in page

    def test_the_last_day_is_counted_by_how_it_went(self, bob, corp):
        attempts(corp, 5, name="well", outcome="ok")
        attempts(corp, 3, name="refused", outcome="issuer_mismatch")
        attempts(corp, 2, name="open")
        attempts(corp, 4, name="check", purpose="refresh", outcome="ok")
        attempts(corp, 1, name="lapsed", purpose="refresh", outcome="expired")
        attempts(corp, 6, name="old", outcome="ok", ago=timedelta(hours=25))
        page = page_of(bob, corp)
        assert "5 went well, 3 refused, 2 not finished; sessions checked again: 4, refused: 1" in page

    def test_a_day_of_many_is_counted_so_far_and_no_further(self, bob, corp, monkeypatch):
        monkeypatch.setattr("providers.admin.health.COUNTED", 20)
        attempts(corp, 40, name="well", outcome="ok")
        assert "Of the newest 20 attempts: 2" in page_of(bob, corp)

    @pytest.mark.parametrize(
        ("days", "said"), [(-1, "Ended"), (5, '<span class="mark">soon</span>'), (90, "Ends")]
    )
    def test_the_certificate_s_end_is_as_the_watch_saw_it(self, bob, corp, days, said):
        end = timezone.now() + timedelta(days=days)
        Provider.objects.filter(pk=corp.pk).update(tls_not_after=end)
        page = page_of(bob, corp)
        assert "Certificate of the issuer’s host" in page.replace("&#x27;", "’")
        assert f"{said}" in page
        assert f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" in page

    def test_keys_are_named_and_no_more_than_ten(self, bob, corp):
        keys = [{"kty": "EC", "kid": f"key-{number}<b>", "alg": "ES256"} for number in range(13)]
        keys += [{"kty": "oct", "kid": "a-secret-one", "k": "c2VjcmV0"}]
        Provider.objects.filter(pk=corp.pk).update(jwks={"keys": keys}, jwks_fetched_at=timezone.now())
        page = page_of(bob, corp)
        assert "<code>key-9&lt;b&gt;</code> (ES256)" in page
        assert "and 3 more" in page
        assert_without(page, "key-10", "a-secret-one", "c2VjcmV0")

    @pytest.mark.parametrize("jwks", [{"keys": [{"kty": "EC"}, 7, None]}, {"keys": "x"}, {}, None])
    def test_a_key_set_that_is_none_is_no_fault(self, bob, corp, jwks):
        Provider.objects.filter(pk=corp.pk).update(jwks=jwks, jwks_fetched_at=timezone.now())
        assert TITLE in page_of(bob, corp)

    @pytest.mark.parametrize("fields", [{"enabled": True}, {"enabled": False, "risky_change_at": None}])
    def test_it_says_whether_it_is_on(self, bob, corp, fields):
        Provider.objects.filter(pk=corp.pk).update(**fields)
        said = "<dt>State</dt><dd>On</dd>" if fields["enabled"] else "Off: nobody can sign in through it"
        assert said in page_of(bob, corp)

    def test_a_draft_says_so_and_keeps_its_strip(self, bob, corp):
        Provider.objects.filter(pk=corp.pk).update(enabled=False, risky_change_at=timezone.now())
        page = page_of(bob, corp)
        assert "<dt>State</dt><dd>A draft</dd>" in page
        assert 'aria-label="How far it has come"' in page


class WarningTests:
    def told(self, bob, corp):
        return health(bob, corp)["warnings"]

    def test_without_any_there_is_none(self, bob, corp):
        assert self.told(bob, corp) == []

    def test_what_the_watch_cannot_read_is_told_with_its_time(self, bob, corp):
        since = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
        Provider.objects.filter(pk=corp.pk).update(discovery_failing_since=since, jwks_failing_since=since)
        assert self.told(bob, corp) == [
            f"{what} cannot be read since 2026-11-20 08:30 UTC."
            for what in ("The discovery document", "The key set")
        ]

    def test_keys_that_do_not_serve_any_more_are_told(self, bob, corp):
        old = timezone.now() - timedelta(hours=25)
        Provider.objects.filter(pk=corp.pk).update(jwks={"keys": []}, jwks_fetched_at=old)
        assert self.told(bob, corp) == ["The keys are too old to be used before the provider answers again."]

    def test_a_key_under_the_name_of_another_is_told_until_the_keys_change_again(self, bob, corp):
        record_event("provider_keys_changed", by=WATCH, target=corp.slug, outcome="key_replaced")
        assert "Another key stands under the name" in self.told(bob, corp)[0]
        record_event("provider_keys_changed", by=WATCH, target=corp.slug)
        assert self.told(bob, corp) == []

    def test_what_the_last_check_has_found_is_told_until_the_next_or_a_risky_change(self, bob, corp):
        checked(corp, "issuer_mismatch", "issuer_mismatch", "no_such_code", "nothing_gained")
        assert [told.partition(":")[0] for told in self.told(bob, corp)] == ["By the last check"]
        Provider.objects.filter(pk=corp.pk).update(risky_change_at=timezone.now())
        assert self.told(bob, corp) == []
        checked(corp, "issuer_mismatch", "issuer_mismatch")
        checked(corp, "ok", "issuer_mismatch", unsaved=True)
        assert len(self.told(bob, corp)) == 1
        checked(corp, "ok")
        assert self.told(bob, corp) == []

    def test_a_change_that_waits_is_one_click_away(self, bob, corp):
        document = {**(corp.discovery or {}), "issuer": corp.issuer}
        changes = {"token_endpoint": {"before": "https://a.example/t", "after": "https://b.example/t"}}
        now = timezone.now()
        DiscoveryDrift.objects.create(
            provider=corp, document=document, changes=changes, found_at=now, seen_at=now
        )
        page = page_of(bob, corp)
        assert 'href="#drift-heading"' in page
        assert 'id="drift-heading"' in page


class RefusalTests:
    def test_who_may_not_view_sign_ins_sees_none_and_no_count(self, client, corp):
        attempts(corp, 3, name="hidden", outcome="ok")
        dave = staff(client, "view_provider")
        with CaptureQueriesContext(connection) as asked:
            page = page_of(dave, corp)
        assert TITLE in page
        assert_without(page, "hidden-0", "Last 24 hours", "Last sign-ins")
        assert [query for query in asked if 'FROM "providers_signinattempt"' in query["sql"]] == []

    def test_who_may_view_no_people_gets_no_link_to_one(self, client, corp):
        alice = person("alice@corp.example")
        attempts(corp, 1, name="hers", outcome="ok", user=alice)
        page = page_of(staff(client, "view_provider", "view_signinattempt"), corp)
        assert "hers-0" in page
        assert_without(page, f"/admin/accounts/user/{alice.pk}/")

    def test_who_may_only_look_is_not_offered_a_check(self, client, corp):
        assert_without(page_of(staff(client, "view_provider"), corp), "Check it now")

    def test_who_may_not_view_providers_has_no_page(self, client, corp):
        dave = staff(client, "view_signinattempt")
        assert dave.get(f"/admin/providers/provider/{corp.pk}/change/").status_code == 403


def test_it_asks_as_often_however_much_there_is(bob, corp):
    def statements():
        with CaptureQueriesContext(connection) as asked:
            page_of(bob, corp)
        return [query["sql"] for query in asked]

    statements()
    few = len(statements())
    attempts(corp, 60, name="ours", outcome="ok", user=person("alice"))
    for _ in range(60):
        checked(corp, "ok")
    many = statements()
    assert len(many) <= few
    tables = ("providers_signinattempt", "eventlog_event")
    assert len([sql for sql in many if any(f'FROM "{table}"' in sql for table in tables)]) <= 5
    read = [sql for sql in many if f'FROM "{tables[0]}"' in sql or f'FROM "{tables[1]}"' in sql]
    assert [sql for sql in read if "LIMIT" not in sql] == []
