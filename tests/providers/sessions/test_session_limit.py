"""One person has so many sessions and no more; the oldest makes room."""

import pytest

from providers.models import ConsoleSession
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register
from tests.providers.signin.test_sign_in_races import MANY
from tests.support.at_once import at_once


@pytest.fixture(autouse=True)
def _three(settings):
    settings.SESSIONS_PER_USER = 3


def browsers(op, number):
    found = [Browser() for _ in range(number)]
    for browser in found:
        assert browser.sign_in(op).status_code == 302
    return found


def test_the_oldest_ends_and_the_others_stay(op, provider):
    found = browsers(op, 4)
    assert [browser.is_signed_in() for browser in found] == [False, True, True, True]
    ended = ConsoleSession.objects.exclude(ended_at=None).get()
    assert (ended.id_token, ended.refresh_token) == (None, None)
    event = Event.objects.get(action="session_ended")
    assert (event.target, event.after) == (str(ended.pk), {"why": "too many sessions"})


def test_sessions_that_are_over_count_for_nothing(op, provider):
    found = browsers(op, 3)
    found[2].client.post("/signout")
    ConsoleSession.objects.filter(ended_at=None).order_by("started_at").update(expires_at="2020-01-01T00:00Z")
    browsers(op, 3)
    assert not Event.objects.filter(after__why="too many sessions").exists()


def test_other_people_have_their_own(op, provider):
    alices = browsers(op, 3)
    op.person |= {"sub": "subject-2", "email": "carol@corp.example"}
    browsers(op, 3)
    assert all(browser.is_signed_in() for browser in alices)


def test_a_lowered_limit_takes_effect_at_the_next_sign_in(op, provider, settings):
    browsers(op, 3)
    settings.SESSIONS_PER_USER = 1
    [last] = browsers(op, 1)
    assert ConsoleSession.objects.filter(ended_at=None).count() == 1
    assert last.is_signed_in()


def test_no_setting_ends_the_session_that_just_began(op, provider, settings):
    settings.SESSIONS_PER_USER = 0
    assert browsers(op, 1)[0].is_signed_in()


@pytest.mark.django_db(transaction=True)
def test_sign_ins_at_once_do_not_get_past_it(scripted_provider):
    register(scripted_provider)
    assert at_once(lambda n: Browser().sign_in(scripted_provider).status_code, MANY) == [302] * MANY
    assert ConsoleSession.objects.filter(ended_at=None).count() == 3
