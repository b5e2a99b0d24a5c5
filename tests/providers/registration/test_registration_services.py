"""Saving, switching and deleting registrations: with warnings, with events, and never half."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from providers.models import ConsoleSession, DiscoveryVersion, Identity, Provider, SignInAttempt
from providers.registration import services
from providers.registration.errors import ProviderInUse, RegistrationInvalid
from providers.registration.rolling_back import roll_back_now
from providers.registration.secret import set_client_secret
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor, SuperuserRequired
from ssoconsole.platform.eventlog.services import MASK
from tests.providers.registrations import BOB, provider_at, provider_events, somewhere
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "s3cret-of-the-registration-32-bytes"
# What the console has read at the provider meanwhile, while somebody had the form open.
LATELY = datetime(2026, 1, 1, tzinfo=UTC)
PUBLISHED = {
    "discovery": {"issuer": "as it was read lately"},
    "discovery_fetched_at": LATELY,
    "discovery_failing_since": LATELY,
    "jwks": {"keys": []},
    "jwks_fetched_at": LATELY,
    "jwks_failing_since": LATELY,
    "tls_not_after": LATELY,
}


def save(provider, **kwargs):
    """Without a rehearsal: whether one is needed is another file's question."""
    return services.save_provider(provider=provider, by=BOB, **{"anyway": True, **kwargs})


def actions():
    return list(provider_events().order_by("id").values_list("action", flat=True))


@pytest.fixture
def corp(scripted_provider):
    provider = provider_at(scripted_provider)
    save(provider)
    return Provider.objects.get()


MALLORY = Actor("user", "mallory", is_limited=True)


def changed(**changes):
    """Save the stored registration with other values."""

    def change(corp, by):
        for name, value in changes.items():
            setattr(corp, name, value)
        return services.save_provider(provider=corp, by=by, anyway=True)

    return change


def asleep(corp):
    assert services.disable_provider(provider=corp, by=BOB)


def as_it_is(corp):
    pass


def on_trial(corp):
    corp.admin_principals = ["alice@corp.example"]
    save(corp, trial=timedelta(hours=1))


def another(corp, by):
    services.save_provider(provider=somewhere(slug="another"), by=by, fetch_metadata=False)


# What comes first, and what then is a superuser's to do, as it decides who comes in, as whom, or for how long.
A_SUPERUSERS = {
    "registering one": (as_it_is, another),
    "another client": (as_it_is, changed(client_id="another")),
    "other audiences": (as_it_is, changed(trusted_audiences=["api"])),
    "other rules": (as_it_is, changed(admin_principals=["mallory@corp.example"])),
    "another lifetime of sessions": (as_it_is, changed(session_lifetime=99_999)),
    "switching it on": (asleep, lambda corp, by: services.enable_provider(provider=corp, by=by, anyway=True)),
    "switching it on by a save": (asleep, changed(enabled=True)),
    "putting back what was before a trial": (on_trial, lambda corp, by: roll_back_now(provider=corp, by=by)),
}


@pytest.mark.parametrize("what", A_SUPERUSERS)
def test_what_decides_who_comes_in_is_a_superusers_whichever_door_forgets_it(corp, what):
    prepare, do = A_SUPERUSERS[what]
    prepare(corp)
    before = list(Provider.objects.values()), actions()
    with pytest.raises(SuperuserRequired):
        do(Provider.objects.get(), MALLORY)
    assert (list(Provider.objects.values()), actions()) == before
    do(Provider.objects.get(), BOB)
    assert actions() != before[1]


def test_another_name_is_nobodys_danger(corp):
    changed(name="Corporation", icon="C", order=7)(corp, MALLORY)
    assert Provider.objects.get().name == "Corporation"


@pytest.fixture
def session(corp):
    """Alice, signed in at corp."""
    from django.utils import timezone

    now = timezone.now()
    times = {"started_at": now, "expires_at": now, "checked_at": now, "last_seen_at": now}
    alice = User.objects.create(username="alice")
    return ConsoleSession.objects.create(user=alice, provider=corp, sub="subject-1", **times)


def ended(session):
    session.refresh_from_db()
    return session.ended_by


class SavingTests:
    def test_the_discovery_document_is_fetched_and_kept(self, scripted_provider, corp):
        assert corp.discovery == scripted_provider.metadata()
        assert corp.discovery_fetched_at
        assert DiscoveryVersion.objects.get().document == corp.discovery
        assert actions() == ["provider_created", "provider_discovery_changed"]
        assert scripted_provider.violations == []

    def test_the_first_save_warns_of_plain_http_alone(self, scripted_provider):
        assert save(provider_at(scripted_provider)) == [
            "The issuer is plain http: whoever is on the way can sign in as anybody."
        ]

    def test_a_provider_that_is_down_is_saved_with_a_warning(self, scripted_provider):
        scripted_provider.go_down()
        warnings = save(provider_at(scripted_provider))
        assert "metadata is fetched at the first sign-in" in warnings[0]
        assert "connect_failed" in warnings[0]
        assert Provider.objects.get().discovery is None

    @pytest.mark.parametrize("suffix", ["/", "INVALID"])
    def test_a_document_of_another_issuer_is_never_saved(self, scripted_provider, suffix):
        scripted_provider.discovery["issuer"] = scripted_provider.issuer + suffix
        with pytest.raises(RegistrationInvalid) as invalid:
            save(provider_at(scripted_provider))
        assert list(invalid.value.problems) == ["issuer"]
        assert not Provider.objects.exists()
        assert actions() == []

    @pytest.mark.parametrize("status", [200, 404])
    def test_a_page_in_the_place_of_the_document_is_an_error_at_the_issuer(self, scripted_provider, status):
        scripted_provider.html("discovery", status)
        with pytest.raises(RegistrationInvalid) as invalid:
            save(provider_at(scripted_provider))
        assert list(invalid.value.problems) == ["issuer"]

    def test_nothing_is_fetched_when_it_is_not_wanted(self, scripted_provider):
        save(provider_at(scripted_provider), fetch_metadata=False)
        assert scripted_provider.requests == []

    def test_what_the_caller_has_fetched_is_not_fetched_again(self, scripted_provider):
        provider = provider_at(scripted_provider)
        found = services.look_up_metadata(provider)
        save(provider, metadata=found)
        assert len(scripted_provider.requests_to("discovery")) == 1
        assert Provider.objects.get().discovery == found.document

    def test_problems_are_refused_and_nothing_is_written_or_asked(self, scripted_provider):
        with pytest.raises(RegistrationInvalid) as invalid:
            save(provider_at(scripted_provider, scopes=["email"]))
        assert invalid.value.problems == {"scopes": ["The scope openid is missing."]}
        assert scripted_provider.requests == []
        assert not Provider.objects.exists()

    def test_a_slug_belongs_to_one_provider(self, corp):
        with pytest.raises(RegistrationInvalid) as invalid:
            save(somewhere(slug=corp.slug))
        assert list(invalid.value.problems) == ["slug"]
        assert Provider.objects.count() == 1

    def test_a_save_without_a_change_writes_nothing(self, scripted_provider, corp):
        before = (corp.updated_at, actions(), len(scripted_provider.requests))
        save(corp)
        corp.refresh_from_db()
        assert (corp.updated_at, actions(), len(scripted_provider.requests)) == before

    def test_an_event_tells_what_changed_and_by_whom(self, corp):
        corp.order = 30
        save(corp)
        event = provider_events().first()
        assert (event.action, event.actor, event.target) == ("provider_changed", "user:bob", "corp")
        assert (event.before, event.after) == ({"order": 100}, {"order": 30})

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_what_the_provider_has_published_is_not_overwritten_by_an_older_copy(self, corp, name):
        Provider.objects.update(**{name: PUBLISHED[name]})
        corp.leeway = 30
        save(corp)
        assert getattr(Provider.objects.get(), name) == PUBLISHED[name]

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_and_goes_with_the_issuer_whose_it_was(self, corp, name):
        Provider.objects.update(**{name: PUBLISHED[name]})
        corp.refresh_from_db()
        corp.issuer = "https://another.example"
        set_client_secret(corp, SECRET)
        save(corp, fetch_metadata=False)
        assert getattr(Provider.objects.get(), name) is None


class SecretTests:
    @pytest.mark.parametrize(("secret", "shown"), [(SECRET, MASK), (None, None)])
    def test_of_a_new_one_it_is_told_whether_it_has_a_secret(self, scripted_provider, secret, shown):
        save(provider_at(scripted_provider, token_endpoint_auth_method="none", client_secret=secret))
        event = provider_events().get(action="provider_created")
        assert event.after.get("client_secret") == shown

    @pytest.mark.parametrize("secret", [SECRET, None])
    def test_no_event_ever_holds_a_secret(self, corp, secret):
        earlier = corp.client_secret
        corp.token_endpoint_auth_method = "none"
        set_client_secret(corp, secret)
        save(corp)
        texts = json.dumps([[event.before, event.after] for event in provider_events()], ensure_ascii=False)
        assert_without(texts, earlier, SECRET)
        assert "client_secret" in provider_events().first().after
        assert Provider.objects.get().client_secret == secret

    def test_the_same_secret_entered_again_is_no_change(self, corp):
        set_client_secret(corp, corp.client_secret)
        count = provider_events().count()
        save(corp)
        assert provider_events().count() == count


class AnotherProviderTests:
    def test_its_metadata_keys_and_sessions_go(self, corp, session, another_scripted_provider):
        Provider.objects.update(jwks={"keys": []})
        corp.issuer = another_scripted_provider.issuer
        set_client_secret(corp, "entered for the other one")
        save(corp)
        corp.refresh_from_db()
        assert corp.jwks is None
        assert corp.discovery["issuer"] == corp.issuer
        assert ended(session) == "user:bob"

    def test_another_client_id_ends_the_sessions_and_adopts_no_endpoint(
        self, corp, session, scripted_provider
    ):
        Provider.objects.update(jwks={"keys": []})
        in_use = Provider.objects.get().discovery
        scripted_provider.discovery["token_endpoint"] = "https://mallory.example/token"
        corp.client_id = "another"
        save(corp)
        stored = Provider.objects.get()
        assert (stored.client_id, stored.discovery, stored.jwks) == ("another", in_use, {"keys": []})
        assert ended(session) == "user:bob"

    def test_without_an_answer_the_old_metadata_is_gone_all_the_same(self, corp, another_scripted_provider):
        another_scripted_provider.go_down()
        corp.issuer = another_scripted_provider.issuer
        set_client_secret(corp, "entered for the other one")
        assert len(save(corp)) == 2
        assert Provider.objects.get().discovery is None

    def test_a_wrong_new_issuer_leaves_everything_as_it_was(self, corp, session, another_scripted_provider):
        another_scripted_provider.discovery["issuer"] = corp.issuer
        earlier, corp.issuer = corp.issuer, another_scripted_provider.issuer
        set_client_secret(corp, "entered for the other one")
        with pytest.raises(RegistrationInvalid):
            save(corp)
        assert Provider.objects.get().issuer == earlier
        assert ended(session) == ""

    def test_any_other_change_ends_no_session(self, corp, session):
        corp.name = "Corporation"
        save(corp)
        assert ended(session) == ""


class SwitchingTests:
    def test_disabling_ends_the_sessions_and_is_done_once(self, corp, session):
        assert services.disable_provider(provider=corp, by=BOB) is True
        assert services.disable_provider(provider=corp, by=BOB) is False
        assert not Provider.objects.get().enabled
        assert ended(session) == "user:bob"
        assert actions().count("provider_disabled") == 1

    def test_disabling_by_a_save_ends_them_too(self, corp, session):
        corp.enabled = False
        save(corp)
        assert ended(session) == "user:bob"

    def test_enabling_is_done_once(self, corp):
        services.disable_provider(provider=corp, by=BOB)
        assert services.enable_provider(provider=corp, by=BOB) is True
        assert services.enable_provider(provider=corp, by=BOB) is False
        assert Provider.objects.get().enabled
        assert actions().count("provider_enabled") == 1

    def test_a_shared_callback_is_warned_about_while_others_are_enabled(self, corp):
        other = somewhere(slug="other", callback="shared")
        assert "RFC 9207" in " ".join(save(other, fetch_metadata=False))
        services.disable_provider(provider=corp, by=BOB)
        assert save(other, fetch_metadata=False) == []


class DeletingTests:
    def test_what_nothing_refers_to_can_go(self, corp):
        services.delete_provider(provider=corp, by=BOB)
        assert not Provider.objects.exists()
        event = provider_events().first()
        assert (event.action, event.target, event.before["name"]) == ("provider_deleted", "corp", "Corp SSO")

    @pytest.mark.parametrize("kind", ["identity", "session", "attempt"])
    def test_what_is_in_use_stays(self, corp, kind, request):
        if kind == "session":
            request.getfixturevalue("session")
        if kind == "identity":
            Identity.objects.create(provider=corp, sub="s", user=User.objects.create(username="alice"))
        if kind == "attempt":
            SignInAttempt.objects.create(provider=corp, reference="a-b-c", started_at=corp.created_at)
        with pytest.raises(ProviderInUse):
            services.delete_provider(provider=corp, by=BOB)
        assert Provider.objects.exists()
        assert "provider_deleted" not in actions()
