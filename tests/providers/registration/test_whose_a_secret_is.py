"""A client secret and a client key go to nobody but those whom they were entered or made for, by no door."""

import base64
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from providers.client_keys import ensure_client_key, published_client_keys
from providers.drift.decisions import adopt_drift
from providers.drift.watch import look_again
from providers.history import record_version
from providers.models import ClientKey, DiscoveryDrift, Provider, ProviderVersion, SignInAttempt
from providers.registration.errors import RegistrationInvalid
from providers.registration.rolling_back import roll_back_now
from providers.registration.secret import ENTER_AGAIN, set_client_secret
from providers.registration.services import restore_version, save_provider
from ssoconsole.first_run.demonstration import register_demo_provider
from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import BOB, provider_at, registered_at
from tests.providers.rehearsal.stage import typed_form
from tests.providers.signin.journey import Browser

pytestmark = pytest.mark.django_db
BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"
SECRET = "the-real-secret-of-at-least-32-bytes"
MINE = "what-mallory-has-typed-himself-instead"
METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
PAGE = "/admin/providers/provider"


@pytest.fixture
def evil(another_scripted_provider):
    """A provider of Mallory's own, which asks for pushed requests: a stranger's click then authenticates the client."""
    another_scripted_provider.offer_par()
    return another_scripted_provider


@pytest.fixture
def corp(op):
    op.client.client_secret = SECRET
    provider = registered_at(op)
    record_version(provider=provider, by=BOB)
    return provider


@pytest.fixture
def mallory():
    """He may change providers and nothing else; to the API he is an administrator."""
    client = Client()
    client.force_login(User.objects.create_superuser("mallory"), BACKEND)
    return client


def form(op, issuer, **changes):
    method = Provider.objects.get(slug="corp").token_endpoint_auth_method
    op.client.token_endpoint_auth_method = method
    return typed_form(op, issuer=issuer, client_secret="", anyway="on", **changes)


def in_the_form(mallory, op, corp, evil, tmp_path):
    return mallory.post(f"{PAGE}/{corp.pk}/change/", form(op, evil.issuer)).content.decode()


def in_the_form_on_trial(mallory, op, corp, evil, tmp_path):
    return mallory.post(f"{PAGE}/{corp.pk}/change/", form(op, evil.issuer, trial="5")).content.decode()


def in_a_rehearsal(mallory, op, corp, evil, tmp_path):
    return mallory.post(f"{PAGE}/{corp.pk}/rehearse", form(op, evil.issuer)).content.decode()


def in_the_form_by_subdomain(mallory, op, corp, evil, tmp_path):
    onelogin = form(op, corp.issuer, kind="onelogin", subdomain="mallory")
    return mallory.post(f"{PAGE}/{corp.pk}/change/", onelogin).content.decode()


def by_the_api(mallory, op, corp, evil, tmp_path):
    body = {"issuer": evil.issuer, "anyway": True}
    answer = mallory.patch("/api/v1/providers/corp", body, content_type="application/json")
    assert answer.status_code == 400
    return answer.content.decode()


def by_the_api_and_a_subdomain(mallory, op, corp, evil, tmp_path):
    body = {"kind": "onelogin", "subdomain": "mallory", "anyway": True}
    return mallory.patch("/api/v1/providers/corp", body, content_type="application/json").content.decode()


def by_apply(mallory, op, corp, evil, tmp_path):
    file = tmp_path / "console.yaml"
    file.write_text(f"providers:\n- slug: corp\n  issuer: {evil.issuer}\n")
    return told_by("apply", str(file))


def by_the_import_of_openmetadata(mallory, op, corp, evil, tmp_path):
    file = tmp_path / "openmetadata.env"
    lines = {
        "AUTHENTICATION_PROVIDER": "custom-oidc",
        "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME": "Corp",
        "AUTHENTICATION_CLIENT_TYPE": "confidential",
        "AUTHENTICATION_CLIENT_ID": "console",
        "AUTHENTICATION_AUTHORITY": evil.issuer,
        "OIDC_CLIENT_ID": "console",
        "OIDC_TYPE": "custom",
        "OIDC_DISCOVERY_URI": f"{evil.issuer}/.well-known/openid-configuration",
        "OIDC_CALLBACK": "https://metadata.example/callback",
        "OIDC_CLIENT_AUTH_METHOD": corp.token_endpoint_auth_method,
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return told_by("openmetadata_import", str(file), slug="corp")


def by_the_service(mallory, op, corp, evil, tmp_path):
    row = Provider.objects.get(slug="corp")
    row.issuer = evil.issuer
    with pytest.raises(RegistrationInvalid) as refused:
        save_provider(provider=row, by=BOB, anyway=True)
    return refused.value.message


def told_by(command, *arguments, **options):
    out = StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=out, **options)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


DOORS = (
    in_the_form,
    in_the_form_on_trial,
    in_the_form_by_subdomain,
    in_a_rehearsal,
    by_the_api,
    by_the_api_and_a_subdomain,
    by_apply,
    by_the_import_of_openmetadata,
    by_the_service,
)


def credentials_at(op):
    """Whatever the provider was sent that could be a credential, also undone from its header."""
    sent = []
    for request in op.requests:
        header = request.headers.get("Authorization") or request.headers.get("authorization") or ""
        if header.startswith("Basic "):
            sent.append(base64.b64decode(header.removeprefix("Basic ")).decode())
        sent += [
            value
            for name, value in request.form.items()
            if name in ("client_secret", "client_assertion", "refresh_token")
        ]
    return sent


class DoorTests:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
    def test_another_issuer_without_its_secret_is_refused(
        self, mallory, op, corp, evil, tmp_path, door, method
    ):
        Provider.objects.update(token_endpoint_auth_method=method)
        corp.refresh_from_db()
        before = Provider.objects.values().get(slug="corp")
        versions = ProviderVersion.objects.count()
        told = door(mallory, op, corp, evil, tmp_path)
        assert ENTER_AGAIN[:60] in told
        assert Provider.objects.values().get(slug="corp") == before
        assert ProviderVersion.objects.count() == versions
        Client().get("/signin/corp")
        assert credentials_at(evil) == []

    def test_a_host_that_has_the_secret_by_its_endpoints_alone_is_no_issuer_of_it(
        self, mallory, op, corp, evil
    ):
        """An issuer without a path is spelt as the hosts are, and need not be who runs the endpoint there."""
        Provider.objects.update(client_secret_for=[op.issuer, origin(op), origin(evil), evil.issuer])
        assert ENTER_AGAIN[:60] in by_the_api(mallory, op, corp, evil, None)
        assert Provider.objects.get().issuer == op.issuer

    @pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
    @pytest.mark.parametrize("method", ["none", "private_key_jwt"])
    def test_a_secret_that_checks_signatures_is_used_too(self, mallory, op, corp, evil, method, alg):
        """Another issuer that knows it could sign as this one; and one that does not could never be believed."""
        Provider.objects.update(token_endpoint_auth_method=method, signing_algs=[alg])
        before = Provider.objects.values().get(slug="corp")
        answer = by_the_api(mallory, op, corp, evil, None)
        assert ENTER_AGAIN[:60] in answer
        assert Provider.objects.values().get(slug="corp") == before

    def test_with_its_own_secret_it_is_saved_and_gets_that_one_alone(self, mallory, op, corp, evil):
        body = {"issuer": evil.issuer, "client_secret": MINE, "anyway": True}
        answer = mallory.patch("/api/v1/providers/corp", body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        Client().get("/signin/corp")
        assert credentials_at(evil) == [f"console:{MINE}"]

    @pytest.mark.parametrize("method", ["none", "private_key_jwt"])
    def test_a_secret_that_is_not_used_any_more_is_forgotten(self, mallory, corp, evil, method):
        body = {"issuer": evil.issuer, "token_endpoint_auth_method": method, "anyway": True}
        assert (
            mallory.patch("/api/v1/providers/corp", body, content_type="application/json").status_code == 200
        )
        row = Provider.objects.get(slug="corp")
        assert (row.client_secret, row.client_secret_for) == (None, [])
        body = {"token_endpoint_auth_method": "client_secret_post", "anyway": True}
        answer = mallory.patch("/api/v1/providers/corp", body, content_type="application/json")
        assert "needs a client secret" in answer.content.decode()

    def test_the_same_issuer_keeps_the_secret(self, mallory, op, corp):
        body = {"name": "Corporation", "leeway": 30, "anyway": True}
        assert (
            mallory.patch("/api/v1/providers/corp", body, content_type="application/json").status_code == 200
        )
        assert Browser().sign_in(op).status_code == 302
        assert SECRET in credentials_at(op)[0]

    def test_a_row_that_was_written_past_every_door_sends_nothing(self, corp, evil):
        Provider.objects.update(issuer=evil.issuer, discovery=None)
        answer = Client().get("/signin/corp")
        assert answer.status_code == 503
        assert credentials_at(evil) == []
        trace = SignInAttempt.objects.get()
        assert trace.outcome == "client_credentials_unusable"
        assert SECRET not in json.dumps([trace.expected, trace.received], default=str)

    def test_a_demonstration_provider_that_moves_gets_another_secret(self, op, evil):
        register_demo_provider(op.issuer)
        first = Provider.objects.get(slug="demo").client_secret
        register_demo_provider(op.issuer)
        assert Provider.objects.get(slug="demo").client_secret == first
        register_demo_provider(evil.issuer)
        assert Provider.objects.get(slug="demo").client_secret != first


class HistoryTests:
    def test_a_restored_version_brings_its_own_secret_and_no_other(self, op, corp, evil):
        """Version 2 is Mallory's, with what he typed; version 3 is corp's again."""
        row = Provider.objects.get(slug="corp")
        row.issuer = evil.issuer
        set_client_secret(row, MINE)
        save_provider(provider=row, by=BOB, anyway=True)
        restore_version(provider=row, number=1, by=BOB)
        assert Browser().sign_in(op).status_code == 302
        assert SECRET in credentials_at(op)[0]
        restore_version(provider=row, number=2, by=BOB)
        Client().get("/signin/corp")
        assert credentials_at(evil) == [f"console:{MINE}"]

    def test_a_version_from_before_other_hosts_were_adopted_does_not_come_back(self, op, corp, evil):
        number = ProviderVersion.objects.latest("number").number
        adopt_drift(drift=drift_of(op, corp, evil), by=BOB, client_secret=MINE)
        with pytest.raises(RegistrationInvalid, match="enter the secret again"):
            restore_version(provider=corp, number=number, by=BOB)
        assert Provider.objects.get(slug="corp").client_secret == MINE

    def test_a_version_that_does_not_say_whose_its_secret_is_does_not_come_back(self, corp):
        version = ProviderVersion.objects.latest("number")
        kept = json.loads(version.configuration)
        del kept["client_secret_for"]
        version.configuration = json.dumps(kept | {"leeway": 30})
        version.save()
        with pytest.raises(RegistrationInvalid, match="enter the secret again"):
            restore_version(provider=corp, number=version.number, by=BOB)
        assert Provider.objects.get(slug="corp").leeway == 60

    def test_a_trial_that_is_rolled_back_brings_the_secret_back_to_its_issuer(self, op, corp, evil):
        row = Provider.objects.get(slug="corp")
        row.issuer = evil.issuer
        set_client_secret(row, MINE)
        save_provider(provider=row, by=BOB, trial=timedelta(hours=1))
        assert roll_back_now(provider=row, by=BOB)
        row = Provider.objects.get(slug="corp")
        assert (row.enabled, row.issuer, row.client_secret) == (True, op.issuer, SECRET)
        assert Browser().sign_in(op).status_code == 302
        assert credentials_at(evil) == []


class FirstMetadataTests:
    def test_a_secret_belongs_to_the_hosts_of_the_first_document(self, op):
        op.go_down()
        op.client.client_secret = SECRET
        save_provider(provider=provider_at(op), by=BOB)
        assert Provider.objects.get().client_secret_for == [op.issuer]
        op.come_back()
        assert Browser().sign_in(op).status_code == 302
        assert Provider.objects.get().client_secret_for == [op.issuer, origin(op)]

    @pytest.mark.parametrize("way", ["restored", "rolled back"])
    def test_the_version_from_before_the_first_document_comes_back(self, op, way):
        op.client.client_secret = SECRET
        save_provider(provider=provider_at(op), by=BOB, fetch_metadata=False)
        row = Provider.objects.get()
        row.prompt = "login"
        save_provider(provider=row, by=BOB, fetch_metadata=False, trial=timedelta(hours=1))
        assert Browser().leave()
        if way == "restored":
            restore_version(provider=row, number=1, by=BOB)
        else:
            roll_back_now(provider=row, by=BOB)
        row = Provider.objects.get()
        assert (row.enabled, row.prompt, row.client_secret_for) == (True, "", [op.issuer, origin(op)])
        assert Browser().sign_in(op).status_code == 302

    def test_only_a_document_that_is_the_first_says_to_which_hosts(self, op, corp, evil):
        """The version from before any metadata would otherwise bring a secret that follows every document."""
        Provider.objects.update(client_secret_for=[op.issuer])
        row = Provider.objects.get()
        record_version(provider=row, by=BOB)
        number = ProviderVersion.objects.latest("number").number
        adopt_drift(drift=drift_of(op, corp, evil), by=BOB, client_secret=MINE)
        with pytest.raises(RegistrationInvalid, match="enter the secret again"):
            restore_version(provider=row, number=number, by=BOB)


class AdoptionTests:
    @pytest.mark.parametrize("member", ["token_endpoint", "pushed_authorization_request_endpoint"])
    def test_an_endpoint_at_another_host_is_adopted_with_the_secret_entered_again(
        self, mallory, op, corp, evil, member
    ):
        drift = drift_of(op, corp, evil, member)
        door = f"{PAGE}/{corp.pk}/drift/{drift.pk}"
        assert 'name="client_secret"' in drift_form(mallory, corp)
        before = Provider.objects.values().get()
        told = mallory.post(door, {"decision": "adopt"}, follow=True).content.decode()
        assert "enter the secret again" in told
        assert Provider.objects.values().get() == before
        drift.refresh_from_db()
        assert drift.decision == ""
        mallory.post(door, {"decision": "adopt", "client_secret": MINE})
        row = Provider.objects.get()
        assert (row.client_secret, row.endpoint(member)) == (MINE, drift.document[member])
        Client().get("/signin/corp")
        assert all(SECRET not in sent for sent in credentials_at(evil))

    def test_an_endpoint_at_the_same_host_asks_for_no_secret(self, mallory, op, corp):
        op.moved["token"] = "/elsewhere"
        look_again(provider=corp, by=BOB)
        drift = DiscoveryDrift.objects.get()
        assert 'name="client_secret"' not in drift_form(mallory, corp)
        mallory.post(f"{PAGE}/{corp.pk}/drift/{drift.pk}", {"decision": "adopt"})
        assert Browser().sign_in(op).status_code == 302
        assert SECRET in credentials_at(op)[0]

    @pytest.mark.parametrize("method", ["none", "private_key_jwt"])
    def test_a_secret_that_nothing_uses_is_forgotten(self, op, corp, evil, method):
        Provider.objects.update(token_endpoint_auth_method=method)
        adopt_drift(drift=drift_of(op, corp, evil), by=BOB)
        assert Provider.objects.get().client_secret is None


class ClientKeyTests:
    @pytest.fixture
    def corp(self, op):
        op.client.token_endpoint_auth_method, op.client.client_secret = "private_key_jwt", None
        provider = registered_at(op)
        ensure_client_key(provider=provider, by=BOB)
        op.client.jwks = {"keys": published_client_keys(slug="corp", at=timezone.now())}
        return provider

    def kids(self):
        return set(ClientKey.objects.values_list("kid", flat=True))

    def test_another_issuer_gets_keys_made_anew(self, mallory, corp, evil):
        before = self.kids()
        body = {"issuer": evil.issuer, "anyway": True}
        assert (
            mallory.patch("/api/v1/providers/corp", body, content_type="application/json").status_code == 200
        )
        assert not before & self.kids()
        assert {takers[0] for takers in ClientKey.objects.values_list("made_for", flat=True)} == {evil.issuer}

    def test_other_hosts_get_keys_made_anew(self, op, corp, evil):
        before = self.kids()
        adopt_drift(drift=drift_of(op, corp, evil), by=BOB)
        assert not before & self.kids()

    def test_the_same_hosts_keep_the_keys(self, mallory, op, corp):
        before = self.kids()
        body = {"leeway": 30, "anyway": True}
        mallory.patch("/api/v1/providers/corp", body, content_type="application/json")
        assert self.kids() == before
        assert Browser().sign_in(op).status_code == 302

    def test_keys_that_were_made_before_any_metadata_belong_to_the_first(self, op, corp):
        Provider.objects.update(discovery=None)
        ClientKey.objects.update(made_for=[op.issuer])
        before = self.kids()
        assert Browser().sign_in(op).status_code == 302
        assert self.kids() == before

    @pytest.mark.parametrize("audience", ["issuer", "token_endpoint"])
    def test_a_rehearsal_signs_for_no_other_issuer(self, mallory, op, corp, evil, audience):
        """Its document names corp's own token endpoint, so that an assertion for that would be good there."""
        evil.discovery["token_endpoint"] = op.url("token")
        typed = form(op, evil.issuer, assertion_audience=audience)
        answer = mallory.post(f"{PAGE}/{corp.pk}/rehearse", typed)
        assert answer.status_code == 302
        assert credentials_at(evil) == credentials_at(op) == []
        assert SignInAttempt.objects.get().outcome == "client_credentials_unusable"

    def test_an_assertion_names_nobody_but_the_endpoint_that_it_is_sent_to(self, mallory, op, corp, evil):
        """Saved, the provider of Mallory's gets assertions by the new key: none is good at corp's token endpoint."""
        evil.discovery["token_endpoint"] = op.url("token")
        body = {"issuer": evil.issuer, "assertion_audience": "token_endpoint", "anyway": True}
        assert (
            mallory.patch("/api/v1/providers/corp", body, content_type="application/json").status_code == 200
        )
        Client().get("/signin/corp")
        [assertion] = credentials_at(evil)
        claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
        assert claims["aud"] == evil.url("par")


def origin(op):
    return op.issuer.rpartition("/")[0]


def drift_of(op, corp, evil, member="token_endpoint"):
    """The provider shows an endpoint at a host of Mallory's, and somebody has to decide."""
    op.discovery[member] = evil.url({"token_endpoint": "token"}.get(member, "par"))
    look_again(provider=corp, by=BOB)
    return DiscoveryDrift.objects.get()


def drift_form(client, corp):
    page = client.get(f"{PAGE}/{corp.pk}/change/").content.decode()
    return page.partition('class="drift-decision"')[2].partition("</form>")[0]
