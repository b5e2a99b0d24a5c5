"""A workload comes in with the token of its own platform: Kubernetes, a CI system, and everybody else's."""

import contextlib
import json
import time
from datetime import timedelta

import pytest
import time_machine
from assertions import KeyHost, Signer, by_assertion
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND, state

from tokens import errors
from tokens.bots.services import disable_bot
from tokens.credentials.keyless import add_federation, set_federation
from tokens.models import Bot, Credential, SpentAssertion, TokenRecord, TokenRefusal
from tokens.protocol.federation import check_rule, subject_matches
from tokens.protocol.shared_issuers import caution_about

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

    def test_its_times_may_have_a_fraction(self, oauth, bot, trusts, pod):
        trusts(bot, POD)
        now = time.time()
        answer = shown(oauth, pod(iat=now, nbf=now - 0.5, exp=now + 600.5))
        assert answer.status_code == 200, answer.content

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

    @pytest.mark.parametrize("typ", [None, "JWT", "jwt", "JOSE", "application/jwt"])
    def test_platforms_name_the_type_in_several_ways_or_not_at_all(self, oauth, bot, trusts, pod, typ):
        trusts(bot, POD)
        assert shown(oauth, pod(header={"typ": typ})).status_code == 200

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
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/x/evil:ref:refs/heads/main", False),
        (
            "project_path:acme/*:ref_type:branch:ref:main",
            "project_path:acme/a/b:ref_type:branch:ref:main",
            False,
        ),
        ("repo:acme/*", "repo:acme/infra:environment:production", True),
        ("repo:acme/*", "repo:acme", False),
        ("repo:acme/*", "repo:acmeevil/x", False),
        ("repo:acme/infra*", "repo:acme/infra-evil", True),
        ("repo:acme/infra*", "repo:acme/infra", False),
        ("repo:acme/infra*", "repo:acme/infra-evil/x", False),
        ("repo:acme/infra*", "repo:acme/infra-evil:ref:refs/heads/main", False),
        ("repo:acme/infra:ref:refs/heads/release-*", "repo:acme/infra:ref:refs/heads/release-1", True),
        ("repo:acme/infra:ref:refs/heads/release-*", "repo:acme/infra:ref:refs/heads/release-1/x", False),
        ("a:x*y*z", "a:x1y2z", True),
        ("a:x*y*z", "a:xyyyzz", True),
        ("a:x*y*z", "a:xyz", False),
        ("a:x*y*z", "a:x1yz", False),
        ("a:x*y*z", "a:x1y/2z", False),
        ("a:*x", "a:x", False),
        ("a:*x", "a:xx", True),
        ("a:x*x", "a:xx", False),
        ("spiffe://corp.example/*", "spiffe://corp.example/ns/data", True),
        ("a:*", "a:" + "b" * 510, True),
        ("a:*", "a:" + "b" * 511, False),
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
        "a:b*c*d*e*",
        "organization:*:x",
    ],
)
def test_subjects_that_let_strangers_in_are_refused(subject):
    rule = {"issuer": "https://idp.example", "audience": AUDIENCE, "subject": subject, "claims": {}}
    with pytest.raises(errors.RuleTooWide):
        check_rule(rule, allow_http=False)


@pytest.mark.parametrize(
    "subject", ["repo:acme/*", "spiffe://corp.example/*", "sys:*:b", "a?b", "a:*:*:*", "a:b*c*d*"]
)
def test_subjects_that_name_whose_workload_it_is_are_taken(subject):
    rule = {"issuer": "https://idp.example", "audience": AUDIENCE, "subject": subject, "claims": {}}
    assert check_rule(rule, allow_http=False)["subject"] == subject


GITHUB = "https://token.actions.githubusercontent.com"
# Issuer; subjects and claims that name the organisation; those that fit strangers.
SHARED_ISSUERS = {
    GITHUB: (
        [
            ("repo:acme/infra:ref:refs/heads/main", {}),
            ("repo:acme/*", {}),
            ("repo:acme@123456/infra@456789:*", {}),
            ("repository_owner:acme", {}),
            ("repository_owner:acme:environment:*", {}),
            ("repository_owner_id:74:*", {}),
            ("repository_id:74", {}),
            ("enterprise:acme", {}),
            ("environment:production", {"repository_owner": "acme"}),
            ("ref:refs/heads/main", {"repository_id": "74"}),
            ("actor:alice", {"repository": "acme/infra"}),
            ("job_workflow_ref:acme/flows/.github/workflows/a.yml@refs/heads/main", {"enterprise_id": "7"}),
        ],
        [
            ("repository_owner:*", {}),
            ("repository_owner_id:*", {}),
            ("repository_owner:ac*", {}),
            ("repo:acme@*/infra@456789:*", {}),
            ("repo:*/infra:*", {}),
            ("repo:", {}),
            ("enterprise:*", {}),
            ("actor:*", {}),
            ("actor:alice", {}),
            ("environment:production", {}),
            ("environment:production", {"ref": "refs/heads/main", "repository_visibility": "private"}),
            ("environment:production", {"repository_owner": "null"}),
            ("environment:production:repository_owner:acme", {}),
            ("ref:refs/heads/main", {"actor": "alice", "environment": "production"}),
            ("pull_request", {}),
            ("workflow:deploy", {}),
            ("job_workflow_ref:acme/flows/.github/workflows/a.yml@refs/heads/main", {}),
            ("repo_property_team:data", {"repo_property_team": "data"}),
            ("system:serviceaccount:data:ingestion", {}),
        ],
    ),
    "https://gitlab.com": (
        [
            ("project_path:acme/infra:ref_type:branch:ref:main", {}),
            ("project_path:acme/*", {}),
            ("ref:main", {"namespace_path": "acme"}),
            ("ref:main", {"project_id": "22"}),
        ],
        [
            ("project_path:*/infra:ref_type:branch:ref:main", {}),
            ("ref_type:branch:ref:main", {"ref_protected": "true"}),
            ("user_login:alice", {"user_login": "alice", "environment": "production"}),
        ],
    ),
    "https://agent.buildkite.com": (
        [
            ("organization:acme:pipeline:infra:ref:refs/heads/main:commit:*:step:*", {}),
            ("pipeline:infra", {"organization_slug": "acme"}),
        ],
        [("organization:*:pipeline:infra", {}), ("pipeline:infra", {"pipeline_slug": "infra"})],
    ),
    "https://app.terraform.io": (
        [
            ("organization:acme:project:infra:workspace:*:run_phase:apply", {}),
            ("workspace:prod", {"terraform_organization_name": "acme"}),
        ],
        [
            ("organization:*:project:infra:workspace:prod:run_phase:apply", {}),
            ("workspace:prod", {"terraform_workspace_name": "prod"}),
            ("run_phase:apply", {"terraform_run_phase": "apply"}),
        ],
    ),
    "https://api.pulumi.com/oidc": (
        [
            ("pulumi:deploy:org:acme:project:core:*", {}),
            ("pulumi:environments:org:acme:env:prod", {}),
            ("pulumi:environments:pulumi.organization.login:acme:*", {}),
            ("pulumi:deploy:*", {"org": "acme"}),
        ],
        [
            ("pulumi:deploy:org:*", {}),
            ("pulumi:deploy:org:*:project:core:stack:prod", {}),
            ("pulumi:environments:org:*", {}),
            ("pulumi:deploy:*", {}),
            ("pulumi:environments:env:prod", {"root_env": "prod"}),
        ],
    ),
    "https://oidc.vercel.com": (
        [
            ("owner:acme:project:site:environment:production", {}),
            ("owner:acme:*", {}),
            ("project:site", {"owner_id": "team_7"}),
        ],
        [
            ("owner:*:project:site:environment:production", {}),
            ("owner:*", {"environment": "production"}),
            ("project:site", {"project": "site"}),
        ],
    ),
    "https://oidc.codefresh.io": (
        [("account:628a80b6:pipeline:65e5a53e:initiator:*", {}), ("pipeline:x", {"account_id": "628a80b6"})],
        [("account:*:pipeline:65e5a53e", {}), ("pipeline:x", {"account_name": "acme"})],
    ),
    "https://accounts.google.com": (
        [("104236789012345678901", {})],
        [("10*", {}), ("10*", {"email": "bot@acme.example"}), ("10*", {"hd": "acme.example"})],
    ),
    "https://login.app.env0.com/": ([("auth0|7", {})], [("auth0|*", {})]),
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0": (
        [("AAAA", {})],
        [("AA*", {}), ("AAAA:*", {})],
    ),
    "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/": ([("AAAA", {})], [("AAAA:*", {})]),
}
# The issuer itself belongs to one organisation, account or cluster.
OWN_ISSUERS = [
    "https://oidc.circleci.com/org/7c1e6a5e-2d3a-4f0b-9a6f-0d3a4f0b9a6f",
    "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
    "https://vstoken.dev.azure.com/7c1e6a5e-2d3a-4f0b-9a6f-0d3a4f0b9a6f",
    "https://login.microsoftonline.com/7c1e6a5e-2d3a-4f0b-9a6f-0d3a4f0b9a6f/v2.0",
    "https://sts.windows.net/7c1e6a5e-2d3a-4f0b-9a6f-0d3a4f0b9a6f/",
    "https://oidc.fly.io/acme",
    "https://oidc.vercel.com/acme",
    "https://acme.app.spacelift.io",
    "https://acme.semaphoreci.com",
    "https://7c1e6a5e.tokens.sts.global.api.aws",
    "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
    "https://westeurope.oic.prod-aks.azure.com/7c1e6a5e/0d3a4f0b/",
    "https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/data",
]


@pytest.mark.parametrize("groups", [300, 900])
def test_a_workload_in_many_groups_has_a_long_token(bot, oauth, trusts, pod, groups):
    trusts(bot, POD)
    token = pod(groups=[f"{number:036}" for number in range(groups)])
    assert len(token) > 15_000
    assert shown(oauth, token).status_code == 200


def test_beyond_the_limit_the_refusal_says_size_and_limit(bot, oauth, trusts, pod):
    trusts(bot, POD)
    token = pod(groups=["x" * 70_000])
    assert shown(oauth, token).status_code == 413
    refusal = TokenRefusal.objects.get()
    size = int(refusal.received.removesuffix(" bytes"))
    assert refusal.expected == "at most 65536 bytes"
    assert len(token) < size < len(token) + 300


OTHERS = {
    "a kind that nobody knows yet": {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"},
    "a key to encrypt by": {"kty": "RSA", "use": "enc", "kid": "e", "n": "AQAB", "e": "AQAB"},
}


class KeySetTests:
    """A platform's own key set, given with the rule, holds what a fetched one may hold."""

    @pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
    def test_a_key_for_something_else_beside_it_spoils_nothing(self, bot, by, oauth, platform_key, other):
        jwks = {"keys": [other, *platform_key.jwks["keys"]]}
        rule = rule_for("https://cluster.example", POD)
        add_federation(bot=bot, rule=rule, jwks=jwks, jwks_uri=None, by=by)
        claims = {"iss": rule["issuer"], "sub": POD, "aud": AUDIENCE, "exp": in_seconds(60)}
        assert shown(oauth, platform_key.sign(claims)).status_code == 200
        refused(oauth, Signer("RS256", kid="pq").sign(claims))

    @pytest.mark.parametrize(
        "spoilt",
        [
            lambda key: {"keys": [{**key, "d": "AAAA", "kid": "x"}, key]},
            lambda key: {"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}, key]},
            lambda key: {"keys": [{"kty": "AKP", "kid": "pq"}]},
            lambda key: {"keys": []},
        ],
    )
    def test_secrets_in_it_are_never_taken_and_neither_is_one_of_no_use(self, bot, by, platform_key, spoilt):
        (key,) = platform_key.jwks["keys"]
        rule = rule_for("https://cluster.example", POD)
        with pytest.raises(errors.KeysRefused):
            add_federation(bot=bot, rule=rule, jwks=spoilt(key), jwks_uri=None, by=by)
        assert not Credential.objects.exists()


def rule_for(issuer, subject, claims=None):
    return {"issuer": issuer, "audience": AUDIENCE, "subject": subject, "claims": claims or {}}


def cases(column):
    return [
        pytest.param(issuer, subject, claims, id=f"{issuer.removeprefix('https://')} {subject} {claims}")
        for issuer, columns in SHARED_ISSUERS.items()
        for subject, claims in columns[column]
    ]


class SharedIssuerTests:
    @pytest.mark.parametrize(("issuer", "subject", "claims"), cases(0))
    def test_a_rule_that_names_the_organisation_is_taken(self, bot, by, issuer, subject, claims):
        (credential,) = set_federation(bot=bot, rules=[rule_for(issuer, subject, claims)], by=by)
        assert credential.trust == rule_for(issuer, subject, claims)
        assert caution_about(issuer, subject, claims) == ""

    @pytest.mark.parametrize(("issuer", "subject", "claims"), cases(1))
    def test_a_rule_that_fits_strangers_is_refused_with_what_it_lacks(self, bot, by, issuer, subject, claims):
        before, rule = state(), rule_for(issuer, subject, claims)
        with pytest.raises(errors.RuleTooWide):
            add_federation(bot=bot, rule=rule, jwks=None, jwks_uri=None, by=by)
        with pytest.raises(errors.RuleTooWide) as refused:
            set_federation(bot=bot, rules=[rule], by=by)
        assert "strangers" in refused.value.message
        assert state() == before

    @pytest.mark.parametrize(
        "issuer",
        [
            f"{GITHUB}/",
            f"{GITHUB}/acme",
            f"{GITHUB}:443",
            "https://TOKEN.actions.githubusercontent.com",
            "https://token.actions.githubusercontent.com.",
            "https://x@token.actions.githubusercontent.com",
            "https://token.actions.acme.ghe.com",
        ],
    )
    def test_no_spelling_of_an_issuer_and_no_enterprise_makes_it_another(self, issuer):
        with pytest.raises(errors.RuleTooWide):
            check_rule(rule_for(issuer, "environment:production"), allow_http=False)
        assert check_rule(rule_for(issuer, "repo:acme/infra:*"), allow_http=False)

    @pytest.mark.parametrize("issuer", OWN_ISSUERS)
    def test_an_issuer_of_ones_own_needs_no_more(self, issuer):
        for subject in ("environment:production", "x:*"):
            assert check_rule(rule_for(issuer, subject), allow_http=False)
            assert caution_about(issuer, subject, {}) == ""

    @pytest.mark.parametrize(
        "issuer",
        [
            "https://oidc.circleci.com",
            "https://oidc.circleci.com/org/",
            "https://api.bitbucket.org/2.0/workspaces",
            "https://vstoken.dev.azure.com",
            "https://login.microsoftonline.com/common/v2.0",
            "https://oidc.fly.io/",
        ],
    )
    def test_the_host_of_such_issuers_without_the_organisation_is_nobodys(self, issuer):
        with pytest.raises(errors.RuleTooWide):
            check_rule(rule_for(issuer, "x:*"), allow_http=False)

    @pytest.mark.parametrize(
        ("subject", "claims", "warned"),
        [
            ("environment:production", {}, True),
            ("ref:refs/heads/main", {}, True),
            ("actor:*", {}, True),
            ("sys:*:b", {}, True),
            ("environment:production", {"repository_owner": "acme"}, False),
            ("repo:acme/*", {}, False),
            ("project_path:acme/infra:*", {}, False),
            ("system:serviceaccount:data:*", {}, False),
            ("spiffe://corp.example/*", {}, False),
            ("7f0c2c62", {}, False),
        ],
    )
    def test_elsewhere_it_is_a_warning(self, subject, claims, warned):
        issuer = "https://ci.example/_services/token"
        assert check_rule(rule_for(issuer, subject, claims), allow_http=False)
        assert bool(caution_about(issuer, subject, claims)) is warned

    def test_the_page_and_the_file_refuse_and_warn_too(self, people, bot, tmp_path, capsys):
        browser = Client()
        browser.force_login(people["bob"], PASSWORD_BACKEND)
        page = reverse("admin:tokens_bot_new_federation", args=[bot.pk])
        form = {"issuer": GITHUB, "audience": AUDIENCE, "subject": "environment:production"}
        before = state()
        assert "many organisations" in browser.post(page, form).content.decode()
        assert state() == before
        warned = browser.post(page, {**form, "issuer": "https://ci.example"}, follow=True)
        assert "it is not known whether others get tokens" in warned.content.decode()

        file = tmp_path / "console.yaml"
        for issuer, told in ((GITHUB, "many organisations"), ("https://ci2.example", "it is not known")):
            rule = rule_for(issuer, "environment:production")
            file.write_text(json.dumps({"bots": [{"name": bot.name, "federation": [rule]}]}))
            with contextlib.suppress(CommandError, SystemExit):
                call_command("apply", str(file))
            printed = capsys.readouterr()
            assert told in printed.out + printed.err
            assert Credential.objects.filter(trust__issuer=issuer, retired_at=None).exists() is (
                issuer != GITHUB
            )

    def test_the_api_refuses_and_warns_too(self, bob, bot):
        url = f"/api/v1/bots/{bot.name}/credentials"
        body = {"kind": "federation", "trust": rule_for(GITHUB, "repository_owner:*")}
        before = state()
        answer = bob.post(url, body, format="json")
        assert answer.status_code == 422 or answer.status_code == 400, answer.content
        assert "many organisations" in answer.json()["detail"] + str(answer.json())
        assert state() == before
        body["trust"]["issuer"] = "https://ci.example"
        answer = bob.post(url, body, format="json")
        assert answer.status_code == 201, answer.content
        assert "it is not known" in answer.json()["warnings"][0]

    def test_a_stranger_at_the_platform_stays_out(self, oauth, bot, trusts, pod):
        trusts(bot, "repo:acme/*:ref:refs/heads/main")
        assert shown(oauth, pod(**ci_claims())).status_code == 200
        for sub in ("repo:evil/infra:ref:refs/heads/main", "repo:acme/x/evil:ref:refs/heads/main"):
            refused(oauth, pod(**ci_claims(sub=sub)))


def test_comparing_a_long_subject_takes_no_longer_than_it_is():
    started = time.perf_counter()
    for _ in range(200):
        assert not subject_matches("a:x*a*a*ab", "a:x" + "a" * 509)
        assert not subject_matches("a:x*a*a*ab", "a:x" + "a" * 60_000)
    assert time.perf_counter() - started < 1
