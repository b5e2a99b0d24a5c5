"""A body is read to its end or refused, at every door: never taken for empty, for whole, or into memory without end."""

import json
from io import BytesIO

import pytest
from django.conf import settings
from django.test import Client
from tokens_cast import problem, state

from providers.models import ConsoleSession, Provider, SignInAttempt
from tokens.models import Bot, Credential, TokenRecord

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=b"
LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

# What each door answers for itself: problem details, RFC 6749's errors, a page.
DOORS = {
    "the API": ("POST", "/api/v1/bots/ingestion-bot/secrets", "application/problem+json"),
    "the API, to change": ("PATCH", "/api/v1/bots/ingestion-bot", "application/problem+json"),
    "the API, to delete": ("DELETE", "/api/v1/bots/ingestion-bot", "application/problem+json"),
    "the API, to replace": ("PUT", "/api/v1/bots/ingestion-bot", "application/problem+json"),
    "the API, nowhere": ("POST", "/api/v1/nowhere", "application/problem+json"),
    "a token": ("POST", "/oauth/token", JSON),
    "introspection": ("POST", "/oauth/introspect", JSON),
    "revocation": ("POST", "/oauth/revoke", JSON),
    "a logout by a provider": ("POST", "/backchannel-logout/corp", JSON),
    "an answer by form": ("POST", "/callback/corp", "text/html"),
    "the sign-in": ("POST", "/signin", "text/html"),
    "the sign-out": ("POST", "/signout", "text/html"),
    "a form of the admin": ("POST", "/admin/tokens/bot/add/", "text/html"),
    "the password door": ("POST", "/admin/login/", "text/html"),
    "the token doctor": ("POST", "/token-doctor", "text/html"),
}


def chunked(client, method, path, body, content_type=JSON, coding="chunked", **extra):
    """Send a body as the server hands a chunked one on: without its length."""
    unknown = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": coding}
    return client.generic(method, path, b"", content_type=content_type, **unknown, **extra)


def broken_off(client, method, path, body, content_type, missing=10):
    lost = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body) + missing)}
    return client.generic(method, path, b"", content_type=content_type, **lost)


def everything():
    models = (Provider, ConsoleSession, SignInAttempt)
    return state(), [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture(params=DOORS, ids=str)
def door(request):
    return DOORS[request.param]


class JsonInChunksTests:
    def test_a_secret_ends_when_it_is_said_to(self, bob, bot):
        body = json.dumps({"label": "x", "expires_at": "2099-01-01T00:00:00Z"}).encode()
        answer = chunked(bob, "POST", f"/api/v1/bots/{bot.name}/secrets", body)
        assert answer.status_code == 201, answer.content
        assert Credential.objects.get().expires_at.year == 2099

    def test_a_change_is_made(self, bob, bot):
        answer = chunked(bob, "PATCH", f"/api/v1/bots/{bot.name}", b'{"description": "Weekly"}')
        assert answer.status_code == 200
        assert Bot.objects.get(name=bot.name).description == "Weekly"

    def test_what_stops_before_the_end_of_the_json_changes_nothing(self, bob, bot):
        before = state()[:3]
        problem(chunked(bob, "PATCH", f"/api/v1/bots/{bot.name}", b'{"disabled": true'), 400, "parse_error")
        assert state()[:3] == before

    @pytest.mark.parametrize("path", ["/api/v1/bots/ingestion-bot/secrets", "/api/v1/bots"])
    def test_an_empty_one_may_have_broken_off_and_is_refused(self, bob, bot, path):
        before = everything()
        problem(chunked(bob, "POST", path, b""), 411, "length_required")
        assert everything() == before

    def test_another_coding_around_it_is_refused(self, bob, bot):
        before = everything()
        answer = chunked(bob, "PATCH", f"/api/v1/bots/{bot.name}", b"{}", coding="gzip, chunked")
        problem(answer, 411, "length_required")
        assert everything() == before

    def test_it_is_bounded(self, bob, bot):
        body = json.dumps({"description": "x" * LIMIT}).encode()
        problem(chunked(bob, "PATCH", f"/api/v1/bots/{bot.name}", body), 413, "body_too_large")

    @pytest.mark.parametrize("in_chunks", [True, False])
    @pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
    def test_it_may_be_as_large_as_the_bound(self, bob, bot, in_chunks, more, status):
        body = b'{"description": "Weekly"}'
        body += b" " * (LIMIT + more - len(body))
        path = f"/api/v1/bots/{bot.name}"
        if in_chunks:
            assert chunked(bob, "PATCH", path, body).status_code == status
            return
        assert bob.generic("PATCH", path, body, content_type=JSON).status_code == status


class Unreadable(BytesIO):
    """A body that must not be read."""

    def read(self, *args):
        raise AssertionError("It was read.")


class EveryDoorTests:
    def refused(self, door, status, send):
        method, path, form = door
        before = everything()
        answer = send(method, path)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"].startswith(form)
        assert "no-store" in answer["Cache-Control"]
        assert everything() == before

    def test_a_body_of_unknown_length_is_refused(self, bob, bot, me, token, door):
        body = f"token={token}&client_id={me[0]}&client_secret={me[1]}".encode()
        for content_type in (FORM, MULTIPART, "text/plain", ""):
            self.refused(door, 411, lambda *door, given=content_type: chunked(bob, *door, body, given))
        assert TokenRecord.objects.get().revoked_at is None

    def test_a_body_that_is_too_large_is_refused_unread(self, bob, bot, door):
        unread = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": str(LIMIT + 1)}
        for content_type in (FORM, MULTIPART, JSON):
            self.refused(
                door, 413, lambda *door, given=content_type: bob.generic(*door, b"", given, **unread)
            )

    def test_json_of_unknown_length_that_is_too_large_is_refused(self, bob, bot, door):
        for body in (b" " * LIMIT + b"{}", b'"' + b"x" * LIMIT):
            self.refused(door, 413, lambda *door, given=body: chunked(bob, *door, given))

    def test_a_body_that_breaks_off_is_refused(self, bob, bot, door):
        for content_type in (FORM, MULTIPART, JSON):
            self.refused(door, 400, lambda *door, given=content_type: broken_off(bob, *door, b"{}", given))

    def test_a_length_that_is_none_is_refused(self, bob, bot, door):
        for length in ("-1", "+5", "5, 5", "five", "\u0665", "0x5", "9" * 40, " 5"):
            odd = {"wsgi.input": BytesIO(b"hello"), "CONTENT_LENGTH": length}
            self.refused(door, 400, lambda *door, odd=odd: bob.generic(*door, b"", JSON, **odd))

    def test_two_ways_to_tell_the_length_are_refused(self, bob, bot, door):
        both = {"wsgi.input": BytesIO(b"{}"), "CONTENT_LENGTH": "2", "HTTP_TRANSFER_ENCODING": "chunked"}
        self.refused(door, 400, lambda *door: bob.generic(*door, b"", JSON, **both))


def test_a_form_that_breaks_off_takes_no_fence_away(bob, bot):
    """The fields of networks stand behind others; a form without them would mean none."""
    bot.allowed_networks = ["192.0.2.0/24"]
    bot.save()
    form = f"name={bot.name}&description=x&owner="
    answer = broken_off(bob, "POST", f"/admin/tokens/bot/{bot.pk}/change/", form.encode(), FORM)
    assert answer.status_code == 400
    assert Bot.objects.get().allowed_networks == ["192.0.2.0/24"]


def test_a_file_that_is_too_large_is_not_even_kept_for_a_moment(
    bob,
    db,
):
    part = b'--b\r\nContent-Disposition: form-data; name="credentials_file"; filename="x"\r\n\r\n'
    body = part + b"x" * LIMIT + b"\r\n--b--\r\n"
    answer = bob.generic("POST", "/admin/providers/provider/add/", body, content_type=MULTIPART)
    assert answer.status_code == 413
    assert not Provider.objects.exists()


def test_what_has_no_body_needs_no_length(anybody, bob):
    assert anybody.get("/healthz").status_code == 200
    assert Client().generic("POST", "/signin", b"", content_type="").status_code in (200, 403)
    assert bob.generic("POST", "/signout", b"", content_type="").status_code == 302
