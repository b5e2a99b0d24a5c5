"""The stored discovery document is the provider's, and changes only where an administrator can see it."""

import pytest

from providers.errors import MetadataInvalid, ProviderChanged, ProviderUnreachable
from providers.metadata import ensure_discovery, refresh_discovery
from providers.models import DiscoveryVersion, Provider
from ssoconsole.platform.jose.errors import IssuerMismatch
from tests.providers.registrations import BOB, provider_at, provider_events
from tests.providers.signin.journey import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def corp(scripted_provider):
    provider = provider_at(scripted_provider)
    provider.save()
    return provider


def test_a_refresh_keeps_the_document_and_says_whether_it_is_new(scripted_provider, corp):
    assert refresh_discovery(provider=corp, by=BOB) is True
    assert refresh_discovery(provider=corp, by=BOB) is False
    assert Provider.objects.get().discovery == corp.discovery == scripted_provider.metadata()
    assert DiscoveryVersion.objects.count() == 1
    assert [event.action for event in provider_events()] == ["provider_discovery_changed"]


def test_a_changed_document_is_a_version_and_an_event(scripted_provider, corp):
    refresh_discovery(provider=corp, by=BOB)
    scripted_provider.discovery["scopes_supported"] = ["openid"]
    assert refresh_discovery(provider=corp, by=BOB) is True
    assert DiscoveryVersion.objects.count() == 2
    event = provider_events().first()
    assert list(event.after) == ["scopes_supported"]
    assert event.actor == "user:bob"


def test_lists_in_another_order_are_no_news(scripted_provider, corp):
    refresh_discovery(provider=corp, by=BOB)
    scripted_provider.discovery["scopes_supported"] = scripted_provider.metadata()["scopes_supported"][::-1]
    assert refresh_discovery(provider=corp, by=BOB) is False
    assert (DiscoveryVersion.objects.count(), provider_events().count()) == (1, 1)


def test_another_endpoint_waits_for_a_person_and_the_rest_is_kept(scripted_provider, corp):
    refresh_discovery(provider=corp, by=BOB)
    scripted_provider.discovery["scopes_supported"] = ["openid"]
    scripted_provider.discovery["jwks_uri"] = "https://elsewhere.example/keys"
    assert refresh_discovery(provider=corp, by=BOB) is True
    stored = Provider.objects.get()
    assert stored.discovery["scopes_supported"] == ["openid"]
    assert stored.endpoint("jwks_uri") == scripted_provider.url("jwks")
    assert stored.drifts.undecided().get().side("after") == {"jwks_uri": "https://elsewhere.example/keys"}


def test_the_keys_stay_while_the_document_changes_in_other_things(scripted_provider, corp):
    refresh_discovery(provider=corp, by=BOB)
    Provider.objects.update(jwks={"keys": []}, jwks_fetched_at=corp.discovery_fetched_at)
    scripted_provider.discovery["scopes_supported"] = ["openid"]
    refresh_discovery(provider=corp, by=BOB)
    assert Provider.objects.get().jwks == {"keys": []}


@pytest.mark.parametrize(
    ("bend", "outcome"),
    [
        (lambda op: op.discovery.__setitem__("issuer", op.issuer + "INVALID"), IssuerMismatch),
        (lambda op: op.discovery.__setitem__("issuer", op.issuer + "/"), IssuerMismatch),
        (lambda op: op.discovery.drop("jwks_uri"), MetadataInvalid),
        (lambda op: op.discovery.drop("token_endpoint"), MetadataInvalid),
        (lambda op: op.html("discovery"), MetadataInvalid),
        (lambda op: op.html("discovery", 404), MetadataInvalid),
        (lambda op: op.html("discovery", 503), ProviderUnreachable),
        (lambda op: op.discovery.respond(body=["a"]), MetadataInvalid),
        (lambda op: op.discovery.respond(body='{"issuer": 1, "issuer": 2}'), MetadataInvalid),
        (lambda op: op.discovery.respond(body=r'{"issuer": "\u0000"}'), MetadataInvalid),
        (lambda op: op.discovery.redirect_to("http://127.0.0.1:1/"), MetadataInvalid),
        (lambda op: op.discovery.hang_up(), ProviderUnreachable),
        (lambda op: op.go_down(), ProviderUnreachable),
    ],
)
def test_a_bad_answer_changes_nothing(scripted_provider, corp, bend, outcome):
    refresh_discovery(provider=corp, by=BOB)
    before = Provider.objects.values().get()
    bend(scripted_provider)
    with pytest.raises(outcome) as refused:
        refresh_discovery(provider=corp, by=BOB)
    assert refused.value.expected
    assert refused.value.received
    assert Provider.objects.values().get() == before
    assert provider_events().count() == 1


def test_an_implicit_client_needs_no_token_endpoint(scripted_provider, corp):
    scripted_provider.discovery.drop("token_endpoint")
    corp.response_type = "id_token"
    assert refresh_discovery(provider=corp, by=BOB) is True


def test_a_document_for_the_earlier_issuer_is_not_put_on_the_later(corp):
    Provider.objects.update(issuer="https://elsewhere.example")
    with pytest.raises(ProviderChanged):
        refresh_discovery(provider=corp, by=BOB)
    assert Provider.objects.get().discovery is None


def test_it_is_fetched_before_the_first_sign_in_and_not_again(scripted_provider, corp):
    ensure_discovery(corp)
    ensure_discovery(corp)
    assert corp.endpoint("token_endpoint") == scripted_provider.url("token")
    assert len(scripted_provider.requests_to("discovery")) == 1
    assert provider_events().get().actor == "provider:corp"


WRONG = {
    "end_session_endpoint": "/logout",
    "userinfo_endpoint": "",
    "authorization_response_iss_parameter_supported": "true",
    "scopes_supported": "openid profile email",
}


def test_people_sign_in_and_out_although_optional_members_are_wrong(scripted_provider, corp):
    scripted_provider.discovery.fields.update(WRONG)
    browser = Browser()
    assert browser.sign_in(scripted_provider).status_code == 302
    assert browser.is_signed_in()
    assert not WRONG.keys() & Provider.objects.get().discovery.keys()
    assert browser.client.post("/signout").status_code == 302
    assert not browser.is_signed_in()


def test_an_end_session_endpoint_that_is_wrong_one_day_waits_for_a_person(scripted_provider, corp):
    refresh_discovery(provider=corp, by=BOB)
    scripted_provider.discovery["end_session_endpoint"] = "/logout"
    refresh_discovery(provider=corp, by=BOB)
    stored = Provider.objects.get()
    assert stored.endpoint("end_session_endpoint") == scripted_provider.url("end_session")
    assert list(stored.drifts.undecided().get().changes) == ["end_session_endpoint"]
