"""What each refusal is answered with, at either door for programs: status, code and headers, all spelt out."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import Http404

from tokens import errors
from tokens.api.problems import STATUSES, problem_details
from tokens.errors import InvalidClient
from tokens.oauth import answers

BASIC = 'Basic realm="bots", charset="UTF-8"'
BEARER = 'Bearer realm="bots", error="invalid_token"'
OAUTH = {
    errors.InvalidRequest: (400, "invalid_request", None, None),
    errors.RequestTooLarge: (413, "invalid_request", None, None),
    errors.UnsupportedGrantType: (400, "unsupported_grant_type", None, None),
    errors.InvalidClient: (401, "invalid_client", BASIC, None),
    errors.UnauthorizedClient: (400, "unauthorized_client", None, None),
    errors.BotDisabled: (401, "invalid_client", BASIC, None),
    errors.AudienceRefused: (400, "invalid_target", None, None),
    errors.NotGranted: (400, "invalid_target", None, None),
    errors.AudienceDisabled: (400, "invalid_target", None, None),
    errors.UnknownScope: (400, "invalid_scope", None, None),
    errors.ScopeMalformed: (400, "invalid_scope", None, None),
    errors.InvalidToken: (401, "invalid_token", BEARER, None),
    errors.TooManyTokens: (429, "too_many_tokens", None, None),
    errors.NoSigningKey: (503, "temporarily_unavailable", None, "5"),
}
API = {
    errors.TokensError: 400,
    errors.InvalidRequest: 400,
    errors.InvalidToken: 401,
    errors.InsufficientScope: 403,
    errors.BotUnknown: 404,
    errors.KeyUnknown: 404,
    errors.TokenUnknown: 404,
    errors.BotNameTaken: 409,
    errors.BotDisabled: 409,
    errors.BotRetired: 409,
    errors.AudienceTaken: 409,
    errors.IdentifierImmutable: 409,
    errors.ProfileInUse: 409,
    errors.AudienceDisabled: 409,
    errors.SecretInUse: 409,
    errors.KeyTaken: 409,
    errors.AlreadyDone: 409,
    errors.TooManyTokens: 429,
    errors.IdempotencyKeyReused: 422,
    errors.NoSigningKey: 503,
    errors.NameImmutable: 400,
    errors.NetworkInvalid: 400,
    errors.LifetimeTooLong: 400,
    errors.SecretTooWeak: 400,
    errors.ExpiryInvalid: 400,
    errors.KeysRefused: 400,
    errors.SigningKeyRefused: 400,
    errors.RuleTooWide: 400,
}


@pytest.mark.parametrize("error", OAUTH, ids=lambda error: error.__name__)
def test_at_an_oauth_endpoint(error):
    status, code, challenge, retry_after = OAUTH[error]
    answer = answers.refusal(error())
    assert (answer.status_code, json.loads(answer.content)["error"]) == (status, code)
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    assert (answer.get("WWW-Authenticate"), answer.get("Retry-After")) == (challenge, retry_after)


def test_every_answer_there_is_stands_above():
    assert set(answers.ANSWERS) <= set(OAUTH)
    assert {kind for kind in STATUSES if issubclass(kind, errors.TokensError)} <= set(API)


def test_who_failed_too_often_is_told_when_to_come_back():
    answer = answers.refusal(InvalidClient(retry_after=60))
    assert (answer.status_code, answer["WWW-Authenticate"], answer["Retry-After"]) == (401, BASIC, "60")


def test_what_a_description_may_not_hold_is_replaced():
    answer = answers.refusal(errors.InvalidRequest('a "b" \\ c\n\u00e9 ~'))
    assert json.loads(answer.content)["error_description"] == "a 'b' ' c'' ~"


def test_without_the_database_nothing_is_promised():
    answer = answers.unavailable()
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert json.loads(answer.content)["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("error", API, ids=lambda error: error.__name__)
def test_at_the_api(error):
    answer = problem_details(error(), {})
    assert (answer.status_code, answer.data["status"], answer.data["code"]) == (
        API[error],
        API[error],
        error.code,
    )
    assert (answer.content_type, answer["Cache-Control"]) == ("application/problem+json", "no-store")
    assert answer.get("Retry-After") == ("5" if API[error] == 503 else None)


@pytest.mark.parametrize(
    ("error", "challenge"),
    [
        (errors.InvalidToken(), 'Bearer realm="console", error="invalid_token"'),
        (errors.InvalidRequest(), 'Bearer realm="console", error="invalid_request"'),
        (
            errors.InsufficientScope(),
            'Bearer realm="console", error="insufficient_scope", scope="console.write"',
        ),
        (
            errors.InsufficientScope(expected="console.read"),
            'Bearer realm="console", error="insufficient_scope", scope="console.read"',
        ),
        (errors.BotUnknown(), None),
    ],
)
def test_what_the_api_asks_for(error, challenge):
    assert problem_details(error, {}).get("WWW-Authenticate") == challenge


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("secret"), 503, "temporarily_unavailable"),
        (ValidationError("x"), 400, "invalid"),
        (Http404("secret"), 404, "not_found"),
    ],
)
def test_what_is_no_error_of_ours(error, status, code):
    answer = problem_details(error, {})
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert "secret" not in str(answer.data)


def test_a_fault_of_ours_is_none_of_the_callers():
    assert problem_details(RuntimeError("x"), {}) is None


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize(
    "name",
    ["access_token", "client_assertion", "client_assertion_type", "client_id", "client_secret", "token"],
)
def test_what_proves_something_is_never_taken_from_the_url(oauth, me, path, name):
    form = {"grant_type": "client_credentials", "token": "x"}
    assert oauth.post(path, form, auth=me).status_code == 200
    for query in (f"{name}=x", f"{name}=", f"a=b&{name}=x"):
        answer = oauth.post(f"{path}?{query}", form, auth=me)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert oauth.post(f"{path}?harmless={name}", form, auth=me).status_code == 200
