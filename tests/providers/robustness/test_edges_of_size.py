"""What is as long as it may be is taken, and one character more is not."""

import pytest
from django.test import Client

from providers.errors import PrincipalUnusable
from providers.exchange.endpoints import whole_seconds
from providers.models import ConsoleSession
from providers.protocol.admission import domain_of, normal_domain
from providers.protocol.mapping import map_claims
from providers.registration import shapes
from providers.registration.rules import problems
from providers.signin.redirects import local_target
from tests.providers.registrations import somewhere
from tests.providers.signin.journey import assert_refused, hop_of, query_of, register, trace_of

LABEL = "a" * 63


def mapped(**claims):
    return map_claims(
        claims,
        principal_claims=["p", "sub"],
        mapping={},
        group_rules=[],
        admin_principals=[],
        group_separator="",
    )


@pytest.mark.parametrize(("length", "is_taken"), [(1, True), (255, True), (256, False), (0, False)])
def test_the_name_of_a_person(length, is_taken):
    if is_taken:
        assert mapped(p="p" * length).principal == "p" * length
        return
    with pytest.raises(PrincipalUnusable):
        mapped(p="p" * length)


@pytest.mark.parametrize(("length", "is_taken"), [(254, True), (255, False)])
def test_an_address(length, is_taken):
    address = "a" * (length - len("@corp.example")) + "@corp.example"
    assert mapped(sub="s", email=address).email == (address if is_taken else "")
    assert domain_of(address) == ("corp.example" if is_taken else None)


@pytest.mark.parametrize(
    ("domain", "is_taken"),
    [
        (f"{LABEL}.example", True),
        (f"a{LABEL}.example", False),
        (".".join([LABEL] * 3 + ["a" * 61]), True),  # 253 characters
        (".".join([LABEL] * 3 + ["a" * 62]), False),
        ("a.example", True),
        ("-a.example", False),
        ("a-.example", False),
        ("a..example", False),
        (".example", False),
        ("example.", False),
        ("", False),
    ],
    ids=lambda value: str(value)[-20:],
)
def test_a_domain(domain, is_taken):
    if is_taken:
        assert normal_domain(domain) == domain
        return
    with pytest.raises(ValueError):
        normal_domain(domain)


@pytest.mark.parametrize(("length", "is_taken"), [(2000, True), (2001, False)])
def test_the_way_on(length, is_taken):
    target = "/account?" + "x" * (length - len("/account?"))
    assert local_target(target) == (target if is_taken else "")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("9" * 11, 99_999_999_999), ("9" * 12, None), ("", None), ("0", 0), ("-1", None), ("1.0", None), (0, 0)],
)
def test_seconds_in_a_text(value, seconds):
    assert whole_seconds(value) == seconds


MANY = [f"x{number}" for number in range(201)]


@pytest.mark.parametrize(
    ("shape", "as_much", "too_much"),
    [
        (shapes.strings, ["x" * 255], ["x" * 256]),
        (shapes.strings, MANY[:200], MANY),
        (shapes.strings, ["x"], [""]),
        (shapes.scopes, ["openid", "x" * 255], ["openid", "x" * 256]),
        (shapes.claim_paths, ["x"], []),
        (shapes.mapping, {"email": "x" * 255}, {"email": "x" * 256}),
        (shapes.parameters, {"x" * 64: "y" * 1000}, {"x": "y" * 1001}),
        (shapes.parameters, {"x" * 64: ""}, {"x" * 65: ""}),
        (shapes.parameters, {"x": ""}, {"": "x"}),
        (
            shapes.group_rules,
            [{"claim_value": "x" * 255, "group": "y" * 150}],
            [{"claim_value": "x", "group": "y" * 151}],
        ),
        (
            shapes.group_rules,
            [{"claim_value": "x", "group": "y"}],
            [{"claim_value": "x" * 256, "group": "y"}],
        ),
        (
            shapes.group_rules,
            [{"claim_value": name, "group": "g"} for name in MANY[:200]],
            [{"claim_value": name, "group": "g"} for name in MANY],
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_registered(shape, as_much, too_much):
    assert shape(as_much) == []
    assert shape(too_much)


@pytest.mark.parametrize("method", ["client_secret_jwt", "client_secret_basic"])
@pytest.mark.parametrize(("length", "is_taken"), [(32, True), (31, False)])
def test_a_secret_that_is_a_key(db, method, length, is_taken):
    for changes in ({"token_endpoint_auth_method": "client_secret_jwt"}, {"signing_algs": ["HS256"]}):
        registered = somewhere(**{"token_endpoint_auth_method": method} | changes, client_secret="s" * length)
        assert ("client_secret" not in problems(registered)) is is_taken


@pytest.mark.parametrize(
    ("prompt", "is_taken"),
    [
        ("", True),
        ("none", True),
        ("login", True),
        ("login consent select_account create", True),
        ("none login", False),
        ("login login", False),
        ("sometimes", False),
        ("LOGIN", False),
    ],
)
def test_words_of_prompt(db, prompt, is_taken):
    assert ("prompt" not in problems(somewhere(prompt=prompt))) is is_taken


@pytest.mark.parametrize(("length", "is_taken"), [(255, True), (256, False)])
def test_a_hint(provider, visitor, length, is_taken):
    query = query_of(visitor.leave(login_hint="h" * length))
    assert query.get("login_hint") == ("h" * length if is_taken else None)


@pytest.mark.parametrize(("length", "is_shown"), [(254, True), (255, False)])
def test_an_address_that_leads_nowhere(op, visitor, length, is_shown):
    register(op, allowed_email_domains=["corp.example"])
    register(op, slug="other")
    address = "a" * (length - len("@elsewhere.example")) + "@elsewhere.example"
    page = visitor.client.post("/signin", {"email": address}).content.decode()
    assert (address in page) is is_shown


@pytest.mark.parametrize(("length", "is_taken"), [(80 * 1024, True), (80 * 1024 + 1, False)])
def test_a_posted_answer(op, visitor, length, is_taken):
    register(op, extra_params={"response_mode": "form_post"})
    state = query_of(visitor.leave())["state"]
    form = {"state": state, "code": "c" * (length - len(state)), "unknown": "x" * 1000}
    response = Client().post("/callback/corp", form)
    if is_taken:
        assert "leg=2" in hop_of(response)
        return
    assert_refused(response, "answer_refused", 400)
    assert trace_of(response).expected == "up to 81920 characters"


@pytest.mark.parametrize(("length", "kept"), [(255, "s" * 255), (256, "")])
def test_a_session_id_of_the_provider(op, provider, visitor, length, kept):
    op.id_token.claims["sid"] = "s" * length
    visitor.sign_in(op)
    assert [session.sid for session in ConsoleSession.objects.all()] == [kept]
