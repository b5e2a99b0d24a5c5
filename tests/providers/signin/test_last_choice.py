"""The provider that a browser signed in through last comes first, and that is all the cookie does."""

import pytest

from tests.providers.signin.journey import Browser, outcome_of, register


@pytest.fixture
def three(op):
    return [register(op, slug=slug, order=order) for order, slug in enumerate(["first", "second", "third"])]


def slugs(visitor, path="/signin"):
    return [link["url"].rpartition("/")[2] for link in visitor.client.get(path).context["providers"]]


def test_it_comes_first_and_says_why(op, three, visitor):
    visitor.sign_in(op, slug="third")
    visitor.client.post("/signout")
    assert slugs(visitor) == ["third", "first", "second"]
    assert slugs(visitor, "/") == ["third", "first", "second"]
    page = visitor.client.get("/signin").content.decode()
    assert page.count("Last used") == 1
    assert page.index("Third SSO") < page.index("Last used") < page.index("First SSO")


def test_leaving_is_not_enough(three, visitor):
    visitor.leave("third")
    assert slugs(visitor) == ["first", "second", "third"]


def test_a_refused_sign_in_is_not_enough(op, three, visitor):
    op.refuse()
    assert outcome_of(visitor.sign_in(op, slug="third")) == "provider_error"
    assert "last-provider" not in visitor.client.cookies


@pytest.mark.parametrize("base", ["http://localhost:8000", "https://console.example"])
def test_the_cookie_holds_a_slug_for_half_a_year(op, three, visitor, settings, base):
    callback = op.visit(visitor.leave("second"))
    settings.BASE_URL = base
    secure = base.startswith("https")
    if secure:  # the binding went out under its plain name
        visitor.client.cookies["__Host-signin"] = visitor.client.cookies["signin"].value
    response = visitor.arrive(callback)
    cookie = response.cookies["__Host-last-provider" if secure else "last-provider"]
    assert cookie.value == "second"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (bool(cookie["secure"]), cookie["domain"], cookie["max-age"]) == (secure, "", 180 * 86_400)


@pytest.mark.parametrize(
    "value", ["off", "nobody", "", "../third", "third\x7f", "THIRD", "<script>", "x" * 4000]
)
def test_what_names_no_enabled_provider_is_ignored(op, three, value):
    register(op, slug="off", enabled=False)
    visitor = Browser()
    visitor.client.cookies["last-provider"] = value
    assert slugs(visitor) == ["first", "second", "third"]
    assert "Last used" not in visitor.client.get("/signin").content.decode()


def test_it_costs_no_more_queries(three, visitor, django_assert_num_queries):
    visitor.client.cookies["last-provider"] = "second"
    with django_assert_num_queries(1):
        visitor.client.get("/signin")
