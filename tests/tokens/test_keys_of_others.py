"""Keys that somebody else publishes: one copy a source, one count of tries a source, and an event for every change."""

import pytest
from assertions import Signer

from ssoconsole.platform.eventlog.models import Event
from tokens import remote_keys
from tokens.errors import KeysUnavailable
from tokens.models import RemoteKeys
from tokens.protocol.workload_token import ALGORITHMS, TYPES, discovery_urls
from tokens.remote_keys import Source, current_keys, fetch_keys, verify_by_source

pytestmark = pytest.mark.django_db
ISSUER = "https://idp.example"
JWKS_URI = f"{ISSUER}/keys"
FIRST, SECOND = discovery_urls(ISSUER)


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def published(monkeypatch, signer):
    """What stands at which address; `asked` is in which order it was asked for."""
    documents, asked = {JWKS_URI: signer.jwks}, []

    def fetch(url):
        asked.append(url)
        if url not in documents:
            raise KeysUnavailable(expected="an answer", received="none")
        return documents[url]

    monkeypatch.setattr(remote_keys, "fetch_document", fetch)
    documents["asked"] = asked
    return documents


@pytest.mark.parametrize("at", [FIRST, SECOND])
def test_an_issuer_says_at_either_address_where_its_keys_are(published, at):
    published[at] = {"issuer": ISSUER, "jwks_uri": JWKS_URI}
    assert fetch_keys(Source(ISSUER, is_issuer=True)).keys
    assert published["asked"][-1] == JWKS_URI


@pytest.mark.parametrize("at", [FIRST, SECOND])
@pytest.mark.parametrize("issuer", ["https://evil.example", f"{ISSUER}/", None])
def test_at_neither_address_may_it_speak_for_another(published, at, issuer):
    published[at] = {"issuer": issuer, "jwks_uri": JWKS_URI}
    with pytest.raises(KeysUnavailable):
        fetch_keys(Source(ISSUER, is_issuer=True))
    assert JWKS_URI not in published["asked"]
    assert not RemoteKeys.objects.exists()


def test_keys_of_an_address_are_none_of_the_issuer_of_that_name(published, signer):
    """A bot's own key set could otherwise stand for the platform at whose address it is."""
    published[ISSUER] = Signer(kid="another").jwks
    published[FIRST] = {"issuer": ISSUER, "jwks_uri": JWKS_URI}
    as_address, as_issuer = Source(ISSUER), Source(ISSUER, is_issuer=True)
    for source, kid in ((as_address, "another"), (as_issuer, signer.key.kid), (as_address, "another")):
        assert [key.kid for key in current_keys(source).keys] == [kid]


def test_each_source_is_asked_three_times_a_minute(published):
    published["https://other.example/keys"] = published[JWKS_URI]
    for _ in range(3):
        fetch_keys(Source(JWKS_URI))
    with pytest.raises(KeysUnavailable):
        fetch_keys(Source(JWKS_URI))
    assert fetch_keys(Source("https://other.example/keys")).keys


def test_every_change_of_keys_is_an_event_and_nothing_else_is(published, signer):
    fetch_keys(Source(JWKS_URI))
    fetch_keys(Source(JWKS_URI))
    published[JWKS_URI] = Signer(kid="newer").jwks
    fetch_keys(Source(JWKS_URI))
    events = Event.objects.filter(action="remote_keys_changed").order_by("pk")
    assert {event.actor for event in events} == {f"stranger:{JWKS_URI}"}
    assert [(event.target, event.before, event.after) for event in events] == [
        (JWKS_URI, {"kids": []}, {"kids": [signer.key.kid]}),
        (JWKS_URI, {"kids": [signer.key.kid]}, {"kids": ["newer"]}),
    ]


def test_where_there_are_no_keys_a_refusal_takes_as_long(published, signer, monkeypatch):
    spent = []
    monkeypatch.setattr(remote_keys, "spend_verification", spent.append)
    with pytest.raises(KeysUnavailable):
        verify_by_source(
            Source("https://nowhere.example"), signer.sign({}), algorithms=ALGORITHMS, types=TYPES
        )
    assert [algorithm.name for algorithm in spent] == [ALGORITHMS[0]]
