"""No sign-in ends at another site."""

from urllib.parse import unquote

import pytest

from providers.signin.redirects import local_target, with_next
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.providers.signin.journey import outcome_of, query_of
from tests.support.paths import every_path

HOSTILE = [
    "https://evil.example/",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " /account",
    "/ account",
    "/account\x00",
    "/account\x7f",
    "/account\u2028",
    "/account\u202e",
    "javascript:alert(1)",
    "data:text/html,x",
    "account",
    "?next=/",
    "#",
    "",
    None,
    "http://localhost:8000",
    "http://localhost:8000@evil.example/",
    "http://localhost:8000.evil.example/",
    "http://localhost:80001/",
    "http://localhost:8000//evil.example",
    "http://localhost:8000/\\evil.example",
    "HTTP://localhost:8000/account",
    "/" + "a" * 2000,
]
LOCAL = {
    "/": "/",
    "/account": "/account",
    "/admin/?q=a&b=%2F%2Fevil.example": "/admin/?q=a&b=%2F%2Fevil.example",
    "/a#b": "/a#b",
    "/%5C%09evil": "/%5C%09evil",
    "/https://evil.example": "/https://evil.example",
    "/äöü": "/äöü",
    "http://localhost:8000/account": "/account",
}


@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_target_leads_nowhere(target):
    assert local_target(target) == ""


@pytest.mark.parametrize(("target", "path"), LOCAL.items())
def test_a_local_target_is_kept(target, path):
    assert local_target(target) == path


@pytest.mark.parametrize("target", [target for target in HOSTILE if target])
def test_a_hostile_target_ends_at_home(op, provider, visitor, target):
    assert visitor.sign_in(op, next=target)["Location"] == "/"


def test_the_way_on_survives_a_refusal(op, provider, visitor):
    op.refuse()
    response = visitor.sign_in(op, next="/account")
    assert outcome_of(response) == "provider_error"
    assert response.context["retry_url"] == "/signin/corp?next=%2Faccount"


def test_empty_parameters_are_left_out():
    assert with_next("/signin", "") == "/signin"
    assert with_next("/signin", "", login_hint="a") == "/signin?login_hint=a"


class OnlyPostTests:
    """Where a person is led after signing in there must be something to read."""

    def test_no_path_that_takes_only_post_is_kept_and_every_other_is(self, client, admin_user):
        kinds = {"/signout", "/account/sessions/end-all", "/oauth/token", "/api/v1/signing-keys/rotate"}
        kinds |= {"/admin/providers/provider/rehearse", "/backchannel-logout/corp"}
        for path in every_path():
            client.force_login(admin_user, "ssoconsole.platform.accounts.passwords.PasswordBackend")
            only_post = client.get(path).status_code == 405
            assert local_target(path) == ("" if only_post else path)
            if only_post:
                kinds.discard(path)
                for target in (
                    f"{path}?a=b",
                    f"{path}#c",
                    f"http://localhost:8000{path}",
                    path.replace("o", "%6f"),
                ):
                    assert local_target(target) == "", target
        assert not kinds

    def test_a_form_whose_session_has_ended_leads_home_after_signing_in(self, op, provider, visitor):
        answer = visitor.client.post("/account/sessions/end-all")
        assert answer.status_code == 302
        target = query_of(answer["Location"])["next"]
        assert visitor.sign_in(op, next=target)["Location"] == "/"

    def test_so_does_one_of_the_admin_at_the_password_door(self, db, client):
        path = "/admin/providers/provider/rehearse"
        password = bootstrap_admin(name="break-glass", by=Actor.command("test"))[1]
        to_sign_in = client.post(path)["Location"]
        assert path in unquote(to_sign_in)
        form = {"username": "break-glass", "password": password}
        for posted in (form, form | {"next": path}):
            assert f'value="{path}"' not in client.get(to_sign_in).content.decode()
            assert client.post(to_sign_in, posted)["Location"] == "/admin/"
            client.logout()
