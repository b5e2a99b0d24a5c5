"""An address may hold what no name can, or more than anybody reads: neither is a fault of the database's."""

import pytest

from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password

PATHS = (
    *(
        "/bots/a%00b",
        "/bots/a%00b/made/00000000-0000-0000-0000-000000000000",
        "/refusals/a%00b",
        "/signin/a%00b",
    ),
    *("/admin/a%00b/", "/oauth/status/%00", "/nowhere%00"),
)
API = ("bots/%00", "bots/a%00b/secrets", "bots/a%00b/tokens", "tokens/%00", "audiences/https://a%00b", "%00")


@pytest.fixture
def bob(client, db):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.mark.parametrize("verb", ["get", "head", "post", "options", "delete"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_called_by_a_name_with_a_nul(bob, path, verb):
    answer = getattr(bob, verb)(path)
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("path", API)
def test_a_program_is_told_so_in_its_form(bob, path):
    answer = bob.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# An address, its path and its query each as long as they may be or by one character longer, and the answer.
LENGTHS = {
    "a path": ("/" + "a" * 999, 404),
    "a path by one longer": ("/" + "a" * 1_000, 414),
    "a query": ("/signin?a=" + "a" * 16_382, 200),
    "a query by one longer": ("/signin?a=" + "a" * 16_383, 414),
    "a query of an interface": ("/api/v1/bots?a=" + "a" * 16_383, 414),
    "a query at a door for programs": ("/oauth/jwks.json?a=" + "a" * 16_383, 414),
}


@pytest.mark.parametrize("address", LENGTHS)
def test_an_address_is_read_up_to_a_length_and_not_beyond(bob, address):
    path, status = LENGTHS[address]
    assert bob.get(path).status_code == status
