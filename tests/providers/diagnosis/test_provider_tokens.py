"""What is wrong with a provider's token is told as the sign-in would refuse it; nothing is fetched for it."""

from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.utils import timezone

from providers.diagnosis.id_tokens import examine_provider_token
from providers.explanations.meanings import meaning_of
from providers.models import Identity, Provider, SignInAttempt, SpentLogoutToken
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.examination import first_failure, is_valid
from tests.providers.signin.journey import Browser, outcome_of, register, register_read
from tests.providers.signin.test_id_token_forgeries import ACCEPTED, REFUSALS
from tests.providers.signout.test_backchannel_logout import BENT, send

# What only the attempt, or what came beside the token, can tell.
NEEDS_THE_ATTEMPT = {"nonce_mismatch", "at_hash_mismatch", "c_hash_mismatch"}
# What cannot be read so far that anybody's issuer could be found in it: the texts are for the first steps.
UNREADABLE = {
    "not a JWT",
    "a list for claims",
    "a claim twice",
    "a logout token by its header",
    "typ logout+jwt",
}
UNREADABLE_LOGOUTS = {
    *("no token", "no JWT", "five parts", "a duplicate member"),
    *("twenty thousand letters", "seventy thousand letters"),
}


def examined(token):
    found = examine_provider_token(token, at=timezone.now())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("forge", "outcome"),
    [value for name, value in REFUSALS.items() if name not in UNREADABLE],
    ids=[name for name in REFUSALS if name not in UNREADABLE],
)
def test_a_forged_id_token_fails_at_the_rule_at_which_the_sign_in_refused_it(op, visitor, forge, outcome):
    forge(op)
    register_read(op)
    assert outcome_of(visitor.sign_in(op)) == outcome
    asked = len(op.requests)
    found = examined(op.issued_tokens[-1])
    assert len(op.requests) == asked
    if outcome in NEEDS_THE_ATTEMPT:
        assert is_valid(found.checks)
        return
    failure = first_failure(found.checks)
    assert meaning_of(outcome).remedy in failure.remedy
    assert failure.expected
    assert failure.received


@pytest.mark.parametrize("bend", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_signs_in_passes_every_step(op, visitor, bend):
    bend(op)
    register_read(op)
    visitor.sign_in(op)
    found = examined(op.issued_tokens[-1])
    assert is_valid(found.checks), first_failure(found.checks)
    assert (found.kind, found.provider.slug) == ("ID token", "corp")
    assert found.identity == Identity.objects.get()


@pytest.mark.parametrize(("trusted", "valid"), [(["project"], True), (["another"], False), ([], False)])
def test_other_audiences_pass_where_the_sign_in_trusts_them(op, visitor, trusted, valid):
    register(op, trusted_audiences=["project"])
    for token in (op.id_token, op.logout_token):
        token.claims |= {"aud": ["console", "project"], "azp": "console"}
    visitor.sign_in(op)
    Provider.objects.update(trusted_audiences=trusted)
    for token in (op.issued_tokens[-1], op.make_logout_token(sub="subject-1")):
        assert is_valid(examined(token).checks) is valid


def test_the_steps_stand_in_the_order_of_the_sign_in(op, provider, visitor):
    Provider.objects.update(max_age=3600)
    op.id_token.include_at_hash().claims.update(nbf=1)
    visitor.sign_in(op)
    checks = examined(op.issued_tokens[-1]).checks
    names = [check.name for check in checks]
    assert names == [
        *("provider", "structure", "typ", "alg", "key", "signature"),
        *("iss", "sub", "aud", "azp", "times", "exp", "iat", "nbf", "nonce", "hashes", "auth_time", "person"),
    ]
    told = {check.name: check.remedy for check in checks}
    assert "cannot be checked here" in told["nonce"]
    assert "not here" in told["hashes"]


@pytest.mark.parametrize(
    ("bend", "code"),
    [value for name, value in BENT.items() if name not in UNREADABLE_LOGOUTS],
    ids=[name for name in BENT if name not in UNREADABLE_LOGOUTS],
)
def test_a_bent_logout_token_fails_at_the_rule_at_which_it_was_refused(op, provider, visitor, bend, code):
    visitor.sign_in(op)
    bend(op.logout_token)
    token = op.make_logout_token(sub="subject-1", sid="sid-1")
    assert send(token).status_code == 400
    found = examined(token)
    failure = first_failure(found.checks)
    if found.kind == "logout token":
        assert meaning_of(code).remedy in failure.remedy


def test_a_logout_token_passes_until_it_is_used(op, provider, visitor):
    visitor.sign_in(op)
    token = op.make_logout_token(sub="subject-1")
    assert is_valid(examined(token).checks)
    assert send(token).status_code == 200
    assert first_failure(examined(token).checks).name == "used"


def test_a_logout_token_that_was_spent_at_another_provider_is_new_here(op, provider, visitor):
    """Each provider names its tokens as it likes."""
    other = register(op, slug="other", client_id="another")
    op.logout_token.claims["jti"] = "the-same-name"
    SpentLogoutToken.objects.create(
        provider=other, jti_hash=sha256(b"the-same-name").hexdigest(), expires_at=timezone.now()
    )
    token = op.make_logout_token(sub="subject-1")
    visitor.sign_in(op)
    assert is_valid(examined(token).checks)
    assert send(token).status_code == 200
    assert first_failure(examined(token).checks).name == "used"
    assert SpentLogoutToken.objects.count() == 2


class WhoseTests:
    @pytest.fixture
    def token(self, op, provider, visitor):
        visitor.sign_in(op)
        return op.issued_tokens[-1]

    def test_of_two_registrations_of_one_issuer_the_audience_decides(self, op, token):
        register(op, slug="another", client_id="another", order=-1)
        assert examined(token).provider.slug == "corp"

    def test_an_issuer_that_is_nearly_ours_is_ours(self, token):
        Provider.objects.update(issuer=Provider.objects.get().issuer + "/")
        failure = first_failure(examined(token).checks)
        assert failure.name == "iss"
        assert "trailing slash" in failure.remedy

    def test_another_issuer_with_our_client_id_is_told_by_its_issuer(self, token):
        Provider.objects.update(issuer="https://elsewhere.example")
        assert first_failure(examined(token).checks).name == "iss"

    def test_nobody_is_meant_by_a_stranger(self, token):
        Provider.objects.update(issuer="https://elsewhere.example", client_id="else")
        assert examine_provider_token(token, at=timezone.now()) is None

    @pytest.mark.parametrize(
        "text", ["", "a", "a.b", "a.b.c", "ä.b.c", "e30.e30.", "W10.W10.", "x" * 20_000, "x" * 70_000]
    )
    def test_nor_by_what_is_no_token(self, token, text):
        assert examine_provider_token(text, at=timezone.now()) is None

    def test_a_disabled_provider_signs_nobody_in(self, token):
        Provider.objects.update(enabled=False)
        assert first_failure(examined(token).checks).name == "provider"

    def test_a_disabled_person_is_told(self, token):
        User.objects.update(is_active=False)
        failure = first_failure(examined(token).checks)
        assert (failure.name, "alice@corp.example" in failure.received) == ("person", True)

    def test_somebody_new_is_no_fault(self, token):
        Identity.objects.all().delete()
        assert is_valid(examined(token).checks)

    def test_without_stored_keys_that_is_what_is_missing(self, token):
        Provider.objects.update(jwks=None)
        assert first_failure(examined(token).checks).name == "keys"

    def test_stored_keys_that_are_none_are_told(self, token):
        Provider.objects.update(jwks={"keys": "none"})
        assert first_failure(examined(token).checks).name == "keys"

    def test_a_short_shared_secret_is_told(self, token):
        provider = Provider.objects.get()
        provider.signing_algs, provider.client_secret = ["HS256"], "short"
        provider.save()
        assert first_failure(examined(token).checks).name == "keys"

    def test_clocks_are_told_with_how_far_they_are_apart(self, token):
        with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
            failure = first_failure(examined(token).checks)
        assert (failure.name, "ago" in failure.received) == ("exp", True)
        assert "seconds of leeway" in str([check.expected for check in examined(token).checks])


def test_an_authentication_that_is_too_old_is_told(op, provider, visitor):
    visitor.sign_in(op)
    token = op.issued_tokens[-1]
    Provider.objects.update(max_age=0, leeway=0)
    with time_machine.travel(timezone.now() + timedelta(seconds=60)):
        failure = first_failure(examined(token).checks)
    assert failure.name == "auth_time"
    assert Browser().client.get("/signin").status_code == 200
    assert SignInAttempt.objects.count() == 1
