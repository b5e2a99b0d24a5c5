"""A workload comes in with the token of its own platform: Kubernetes, a CI system, and everybody else's."""

import time
from datetime import timedelta

import pytest
import time_machine
from assertions import KeyHost, Signer, by_assertion
from django.utils import timezone
from tokens_cast import state

from tokens import errors
from tokens.bots.services import disable_bot
from tokens.credentials.keyless import set_federation
from tokens.models import Bot, Credential, SpentAssertion, TokenRecord
from tokens.protocol.federation import check_rule, subject_matches

AUDIENCE = "https://console.example"
POD = "system:serviceaccount:data:ingestion"
BRANCH = "repo:acme/infra:ref:refs/heads/main"


@pytest.fixture(scope="module")
def platform_key():
    return Signer("RS256", kid="platform-1")


@pytest.fixture
def host(platform_key):
    host = KeyHost()
    host.documents["/.well-known/openid-configuration"] = {
        "issuer": host.url,
        "jwks_uri": f"{host.url}/openid/v1/jwks",
    }
    host.documents["/openid/v1/jwks"] = platform_key.jwks
    yield host
    host.close()


@pytest.fixture
def trusts(host, by):
    """Make the bot trust workloads with these subjects."""

    def trust(bot, *subjects, claims=None, **changes):
        rules = [
            {"issuer": host.url, "audience": AUDIENCE, "subject": subject, "claims": claims or {}, **changes}
            for subject in subjects
        ]
        return set_federation(bot=bot, rules=rules, by=by)

    return trust


def in_seconds(seconds):
    return int(time.time()) + seconds


@pytest.fixture
def pod(host, platform_key):
    """A Kubernetes projected token, but for what is said."""

    def make(signer=platform_key, *, without=(), header=None, **changes):
        claims = {
            "iss": host.url,
            "sub": POD,
            "aud": [AUDIENCE],
            "exp": in_seconds(3600),
            "iat": in_seconds(0),
            "nbf": in_seconds(0),
            "jti": "6a3c4b1e",
            "kubernetes.io": {"namespace": "data", "serviceaccount": {"name": "ingestion"}},
        }
        return signer.sign({**claims, **changes}, without=without, **{"typ": None, **(header or {})})

    return make


def ci_claims(**changes):
    claims = {
        "sub": BRANCH,
        "aud": AUDIENCE,
        "repository": "acme/infra",
        "repository_id": "74",
        "run_attempt": 1,
        "ref_protected": True,
        "environment": "production",
        "actor": "mallory",
        "labels": ["a"],
    }
    return {**claims, **changes}


def shown(oauth, token, **more):
    return oauth.token(**by_assertion(token, **more))


def refused(oauth, token, **more):
    before = state()[:3]
    answer = shown(oauth, token, **more)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.content
    assert state()[:3] == before
    return answer


class AcceptedTests:
    def test_a_pod_comes_in_with_its_projected_token(self, oauth, bot, trusts, pod):
        (credential,) = trusts(bot, POD)
        answer = shown(oauth, pod())
        assert answer.status_code == 200, answer.content
        record = TokenRecord.objects.get()
        assert (record.bot, record.credential) == (bot, credential)
        credential.refresh_from_db()
        assert credential.last_used_at

    def test_the_same_token_comes_in_again_until_it_ends(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        token = pod()
        assert [shown(oauth, token).status_code for _ in range(3)] == [200] * 3
        assert not SpentAssertion.objects.exists()
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            refused(oauth, token)

    def test_a_ci_job_comes_in_by_its_claims(self, oauth, bot, trusts, pod):
        conditions = {
            "repository": "acme/infra",
            "environment": "production",
            "run_attempt": "1",
            "ref_protected": "true",
        }
        trusts(bot, BRANCH, claims=conditions)
        assert shown(oauth, pod(**ci_claims(), header={"typ": "JWT"})).status_code == 200

    def test_tokens_of_several_audiences_name_ours_among_them(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        assert shown(oauth, pod(aud=["https://vault.example", AUDIENCE])).status_code == 200

    @pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
    def test_platforms_sign_with_what_they_like(self, oauth, bot, trusts, pod, host, alg):
        signer = Signer(alg)
        host.documents["/openid/v1/jwks"] = signer.jwks
        trusts(bot, POD)
        assert shown(oauth, pod(signer)).status_code == 200

    def test_discovery_may_be_that_of_rfc_8414(self, oauth, bot, trusts, pod, host):
        document = host.documents.pop("/.well-known/openid-configuration")
        host.documents["/.well-known/oauth-authorization-server"] = document
        trusts(bot, POD)
        assert shown(oauth, pod()).status_code == 200

    def test_keys_are_fetched_once_and_again_when_they_rotate(self, oauth, bot, trusts, pod, host):
        trusts(bot, POD)
        for _ in range(3):
            shown(oauth, pod())
        assert host.asked == ["/.well-known/openid-configuration", "/openid/v1/jwks"]
        newer = Signer("RS256", kid="platform-2")
        host.documents["/openid/v1/jwks"] = newer.jwks
        assert shown(oauth, pod(newer)).status_code == 200
        refused(oauth, pod())

    def test_a_cluster_that_cannot_be_reached_has_its_keys_in_the_rule(
        self, oauth, bot, trusts, pod, host, platform_key
    ):
        (credential,) = trusts(bot, POD)
        Credential.objects.filter(pk=credential.pk).update(public_keys=platform_key.jwks)
        assert shown(oauth, pod()).status_code == 200
        refused(oauth, pod(Signer("RS256", kid="platform-1")))
        assert host.asked == []

    def test_one_bot_may_trust_several_workloads(self, oauth, bot, trusts, pod):
        trusts(bot, POD, BRANCH)
        assert shown(oauth, pod()).status_code == 200
        assert shown(oauth, pod(**ci_claims())).status_code == 200

    def test_the_client_id_tells_which_of_several_bots(self, oauth, bot, other_bot, trusts, pod):
        trusts(bot, POD)
        trusts(other_bot, "system:serviceaccount:data:*")
        refused(oauth, pod())
        for name in (bot.name, other_bot.name):
            assert shown(oauth, pod(), client_id=name).status_code == 200
        assert {record.bot.name for record in TokenRecord.objects.all()} == {bot.name, other_bot.name}


REFUSED = {
    "another audience": {"aud": ["https://kubernetes.default.svc"]},
    "no audience of its own": {"aud": [f"{AUDIENCE}/"]},
    "another namespace": {"sub": "system:serviceaccount:evil:ingestion"},
    "another account": {"sub": "system:serviceaccount:data:ingestion2"},
    "an account in another case": {"sub": POD.upper()},
    "an expired token": {"exp": -60},
    "a token that lives for a year": {"exp": 31_536_000},
    "a token on the last day of a year": {"iat": -31_500_000, "exp": 3_600},
    "a token from the future": {"iat": 61},
    "a token for later": {"nbf": 61},
    "no number": {"exp": "soon"},
}


class RefusedTests:
    @pytest.mark.parametrize("name", REFUSED)
    def test_claims_that_do_not_fit(self, oauth, bot, trusts, pod, name):
        trusts(bot, POD)
        changes = dict(REFUSED[name])
        for moment in ("exp", "iat", "nbf"):
            if isinstance(changes.get(moment), int):
                changes[moment] = in_seconds(changes[moment])
        refused(oauth, pod(**changes))

    @pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp"])
    def test_a_required_claim_is_missing(self, oauth, bot, trusts, pod, claim):
        trusts(bot, POD)
        refused(oauth, pod(without=(claim,)))

    @pytest.mark.parametrize(
        "changes",
        [
            {"repository": "evil/infra"},
            {"repository": "ACME/infra"},
            {"repository": ["acme/infra"]},
            {"repository": None},
            {"ref_protected": False},
            {"ref_protected": "True"},
            {"run_attempt": 11},
        ],
        ids=str,
    )
    def test_conditions_on_claims_are_exact(self, oauth, bot, trusts, pod, changes):
        trusts(bot, BRANCH, claims={"repository": "acme/infra", "ref_protected": "true", "run_attempt": "1"})
        assert shown(oauth, pod(**ci_claims())).status_code == 200
        refused(oauth, pod(**ci_claims(**changes)))

    def test_a_claim_that_is_asked_for_and_absent(self, oauth, bot, trusts, pod):
        trusts(bot, POD, claims={"environment": "production"})
        refused(oauth, pod())

    def test_another_key_under_the_same_kid(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        refused(oauth, pod(Signer("RS256", kid="platform-1")))

    @pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "client-authentication+jwt"])
    def test_another_kind_of_jwt(self, oauth, bot, trusts, pod, platform_key, host, typ):
        trusts(bot, POD)
        claims = {"iss": host.url, "sub": POD, "aud": AUDIENCE, "exp": in_seconds(60)}
        assert shown(oauth, platform_key.sign(claims, typ="JWT")).status_code == 200
        refused(oauth, platform_key.sign(claims, typ=typ))

    def test_an_issuer_that_nobody_trusts_is_never_asked(self, oauth, bot, trusts, pod, host):
        trusts(bot, POD, issuer="https://elsewhere.example")
        refused(oauth, pod())
        assert host.asked == []

    def test_an_issuer_writes_no_lines_of_its_own_into_the_log(self, oauth, bot, pod, caplog, capsys):
        refused(oauth, pod(iss="https://x.example/\nforged line"))
        printed = capsys.readouterr()
        logged = caplog.text + printed.out + printed.err
        assert "\nforged" not in logged
        assert "workload_unknown" in logged

    @pytest.mark.parametrize("said", ["https://evil.example", "{}/", "", None, 7])
    def test_discovery_that_speaks_for_another_issuer(self, oauth, bot, trusts, pod, host, said):
        document = host.documents["/.well-known/openid-configuration"]
        document["issuer"] = said.format(host.url) if isinstance(said, str) else said
        trusts(bot, POD)
        refused(oauth, pod())
        assert "/openid/v1/jwks" not in host.asked

    def test_discovery_that_speaks_for_nobody(self, oauth, bot, trusts, pod, host):
        del host.documents["/.well-known/openid-configuration"]["issuer"]
        trusts(bot, POD)
        refused(oauth, pod())
        assert "/openid/v1/jwks" not in host.asked

    @pytest.mark.parametrize(
        "jwks_uri", [None, 7, "", "ftp://x.example/jwks", "https://x.example/" + "x" * 512]
    )
    def test_discovery_without_usable_keys(self, oauth, bot, trusts, pod, host, jwks_uri):
        host.documents["/.well-known/openid-configuration"]["jwks_uri"] = jwks_uri
        trusts(bot, POD)
        refused(oauth, pod())

    def test_an_issuer_that_does_not_answer(self, oauth, bot, trusts, pod, host):
        host.documents.clear()
        trusts(bot, POD)
        for _ in range(5):
            refused(oauth, pod())
        assert len(host.asked) == 6  # two addresses, three times

    def test_the_client_id_of_a_bot_without_such_a_rule(self, oauth, bot, other_bot, trusts, pod):
        trusts(bot, POD)
        refused(oauth, pod(), client_id=other_bot.name)

    def test_a_bot_that_is_disabled(self, oauth, bot, trusts, pod, by):
        trusts(bot, POD)
        disable_bot(bot=bot, by=by)
        refused(oauth, pod())

    def test_a_rule_that_is_retired(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        trusts(bot)
        refused(oauth, pod())

    def test_a_foreign_network(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        Bot.objects.update(allowed_networks=["192.0.2.0/24"])
        refused(oauth, pod())

    def test_an_assertion_of_the_bots_own_by_a_key_of_the_platform(self, oauth, bot, trusts, platform_key):
        trusts(bot, POD)
        refused(oauth, platform_key.assertion(bot.name))


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        (POD, POD, True),
        (POD, POD + "x", False),
        ("system:serviceaccount:data:*", POD, True),
        ("system:serviceaccount:data:*", "system:serviceaccount:data:", False),
        ("system:serviceaccount:data:*", "system:serviceaccount:data2:x", False),
        ("system:serviceaccount:data:ingest-*", "system:serviceaccount:data:ingest-1", True),
        ("repo:acme/infra:*", BRANCH, True),
        ("repo:acme/*:ref:refs/heads/main", BRANCH, True),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/x:y:ref:refs/heads/main", False),
        ("repo:acme/*:environment:production", BRANCH, False),
        ("repo:acme/i.fra:*", BRANCH, False),
        ("a:b*c", "a:b\nc", True),
        ("a:*", "a:b\nc", True),
        ("a:b?", "a:bc", False),
    ],
)
def test_what_an_asterisk_stands_for(pattern, subject, fits):
    assert subject_matches(pattern, subject) is fits


@pytest.mark.parametrize(
    "subject",
    [
        "system:serviceaccount:*",
        "system:serviceaccount:*:default",
        "system:*",
        "repo:*",
        "repo:*/infra:ref:refs/heads/main",
        "repo:acme*",
        "project_path:*:ref_type:branch",
        "spiffe://*/ns/data",
        "*:ingestion",
        "a:**",
        "a:*:*:*:*",
    ],
)
def test_subjects_that_let_strangers_in_are_refused(subject):
    rule = {"issuer": "https://idp.example", "audience": AUDIENCE, "subject": subject, "claims": {}}
    with pytest.raises(errors.RuleTooWide):
        check_rule(rule, allow_http=False)


@pytest.mark.parametrize("subject", ["repo:acme/*", "spiffe://corp.example/*", "sys:*:b", "a?b"])
def test_subjects_that_name_whose_workload_it_is_are_taken(subject):
    rule = {"issuer": "https://idp.example", "audience": AUDIENCE, "subject": subject, "claims": {}}
    assert check_rule(rule, allow_http=False)["subject"] == subject
