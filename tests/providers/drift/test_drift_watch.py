"""The watch reads every provider again: it tells what is new, and never adopts what a person must decide."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from providers.drift import pending
from providers.models import DiscoveryDrift, DiscoveryVersion, JwksVersion, Provider
from providers.protocol.discovery import ANNOUNCES_ISS, PUSH_ENDPOINT
from ssoconsole.platform.runs.models import LastFailure, LastRun
from ssoconsole.platform.runs.services import last_run
from tests.providers.drift.watching import run, watch
from tests.providers.registrations import provider_events, registered_at
from tests.providers.signin.journey import Browser, register
from tests.support.leaks import assert_without

ELSEWHERE = "https://mallory.example/endpoint"
FAULTS = ("discovery_unreachable", "discovery_unusable", "keys_unreachable", "keys_unusable")


@pytest.fixture
def corp(op):
    provider = registered_at(op)
    watch()
    provider.refresh_from_db()
    return provider


def in_use(provider):
    return Provider.objects.get(pk=provider.pk)


class QuietTests:
    def test_nothing_new_is_nothing_to_tell(self, op, corp):
        events = provider_events().count()
        again = watch()
        assert (again.status, again.document["ok"], again.of()["ok"]) == (0, True, True)
        assert set(again.codes()) == {"key_unusable"}  # the scripted provider publishes some of those
        assert provider_events().count() == events
        assert JwksVersion.objects.count() == 1

    def test_without_providers_all_is_well(self, db):
        assert run() == (0, "")

    def test_a_disabled_provider_is_left_alone(self, op):
        registered_at(op, enabled=False)
        assert watch().document["providers"] == []
        assert op.requests == []

    def test_what_was_never_fetched_is_fetched(self, op):
        provider = register(op)
        assert watch().status == 0
        assert in_use(provider).endpoint("token_endpoint") == op.url("token")
        assert in_use(provider).jwks == {"keys": op.jwks.keys}

    def test_lists_and_keys_in_another_order_are_nothing_new(self, op, corp):
        events = provider_events().count()
        op.discovery["scopes_supported"] = op.metadata()["scopes_supported"][::-1]
        op.jwks.keys = op.jwks.keys[::-1]
        assert set(watch().codes()) == {"key_unusable"}
        assert provider_events().count() == events


class DecisiveTests:
    @pytest.mark.parametrize(
        "member",
        [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
            PUSH_ENDPOINT,
            "registration_endpoint",
        ],
    )
    def test_another_endpoint_is_told_and_not_used(self, op, corp, member):
        before = in_use(corp).discovery
        op.discovery[member] = ELSEWHERE
        told = watch()
        assert told.status == 2
        found = told.finding("endpoint_changed")
        assert (found["severity"], found["received"]) == ("error", ELSEWHERE)
        assert member in found["title"]
        assert in_use(corp).discovery == before
        event = provider_events().first()
        assert (event.action, event.outcome, event.actor) == (
            "provider_drift",
            "pending",
            "command:watch_providers",
        )
        assert event.after == {member: ELSEWHERE}

    def test_what_waits_for_a_person_is_no_failure_of_the_command(self, op, corp, capsys):
        op.discovery["token_endpoint"] = ELSEWHERE
        call_command("watch_providers")
        assert "corp: needs a person" in capsys.readouterr().out
        assert last_run(LastRun.What.WATCH)
        assert not LastFailure.objects.exists()

    @pytest.mark.parametrize("member", ["userinfo_endpoint", "end_session_endpoint"])
    def test_an_endpoint_that_is_gone_is_still_used(self, op, corp, member):
        op.discovery.drop(member)
        assert watch().finding("endpoint_changed")["received"] == "absent"
        assert in_use(corp).endpoint(member)

    def test_another_issuer_is_told_and_nothing_of_its_document_is_used(self, op, corp):
        before = in_use(corp).discovery
        op.discovery["issuer"] = "https://mallory.example"
        op.discovery["scopes_supported"] = ["openid"]
        told = watch()
        assert (told.status, told.codes()[0]) == (2, "issuer_changed")
        assert in_use(corp).discovery == before
        assert in_use(corp).issuer == op.issuer

    def test_a_first_document_of_another_issuer_is_no_document(self, op):
        provider = register(op)
        op.discovery["issuer"] = "https://mallory.example"
        assert "discovery_unusable" in watch().codes()
        assert in_use(provider).discovery is None
        assert not DiscoveryDrift.objects.exists()

    def test_a_protection_that_is_withdrawn_is_a_persons_to_give_up(self, op, corp):
        op.discovery[ANNOUNCES_ISS] = False
        assert watch().codes()[0] == "protection_withdrawn"
        assert in_use(corp).discovery[ANNOUNCES_ISS] is True

    def test_registration_at_the_same_host_is_harmless(self, op, corp):
        op.discovery["registration_endpoint"] = "https://idp.example/register"
        watch()
        DiscoveryDrift.objects.all().delete()
        Provider.objects.update(discovery=op.discovery.shape(op.metadata()))
        op.discovery["registration_endpoint"] = "https://idp.example/register-here"
        told = watch()
        assert (told.status, told.finding("member_changed")["severity"]) == (0, "info")

    def test_people_go_on_signing_in_at_the_endpoints_in_use(self, op, corp, visitor):
        op.discovery["authorization_endpoint"] = ELSEWHERE
        op.discovery["token_endpoint"] = ELSEWHERE
        watch()
        visitor.sign_in(op)
        assert visitor.is_signed_in()

    def test_it_is_told_at_every_run_and_recorded_once(self, op, corp):
        op.discovery["token_endpoint"] = ELSEWHERE
        first = watch()
        seen = DiscoveryDrift.objects.get().seen_at
        assert watch().codes() == first.codes()
        assert DiscoveryDrift.objects.get().seen_at > seen
        assert provider_events().filter(action="provider_drift").count() == 1

    def test_a_second_change_takes_the_place_of_the_first(self, op, corp):
        op.discovery["token_endpoint"] = ELSEWHERE
        watch()
        op.discovery["token_endpoint"] = ELSEWHERE + "/2"
        watch()
        decisions = list(DiscoveryDrift.objects.order_by("pk").values_list("decision", flat=True))
        assert decisions == ["superseded", ""]

    def test_what_the_provider_takes_back_waits_no_more(self, op, corp):
        op.discovery["token_endpoint"] = ELSEWHERE
        watch()
        del op.discovery.fields["token_endpoint"]
        assert watch().status == 0
        assert DiscoveryDrift.objects.get().decision == "withdrawn"

    def test_harmless_members_beside_it_are_kept(self, op, corp):
        op.discovery["token_endpoint"] = ELSEWHERE
        op.discovery["scopes_supported"] = ["openid"]
        assert {"endpoint_changed", "capability_changed"} <= set(watch().codes())
        assert in_use(corp).discovery["scopes_supported"] == ["openid"]
        assert in_use(corp).endpoint("token_endpoint") == op.url("token")


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("scopes_supported", ["openid"], "capability_changed"),
        ("id_token_signing_alg_values_supported", ["ES256"], "algorithms_changed"),
        ("service_documentation", "https://idp.example/docs", "member_changed"),
        ("backchannel_logout_supported", False, "capability_changed"),
    ],
)
def test_what_a_provider_can_do_is_adopted_with_an_event(op, corp, member, value, code):
    op.discovery[member] = value
    told = watch()
    assert (told.status, told.finding(code)["title"].split(": ")[1]) == (0, f"{member}.")
    assert in_use(corp).discovery[member] == value
    assert DiscoveryVersion.objects.count() == 1
    event = provider_events().first()
    assert (event.action, event.after) == ("provider_discovery_changed", {member: value})


class KeyTests:
    def test_a_rotation_is_adopted_and_told(self, op, corp):
        op.jwks.rotate()
        told = watch()
        assert told.status == 0
        assert {"keys_added", "keys_removed"} <= set(told.codes())
        assert in_use(corp).jwks == {"keys": op.jwks.keys}
        assert JwksVersion.objects.count() == 2

    def test_another_key_under_the_same_name_is_an_alarm(self, op, corp):
        names = [jwk.get("kid") for jwk in op.jwks.keys]
        op.jwks.rotate()
        for jwk, name in zip(op.jwks.keys, names, strict=True):
            jwk["kid"] = name
        told = watch()
        assert (told.status, told.codes()[0]) == (2, "key_replaced")
        event = provider_events().filter(action="provider_keys_changed").first()
        assert event.outcome == "key_replaced"
        assert watch().status == 0

    def test_a_published_secret_half_is_an_alarm_and_is_not_kept_as_a_version(self, op, corp):
        op.jwks.keys = [*op.jwks.keys, {"kty": "EC", "crv": "P-256", "kid": "oops", "d": "c2VjcmV0LWhhbGY"}]
        op.jwks.keys.append({"kty": "oct", "kid": "shared", "k": "c2hhcmVkLXNlY3JldA"})
        told = watch()
        assert told.status == 2
        assert told.codes()[:2] == ["key_exposed", "key_exposed"]
        kept = str(JwksVersion.objects.first().document)
        assert "c2VjcmV0LWhhbGY" not in kept
        assert "c2hhcmVkLXNlY3JldA" not in kept
        assert_without(told.document, "c2VjcmV0LWhhbGY")

    def test_a_weak_key_is_told(self, op, corp):
        op.jwks.keys = [*op.jwks.keys, {"kty": "RSA", "kid": "weak", "n": "v" * 84, "e": "AQAB"}]
        reasons = [found["received"] for found in watch().of()["findings"] if "weak" in found["title"]]
        assert any("bits" in reason for reason in reasons)

    def test_only_so_many_versions_are_kept(self, op, corp, monkeypatch):
        monkeypatch.setattr("providers.drift.watch.VERSIONS_KEPT", 2)
        for number in range(4):
            op.jwks.keys = [*op.jwks.keys[:1], {**op.jwks.keys[0], "kid": f"another-{number}"}]
            watch()
        assert JwksVersion.objects.count() == 2
        assert "another-3" in str(JwksVersion.objects.first().document)


class BoundTests:
    def test_a_provider_that_never_shows_the_same_is_kept_within_bounds(self, op, corp, monkeypatch):
        monkeypatch.setattr("providers.drift.watch.VERSIONS_KEPT", 2)
        for number in range(5):
            op.discovery["token_endpoint"] = f"{ELSEWHERE}/{number}"
            op.discovery["scopes_supported"] = ["openid", str(number)]
            watch()
        assert DiscoveryVersion.objects.count() == 2
        assert DiscoveryDrift.objects.count() == 1 + 2
        assert DiscoveryDrift.objects.undecided().get().side("after") == {"token_endpoint": f"{ELSEWHERE}/4"}

    def test_a_long_value_is_cut_where_it_is_told(self, op, corp):
        op.discovery["scopes_supported"] = ["x" * 50_000]
        found = watch().finding("capability_changed")
        assert len(found["received"]) < 600


class OutageTests:
    @pytest.mark.parametrize(
        ("bend", "codes"),
        [
            (lambda op: op.go_down(), ["discovery_unreachable", "keys_unreachable"]),
            (lambda op: op.html("discovery", 503), ["discovery_unreachable"]),
            (lambda op: op.html("discovery"), ["discovery_unusable"]),
            (lambda op: op.discovery.drop("jwks_uri"), ["discovery_unusable"]),
            (lambda op: op.html("jwks", 500), ["keys_unreachable"]),
            (lambda op: op.jwks.respond(body={"keys": 1}), ["keys_unusable"]),
        ],
    )
    def test_it_is_told_since_when_and_what_is_stored_serves_on(self, op, corp, bend, codes):
        before = in_use(corp)
        bend(op)
        first = watch()
        since = first.finding(codes[0])["title"].partition(", since ")[2]
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            second = watch()
        assert [code for code in second.codes() if code in FAULTS] == codes
        assert since.endswith("UTC.")
        assert since in second.finding(codes[0])["title"]
        assert (first.status, second.status) == (1, 1)
        after = in_use(corp)
        assert (after.discovery, after.jwks) == (before.discovery, before.jwks)
        assert after.discovery_failing_since or after.jwks_failing_since

    def test_the_copy_serves_only_where_there_is_one_and_is_not_too_old(self, op, corp):
        op.go_down()
        told = watch()
        assert "The stored copy serves" in told.finding("discovery_unreachable")["remedy"]
        assert "The stored keys serve until" in told.finding("keys_unreachable")["remedy"]
        Provider.objects.update(jwks_fetched_at=timezone.now() - timedelta(hours=25))
        assert "no copy" in watch().finding("keys_unreachable")["remedy"]
        Provider.objects.update(discovery=None, jwks=None)
        assert "no copy" in watch().finding("discovery_unreachable")["remedy"]
        assert not any(
            "serve" in remedy and "no copy" not in remedy for _, _, remedy in pending.CODES.values()
        )

    def test_it_is_over_when_the_provider_answers(self, op, corp):
        op.go_down()
        watch()
        op.come_back()
        assert watch().status == 0
        stored = in_use(corp)
        assert (stored.discovery_failing_since, stored.jwks_failing_since) == (None, None)

    def test_a_sign_in_that_fetches_keys_ends_it_too(self, op, corp):
        op.html("jwks", 500)
        watch()
        op.jwks.canned = None
        Provider.objects.update(jwks_fetched_at=None)
        Browser().sign_in(op)
        assert in_use(corp).jwks_failing_since is None

    def test_one_that_is_down_or_slow_holds_up_no_other(self, op, corp, another_scripted_provider):
        registered_at(another_scripted_provider, slug="slow", name="Slow")
        register(op, slug="gone", issuer="http://127.0.0.1:9/gone")
        another_scripted_provider.delay("discovery", 1)
        another_scripted_provider.delay("jwks", 1)
        started = time.monotonic()
        told = watch()
        assert [each["provider"] for each in told.document["providers"]] == ["corp", "gone", "slow"]
        assert (told.of("corp")["ok"], told.of("slow")["ok"], told.of("gone")["ok"]) == (True, True, False)
        assert time.monotonic() - started < 10

    def test_a_fault_of_ours_at_one_is_told_without_its_text(self, op, corp, another_scripted_provider):
        registered_at(another_scripted_provider, slug="other", name="Other")
        Provider.objects.filter(slug="other").update(discovery=["not a document"])
        told = watch()
        assert told.codes("other") == ["not_examined"]
        assert told.of("corp")["ok"]

    def test_a_registration_that_moves_while_it_is_read_keeps_nothing_of_the_old_one(
        self, op, corp, monkeypatch
    ):
        from providers.drift import watch as module

        def read_and_move(provider):
            reading = read(provider)
            Provider.objects.filter(pk=provider.pk).update(
                issuer="https://new.example", discovery=None, jwks=None
            )
            return reading

        read = module.read_provider
        # In this thread: the move is another administrator's, and must be seen by the one connection here.
        monkeypatch.setattr(module, "ThreadPoolExecutor", Here)
        monkeypatch.setattr(module, "read_provider", read_and_move)
        assert "provider_changed" in watch().codes()
        assert (in_use(corp).discovery, in_use(corp).jwks) == (None, None)


class Here:
    """Does at once, in this thread, what a pool would do in another."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def submit(self, work, *args):
        from concurrent.futures import Future

        done = Future()
        done.set_result(work(*args))
        return done


class ExitStatusTests:
    def test_what_waits_for_a_person_is_no_failed_job(self, op, corp):
        op.discovery["token_endpoint"] = ELSEWHERE
        assert run()[0] == 0
        assert run("--exit-code")[0] == 2

    def test_what_cannot_be_read_is_one_whatever_waits_beside_it(self, op, corp, another_scripted_provider):
        registered_at(another_scripted_provider, slug="other", name="Other")
        op.discovery["token_endpoint"] = ELSEWHERE
        another_scripted_provider.go_down()
        assert (run()[0], run("--exit-code")[0]) == (1, 1)
        assert "other: could not be read" in run()[1]


def test_a_person_reads_it_too_and_no_control_character_reaches_his_terminal(op, corp):
    op.discovery["token_endpoint"] = ELSEWHERE
    op.discovery["service_documentation"] = "\x1b[2J\nlooks: ok"
    status, text = run("--exit-code")
    assert status == 2
    assert text.startswith(
        "corp: needs a person\n  error: The provider names another endpoint: token_endpoint."
    )
    assert "\x1b" not in text
    assert "\nlooks: ok" not in text


def test_every_code_has_a_severity_and_a_sentence():
    assert all(
        severity in ("error", "warning", "info") and title for severity, title, _ in pending.CODES.values()
    )
