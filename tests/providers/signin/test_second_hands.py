"""Somebody else's hand in the middle of a sign-in: it cannot win too, and whoever was signed in stays who he was."""

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory

from providers import middleware
from providers.models import ConsoleSession, SignInAttempt
from providers.sessions.services import console_session_of
from providers.sessions.store import SessionStore
from tests.providers.signin.journey import Browser, outcome_of, register
from tests.support.at_once import at_once

User = get_user_model()


class PostedAnswerTests:
    @pytest.fixture
    def posts(self, op):
        return register(op, extra_params={"response_mode": "form_post"})

    def test_an_answer_that_was_used_cannot_be_posted_once_more(self, op, posts, visitor):
        callback = op.visit(visitor.leave())
        assert visitor.arrive(callback).status_code == 302
        row = SignInAttempt.objects.values().get()
        again = Client().post(callback.path, callback.form)
        assert (again.status_code, outcome_of(again)) == (400, "state_used")
        assert SignInAttempt.objects.values().get(pk=row["id"]) == row
        assert SignInAttempt.objects.get(pk=row["id"]).posted_answer is None
        assert len(op.requests_to("token")) == 1

    def test_an_attempt_that_is_being_answered_takes_no_form(self, op, posts, visitor):
        """The browser is on its way through the second leg, and a form comes from whoever has seen the state."""
        callback = op.visit(visitor.leave())
        attempt = SignInAttempt.objects.get()
        SignInAttempt.objects.update(consumed_at=attempt.started_at)
        assert outcome_of(Client().post(callback.path, callback.form)) == "state_used"
        assert SignInAttempt.objects.get(pk=attempt.pk).posted_answer is None

    def test_the_first_form_stays(self, op, posts, visitor):
        callback = op.visit(visitor.leave())
        first = Client().post(callback.path, callback.form)
        forged = Client().post(callback.path, {**callback.form, "code": "another"})
        assert (first.status_code, outcome_of(forged)) == (200, "state_used")
        assert "code=another" not in SignInAttempt.objects.get(posted_answer__isnull=False).posted_answer

    @pytest.mark.django_db(transaction=True)
    def test_of_many_forms_at_once_one_is_kept_and_of_many_browsers_one_signs_in(self, scripted_provider):
        register(scripted_provider, extra_params={"response_mode": "form_post"})
        visitor = Browser()
        callback = scripted_provider.visit(visitor.leave())
        posted = at_once(lambda _: Client().post(callback.path, callback.form).status_code, 4)
        assert sorted(posted) == [200, 400, 400, 400]
        path = f"{callback.path}?state={callback.form['state']}&leg=2"

        def come(_):
            tab = Client()
            tab.cookies.update(visitor.client.cookies)
            return tab.get(path).status_code

        assert sorted(at_once(come, 4)) == [302, 400, 400, 400]
        assert ConsoleSession.objects.count() == 1
        assert len(scripted_provider.requests_to("token")) == 1


class WhoOneWasTests:
    def test_where_no_trace_can_be_written_the_page_asks_nobody_who_this_is(
        self, op, provider, visitor, monkeypatch
    ):
        visitor.sign_in(op)

        def away(*args):
            raise OperationalError("away")

        def fail(*args):
            connection.execute_wrappers.append(away)
            raise OperationalError("away")

        monkeypatch.setattr("providers.signin.guard._record", fail)
        try:
            response = visitor.client.get("/callback/corp?state=x")
        finally:
            connection.execute_wrappers.remove(away)
        assert (response.status_code, outcome_of(response)) == (400, "state_unknown")

    def test_a_refused_answer_leaves_the_browser_its_session(self, op, provider, visitor, monkeypatch):
        """Also where the new session was made already and its record then failed."""
        visitor.sign_in(op)
        session = ConsoleSession.objects.get()
        callback = op.visit(visitor.leave())

        def fail(**kwargs):
            raise RuntimeError

        monkeypatch.setattr("providers.signin.callback.finish_attempt", fail)
        response = visitor.arrive(callback)
        assert (response.status_code, outcome_of(response)) == (503, "internal_error")
        assert console_session_of(response.wsgi_request) == session
        assert response.wsgi_request.user == session.user
        assert response.wsgi_request.session["console_session"] == str(session.pk)
        assert ConsoleSession.objects.get().ended_at is None
        assert visitor.is_signed_in()

    def test_a_person_who_is_disabled_while_her_page_is_asked_for_is_a_stranger(
        self, op, provider, visitor, monkeypatch
    ):
        visitor.sign_in(op)

        def disable(**kwargs):
            User.objects.update(is_active=False)

        monkeypatch.setattr("providers.middleware.note_seen", disable)
        response = visitor.client.get("/account")
        assert response.status_code == 302
        assert response["Location"].startswith("/signin")
        assert response.wsgi_request.user.is_anonymous

    def test_a_session_that_ends_while_its_page_is_asked_for_ends_with_that_page(self, op, visitor):
        register(op)
        visitor.sign_in(op)
        ConsoleSession.objects.update(ended_at=ConsoleSession.objects.get().started_at)
        assert visitor.client.get("/account").wsgi_request.user.is_anonymous
        assert "console_session" not in visitor.client.session

    def test_the_page_that_begins_a_session_is_kept_by_no_cache(self, db):
        alice = User.objects.create(username="alice")

        def view(request):
            request.session["_auth_user_id"] = str(alice.pk)
            return HttpResponse()

        request = RequestFactory().get("/")
        request.session = SessionStore()
        assert middleware.ConsoleSessionMiddleware(view)(request)["Cache-Control"] == "no-store"

    def test_a_strangers_page_may_be_kept_and_reads_no_session(self, db, django_assert_num_queries):
        request = RequestFactory().get("/")
        request.session = SessionStore()
        with django_assert_num_queries(0):
            answer = middleware.ConsoleSessionMiddleware(lambda request: HttpResponse())(request)
        assert "Cache-Control" not in answer.headers

    def test_a_browser_session_that_names_a_row_of_another_person_is_nobodys(self, op, provider, visitor):
        visitor.sign_in(op)
        ConsoleSession.objects.update(user=User.objects.create(username="mallory"))
        assert visitor.client.get("/account").wsgi_request.user.is_anonymous
