"""npm's oidc-provider tells the console by itself that a session is over."""

import pytest
import requests

from providers.models import ConsoleSession, Provider
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import entered
from tests.providers.signin.journey import Browser, hop_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def corp(live_server, settings, real_provider):
    """Registered at both ends, at a console that the provider can reach."""
    settings.BASE_URL = live_server.url
    client = real_provider.register_client("console-basic", live_server.url)
    provider = Provider(
        slug="corp", name="Corp SSO", issuer=real_provider.issuer, client_id=client["client_id"]
    )
    entered(provider, client["client_secret"])
    provider.save()
    return provider


@pytest.fixture
def alice_at_the_provider():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def sign_in(real_provider, at_the_provider):
    browser = Browser()
    callback = real_provider.sign_in_by_http(at_the_provider, browser.leave(), "alice")
    assert browser.arrive(callback).status_code == 302
    return browser


def test_signing_out_in_one_browser_ends_what_began_in_the_same_session_there(
    corp, real_provider, alice_at_the_provider
):
    one = sign_in(real_provider, alice_at_the_provider)
    other = sign_in(real_provider, alice_at_the_provider)
    with requests.Session() as another_session:
        another_session.trust_env = False
        elsewhere = sign_in(real_provider, another_session)
    assert len(set(ConsoleSession.objects.values_list("sid", flat=True)) - {""}) == 2

    hop = hop_of(one.client.post("/signout"))
    assert other.is_signed_in()  # nobody has told the console yet
    real_provider.sign_out_by_http(alice_at_the_provider, hop)

    assert not other.is_signed_in(), real_provider.log()
    assert elsewhere.is_signed_in()
    event = Event.objects.get(action="backchannel_logout")
    assert (event.actor, event.after["sessions"]) == ("provider:corp", 1)
    assert not Event.objects.filter(action="backchannel_logout_refused").exists()
