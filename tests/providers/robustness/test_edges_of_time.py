"""Every bound of time in providers, exactly at its edge and one step beside it on either side."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.auth import get_user_model

from providers import metadata
from providers.client_keys import OVERLAP, drop_retired_client_keys, published_client_keys
from providers.errors import AttemptExpired, AuthenticationTooOld, ProviderUnreachable
from providers.metadata import metadata_age
from providers.models import (
    ClientKey,
    ConsoleSession,
    Provider,
    Rehearsal,
    SignInAttempt,
    SpentLogoutToken,
)
from providers.protocol.claims import check_signed_userinfo
from providers.protocol.id_token import (
    ContinuityRules,
    IdTokenRules,
    check_id_token,
    check_refreshed_id_token,
)
from providers.protocol.logout_token import EVENT, ValidTooLong, check_logout_token
from providers.refresh.services import due_at, grace_ends, is_claimed, is_due
from providers.registration.errors import RegistrationInvalid
from providers.registration.trial import refuse_trial
from providers.retention import drop_old_sign_ins
from providers.sessions.services import note_seen
from providers.signin.callback import check_age
from ssoconsole.platform.jose.errors import (
    ClaimRefused,
    Expired,
    IssuedInTheFuture,
    IssuedTooLongAgo,
    NotYetValid,
)
from ssoconsole.platform.jose.verify import LOGOUT_TOKEN
from tests.providers.registrations import BOB, somewhere
from tests.providers.signin.journey import register

NOW = 1_800_000_000
AT = datetime(2026, 5, 5, 12, tzinfo=UTC)
STEP = timedelta(microseconds=1)
LEEWAYS = pytest.mark.parametrize("leeway", [0, 60, 300])
DAY = 24 * 60 * 60
BEFORE, EXACTLY, AFTER = -STEP, timedelta(), STEP
User = get_user_model()


def jwt(**claims):
    kept = {name: value for name, value in claims.items() if value is not None}
    return SimpleNamespace(claims=kept, header={"alg": "RS256"})


def id_token(leeway, *, max_age=None, **claims):
    rules = IdTokenRules(issuer="i", client_id="c", nonce="n" * 32, leeway=leeway, max_age=max_age)
    token = {"iss": "i", "sub": "s", "aud": "c", "nonce": "n" * 32, "exp": NOW + 60, "iat": NOW}
    return check_id_token(jwt(**token | claims), rules=rules, now=NOW)


def refreshed(leeway, **claims):
    original = {"iss": "i", "sub": "s", "aud": "c", "iat": NOW - 100}
    rules = ContinuityRules(issuer="i", client_id="c", original=original, leeway=leeway)
    token = {"iss": "i", "sub": "s", "aud": "c", "exp": NOW + 60, "iat": NOW}
    return check_refreshed_id_token(jwt(**token | claims), rules=rules, now=NOW)


def logout(leeway, **claims):
    token = {
        "iss": "i",
        "sub": "s",
        "aud": "c",
        "exp": NOW + 60,
        "iat": NOW,
        "jti": "j",
        "events": {EVENT: {}},
    }
    return check_logout_token(jwt(**token | claims), issuer="i", client_id="c", leeway=leeway, now=NOW)


def userinfo(leeway, **claims):
    token = {"iss": "i", "sub": "s", "aud": "c"}
    return check_signed_userinfo(
        jwt(**token | claims), issuer="i", client_id="c", sub="s", now=NOW, leeway=leeway
    )


READERS = {
    "ID token": id_token,
    "refreshed ID token": refreshed,
    "logout token": logout,
    "userinfo": userinfo,
}


class TokenTests:
    """The last second that is taken, and the first that is not; `leeway` moves each by itself and no more."""

    @LEEWAYS
    @pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
    @pytest.mark.parametrize(
        ("claim", "last", "step", "outcome"),
        [
            ("exp", lambda leeway: NOW - leeway + 1, -1, Expired),
            ("iat", lambda leeway: NOW + leeway, 1, IssuedInTheFuture),
            ("nbf", lambda leeway: NOW + leeway, 1, NotYetValid),
        ],
        ids=["exp", "iat", "nbf"],
    )
    def test_each_time_at_its_edge(self, leeway, read, claim, last, step, outcome):
        others = {"iat": min(NOW, last(leeway)) - 60} if claim == "exp" else {"exp": NOW + 400}
        read(leeway, **others | {claim: last(leeway)})
        with pytest.raises(outcome):
            read(leeway, **others | {claim: last(leeway) + step})

    @LEEWAYS
    def test_an_id_token_is_of_this_day(self, leeway):
        id_token(leeway, iat=NOW - DAY - leeway)
        with pytest.raises(IssuedTooLongAgo):
            id_token(leeway, iat=NOW - DAY - leeway - 1)

    @LEEWAYS
    @pytest.mark.parametrize("max_age", [0, 600])
    def test_the_authentication(self, leeway, max_age):
        for moment in (NOW - max_age - leeway, NOW + leeway):
            id_token(leeway, max_age=max_age, auth_time=moment)
        with pytest.raises(AuthenticationTooOld):
            id_token(leeway, max_age=max_age, auth_time=NOW - max_age - leeway - 1)
        with pytest.raises(ClaimRefused):
            id_token(leeway, max_age=max_age, auth_time=NOW + leeway + 1)

    @LEEWAYS
    def test_a_refreshed_token_is_no_older_than_the_first(self, leeway):
        refreshed(leeway, iat=NOW - 100 - leeway)
        with pytest.raises(IssuedTooLongAgo):
            refreshed(leeway, iat=NOW - 100 - leeway - 1)

    @LEEWAYS
    def test_a_logout_token_lives_ten_minutes(self, leeway):
        assert logout(leeway, exp=NOW + 600 + leeway).expires_at == NOW + 600 + 2 * leeway
        with pytest.raises(ValidTooLong):
            logout(leeway, exp=NOW + 600 + leeway + 1)


@pytest.mark.parametrize(("aside", "open_"), [(BEFORE, True), (EXACTLY, False), (AFTER, False)])
class MomentTests:
    """What is over at a moment is over exactly then."""

    def test_an_attempt_is_answered_within_ten_minutes(self, aside, open_):
        attempt = SignInAttempt(started_at=AT)
        with nullcontext() if open_ else pytest.raises(AttemptExpired):
            check_age(attempt, now=AT + timedelta(minutes=10) + aside)

    def test_a_session_lives_until_its_end(self, db, aside, open_):
        session = a_session(expires_at=AT)
        assert ConsoleSession.objects.live(at=AT + aside).filter(pk=session.pk).exists() is open_

    def test_a_trial_lasts_until_its_end(self, db, aside, open_):
        provider = somewhere(trial_ends_at=AT, trial_baseline=1)
        provider.save()
        with time_machine.travel(AT + aside, tick=False):
            assert Provider.objects.get().was_overdue is not open_
        assert Provider.objects.past_trial(at=AT + aside).exists() is not open_

    def test_a_rehearsal_counts_for_half_an_hour_and_is_dropped_then(self, db, aside, open_):
        Rehearsal.objects.create(by=User.objects.create(), registration="{}", started_at=AT)
        at = AT + timedelta(minutes=30) + aside
        assert Rehearsal.objects.fresh(at=at).exists() is open_
        drop_old_sign_ins(at=at, keep=timedelta(days=1))
        assert Rehearsal.objects.exists() is open_

    def test_a_retired_client_key_is_published_for_a_day(self, db, aside, open_):
        provider = somewhere()
        provider.save()
        ClientKey.objects.create(
            provider=provider, kid="k", alg="ES256", public_jwk={}, private_key="x", retired_at=AT
        )
        at = AT + OVERLAP + aside
        assert timedelta(hours=24) == OVERLAP
        assert (published_client_keys(slug="corp", at=at) == [{}]) is open_
        drop_retired_client_keys(at=at, by=BOB)
        assert ClientKey.objects.exists() is open_

    def test_a_check_is_claimed_for_half_a_minute(self, aside, open_):
        session = ConsoleSession(check_started_at=AT)
        assert is_claimed(session, at=AT + timedelta(seconds=30) + aside) is open_

    def test_a_check_is_due_after_its_interval(self, aside, open_):
        for refresh in ("prompt_none", "refresh_token", "none"):
            provider = somewhere(session_refresh=refresh, session_check_every=900)
            session = ConsoleSession(provider=provider, checked_at=AT)
            due = is_due(session, at=AT + timedelta(seconds=900) + aside)
            assert due is (not open_ and refresh != "none")

    def test_a_session_is_seen_once_a_minute(self, db, aside, open_):
        session = a_session(last_seen_at=AT)
        at = AT + timedelta(minutes=1) + aside
        note_seen(session=session, at=at)
        assert ConsoleSession.objects.get().last_seen_at == (AT if open_ else at)


def a_session(**fields):
    provider = somewhere()
    provider.save()
    moments = dict.fromkeys(("started_at", "expires_at", "checked_at", "last_seen_at"), AT)
    user = User.objects.create(username="alice")
    return ConsoleSession.objects.create(user=user, provider=provider, sub="s", **moments | fields)


@pytest.mark.parametrize(("every", "grace"), [(30, 30), (3600, 3600), (3601, 3600), (86_400, 3600)])
def test_the_grace_is_as_long_as_the_interval_and_an_hour_at_most(every, grace):
    session = ConsoleSession(provider=somewhere(session_check_every=every), checked_at=AT)
    assert due_at(session) == AT + timedelta(seconds=every)
    assert grace_ends(session) == AT + timedelta(seconds=every + grace)


@pytest.mark.parametrize(
    ("lasts", "fits"),
    [
        (timedelta(seconds=1) - STEP, False),
        (timedelta(seconds=1), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24) + STEP, False),
    ],
)
def test_a_trial_lasts_a_second_to_a_day(lasts, fits):
    provider = somewhere()
    provider._state.adding = False
    if fits:
        refuse_trial(provider, lasts)
        return
    with pytest.raises(RegistrationInvalid):
        refuse_trial(provider, lasts)


def test_what_is_as_old_as_it_may_be_is_kept(db):
    """And what is older by one step goes; of sessions, what ended and what ran out."""
    kept = timedelta(days=30)
    for number, aside in enumerate((EXACTLY, BEFORE)):
        SignInAttempt.objects.create(reference=f"a-b-{number}", started_at=AT - kept + aside)
    provider = somewhere()
    provider.save()
    user = User.objects.create(username="alice")
    far = AT + timedelta(days=1)
    for aside in (EXACTLY, BEFORE):
        for fields in (
            {"ended_at": AT - kept + aside, "expires_at": far},
            {"expires_at": AT - kept + aside},
        ):
            moments = dict.fromkeys(("started_at", "checked_at", "last_seen_at"), AT)
            ConsoleSession.objects.create(user=user, provider=provider, sub="s", **moments, **fields)
    SpentLogoutToken.objects.create(provider=provider, jti_hash="x", expires_at=AT)
    dropped = drop_old_sign_ins(at=AT, keep=kept)
    assert dropped == {"sign-in attempts": 1, "sessions": 2, "rehearsals": 0, "used logout tokens": 0}
    assert SignInAttempt.objects.get().started_at == AT - kept
    assert ConsoleSession.objects.count() == 2


@pytest.mark.parametrize(
    ("age", "asked", "answers"),
    [
        (timedelta(hours=1), 0, True),
        (timedelta(hours=1) + STEP, 1, True),
        (timedelta(hours=24), 1, True),
        (timedelta(hours=24) + STEP, 1, False),
    ],
)
def test_keys_are_fresh_for_an_hour_and_serve_for_a_day_while_the_provider_is_away(op, age, asked, answers):
    provider = register(op, discovery=op.metadata())
    with time_machine.travel(AT, tick=False):
        metadata.refetch_keys(provider)
    op.jwks.respond(503, "")
    op.requests.clear()
    token = op.make_logout_token(sub="s")
    with time_machine.travel(AT + age, tick=False):
        if answers:
            metadata.verify_token(provider, str(token), types=LOGOUT_TOKEN)
        else:
            with pytest.raises(ProviderUnreachable):
                metadata.verify_token(provider, str(token), types=LOGOUT_TOKEN)
        found = metadata_age(provider, AT + age)
    assert len(op.requests_to("jwks")) == asked
    assert (found.keys_are_fresh, found.keys_serve) == (asked == 0, answers)
