"""A changed document is used when an administrator adopts it, and only what he has seen."""

import pytest

from providers.drift.decisions import DriftDecided, adopt_drift, refuse_drift
from providers.models import ConsoleSession, DiscoveryDrift, Provider
from tests.providers.drift.watching import watch
from tests.providers.registrations import BOB, provider_events, registered_at
from tests.providers.signin.journey import Browser
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db
ELSEWHERE = "https://elsewhere.example/token"
SECRET = "entered again for other hosts"


@pytest.fixture
def corp(op):
    provider = registered_at(op)
    watch()
    return provider


@pytest.fixture
def drift(op, corp):
    op.discovery["token_endpoint"] = ELSEWHERE
    watch()
    return DiscoveryDrift.objects.get()


def page_of(provider):
    return f"/admin/providers/provider/{provider.pk}/change/"


def door_of(drift):
    return f"/admin/providers/provider/{drift.provider_id}/drift/{drift.pk}"


def decide(browser, drift, decision):
    return browser.post(door_of(drift), {"decision": decision, "client_secret": SECRET}, follow=True)


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


class PageTests:
    def test_it_shows_both_sides_and_asks(self, bob, op, corp, drift):
        page = bob.get(page_of(corp)).content.decode()
        assert "The provider has changed" in page
        assert f"<del>{op.url('token')}</del>" in page
        assert f"<ins>{ELSEWHERE}</ins>" in page
        assert "another host" in page
        assert f'action="{door_of(drift)}"' in page

    def test_the_first_page_and_the_list_say_that_somebody_must_decide(self, bob, corp, drift):
        assert "Corp SSO has changed" in bob.get("/admin/").content.decode()
        assert (
            "The provider has changed: adopt or refuse"
            in bob.get("/admin/providers/provider/").content.decode()
        )
        decide(bob, drift, "refuse")
        assert "Corp SSO has changed" not in bob.get("/admin/").content.decode()
        assert "The provider has changed" not in bob.get("/admin/providers/provider/").content.decode()

    def test_it_says_since_when_nothing_can_be_read(self, bob, op, corp):
        assert "cannot be read since" not in bob.get(page_of(corp)).content.decode()
        op.go_down()
        watch()
        page = bob.get(page_of(corp)).content.decode()
        assert "The discovery document cannot be read since" in page
        assert "The keys cannot be read since" in page

    def test_it_says_nothing_when_there_is_nothing(self, bob, corp):
        assert "The provider has changed" not in bob.get(page_of(corp)).content.decode()

    def test_what_a_provider_writes_is_text_on_it(self, bob, op, corp):
        op.discovery["mtls_endpoint_aliases"] = {"token_endpoint": "<script>alert(1)</script>"}
        watch()
        page = bob.get(page_of(corp)).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert(1)" not in page

    def test_the_button_to_refresh_asks_as_well(self, bob, op, corp):
        op.discovery["jwks_uri"] = ELSEWHERE
        action = {"action": "refresh_metadata", "_selected_action": [str(corp.pk)]}
        response = bob.post("/admin/providers/provider/", action, follow=True)
        assert "names other endpoints than those in use" in messages_in(response)[0]
        assert Provider.objects.get().endpoint("jwks_uri") == op.url("jwks")
        assert "<ins>https://elsewhere.example/token</ins>" in bob.get(page_of(corp)).content.decode()

    def test_the_button_asks_about_another_issuer_too(self, bob, op, corp):
        op.discovery["issuer"] = "https://new.example"
        action = {"action": "refresh_metadata", "_selected_action": [str(corp.pk)]}
        bob.post("/admin/providers/provider/", action)
        assert (
            "everybody who is signed in through it is signed out" in bob.get(page_of(corp)).content.decode()
        )


class AdoptingTests:
    def test_what_was_shown_is_used_and_on_record(self, bob, op, corp, drift):
        assert messages_in(decide(bob, drift, "adopt")) == [
            "What the provider shows now is used from now on."
        ]
        assert Provider.objects.get().endpoint("token_endpoint") == ELSEWHERE
        event = provider_events().get(action="provider_drift_adopted")
        assert (event.actor, event.after) == ("user:bob", {"token_endpoint": ELSEWHERE})
        drift.refresh_from_db()
        assert (drift.decision, drift.decided_by) == ("adopted", "user:bob")
        assert watch().status == 0

    def test_the_keys_go_with_another_jwks_uri(self, bob, op, corp):
        op.moved["jwks"] = "/other-keys"
        watch()
        decide(bob, DiscoveryDrift.objects.get(), "adopt")
        stored = Provider.objects.get()
        assert (stored.endpoint("jwks_uri"), stored.jwks) == (op.url("jwks"), None)
        assert watch().status == 0
        assert Provider.objects.get().jwks == {"keys": op.jwks.keys}

    def test_another_issuer_is_adopted_from_its_own_document_and_ends_the_sessions(
        self, bob, op, corp, another_scripted_provider
    ):
        Browser().sign_in(op)
        another = another_scripted_provider
        op.discovery.fields.update(another.metadata())
        watch()
        decide(bob, DiscoveryDrift.objects.get(), "adopt")
        stored = Provider.objects.get()
        assert stored.issuer == another.issuer
        assert stored.discovery == another.metadata()
        assert ConsoleSession.objects.get().ended_at is not None

    @pytest.mark.parametrize(
        ("bend", "told"),
        [
            (lambda op, another: another.go_down(), "does not answer"),
            (
                lambda op, another: another.discovery.__setitem__("token_endpoint", ELSEWHERE),
                "not the one that was shown",
            ),
            (lambda op, another: another.discovery.__setitem__("issuer", op.issuer), "discovery document"),
        ],
    )
    def test_another_issuer_that_is_not_what_was_shown_is_not_adopted(
        self, bob, op, corp, another_scripted_provider, bend, told
    ):
        op.discovery.fields.update(another_scripted_provider.metadata())
        watch()
        before = Provider.objects.values().get()
        bend(op, another_scripted_provider)
        drift = DiscoveryDrift.objects.get()
        assert told in messages_in(decide(bob, drift, "adopt"))[0]
        assert Provider.objects.values().get() == before
        assert DiscoveryDrift.objects.undecided().get() == drift

    def test_a_document_that_no_longer_fits_the_registration_is_not_adopted(self, bob, op, corp):
        Provider.objects.update(response_type="id_token")
        op.discovery.drop("token_endpoint")
        watch()
        Provider.objects.update(response_type="code")
        drift = DiscoveryDrift.objects.get()
        assert "discovery document cannot be used" in messages_in(decide(bob, drift, "adopt"))[0]
        assert Provider.objects.get().endpoint("token_endpoint") == op.url("token")


class RefusingTests:
    def test_nothing_changes_and_it_is_not_asked_again(self, bob, op, corp, drift):
        decide(bob, drift, "refuse")
        assert Provider.objects.get().endpoint("token_endpoint") == op.url("token")
        assert provider_events().get(action="provider_drift_refused").actor == "user:bob"
        told = watch()
        assert (told.status, told.codes()[-1]) == (0, "change_refused")
        assert not DiscoveryDrift.objects.undecided().exists()

    def test_another_change_is_asked_about(self, bob, op, corp, drift):
        decide(bob, drift, "refuse")
        op.discovery["token_endpoint"] = ELSEWHERE + "/2"
        assert watch().status == 2
        op.discovery["token_endpoint"] = ELSEWHERE
        assert watch().status == 0
        assert not DiscoveryDrift.objects.undecided().exists()


class RefusalTests:
    @pytest.mark.parametrize("decision", ["adopt", "refuse"])
    def test_two_decide_once(self, corp, drift, decision):
        refuse_drift(drift=drift, by=BOB)
        with pytest.raises(DriftDecided):
            {"adopt": adopt_drift, "refuse": refuse_drift}[decision](drift=drift, by=BOB)
        assert Provider.objects.get().endpoint("token_endpoint") != ELSEWHERE

    @pytest.mark.parametrize("ask", ["get", "put", "delete"])
    def test_a_link_decides_nothing(self, bob, drift, ask):
        assert getattr(bob, ask)(door_of(drift)).status_code == 405
        assert DiscoveryDrift.objects.undecided().exists()

    @pytest.mark.parametrize("decision", ["", "delete", "adopted"])
    def test_nor_does_another_word(self, bob, drift, decision):
        assert bob.post(door_of(drift), {"decision": decision}).status_code == 405
        assert DiscoveryDrift.objects.undecided().exists()

    def test_mallory_decides_nothing(self, mallory, drift):
        assert mallory.post(door_of(drift), {"decision": "adopt"}).status_code == 403
        assert DiscoveryDrift.objects.undecided().exists()

    def test_a_stranger_is_sent_away(self, client, drift):
        assert client.post(door_of(drift), {"decision": "adopt"}).status_code == 302
        assert DiscoveryDrift.objects.undecided().exists()

    def test_a_drift_of_another_provider_is_not_found(self, bob, drift, another_scripted_provider):
        other = registered_at(another_scripted_provider, slug="other")
        door = door_of(drift).replace(str(drift.provider_id), str(other.pk))
        assert bob.post(door, {"decision": "adopt"}).status_code == 404
        assert DiscoveryDrift.objects.undecided().exists()

    def test_a_registration_with_another_issuer_has_nothing_to_decide(self, bob, corp, drift):
        corp.refresh_from_db()
        corp.issuer, corp.token_endpoint_auth_method = "https://127.0.0.1:9", "none"
        from providers.registration.services import save_provider

        save_provider(provider=corp, by=BOB, fetch_metadata=False, anyway=True)
        assert messages_in(decide(bob, drift, "adopt"))[0].startswith("Somebody has decided")
        assert Provider.objects.get().discovery is None


@pytest.mark.django_db(transaction=True)
def test_of_many_who_decide_at_the_same_moment_one_does(scripted_provider):
    registered_at(scripted_provider)
    scripted_provider.discovery["token_endpoint"] = ELSEWHERE
    watch()
    drift = DiscoveryDrift.objects.get()

    def act(number):
        try:
            if number % 2:
                adopt_drift(drift=drift, by=BOB, client_secret=SECRET)
            else:
                refuse_drift(drift=drift, by=BOB)
        except DriftDecided:
            return False
        return True

    assert sum(at_once(act, 4)) == 1
    assert provider_events().filter(action__startswith="provider_drift_").count() == 1
