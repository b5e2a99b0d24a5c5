"""Any provider may read the console's public keys towards it, and nothing else."""

import pytest
from django.test import Client

from providers.client_keys import rotate_client_key
from providers.models import ClientKey
from ssoconsole.platform.jose.keys import JwkSet
from tests.providers.registrations import BOB, registered_at

PUBLIC = {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}
PATH = "/providers/corp/jwks.json"


def test_it_is_a_key_set_of_public_members(corp):
    response = Client().get(PATH)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "public, max-age=300"
    keys = response.json()["keys"]
    assert len(keys) == 2
    assert all(set(jwk) <= PUBLIC and jwk["use"] == "sig" for jwk in keys)
    assert len(JwkSet.parse_bytes(response.content).keys) == 2


def test_it_costs_one_query_and_no_session(corp, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = Client().get(PATH)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_rotation_shows_at_once(corp):
    rotate_client_key(provider=corp, by=BOB)
    kids = [jwk["kid"] for jwk in Client().get(PATH).json()["keys"]]
    assert kids == list(ClientKey.objects.published().values_list("kid", flat=True))
    assert len(kids) == 3


def test_a_disabled_providers_keys_stay(corp):
    corp.enabled = False
    corp.save()
    assert Client().get(PATH).status_code == 200


@pytest.mark.parametrize("slug", ["nobody", "other", "x" * 300])
def test_there_is_nothing_for_an_unknown_provider_or_one_without_keys(op, corp, slug):
    registered_at(op, slug="other", token_endpoint_auth_method="client_secret_basic")
    response = Client().get(f"/providers/{slug}/jwks.json")
    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
    assert "keys" not in response.json()


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_can_only_be_read(corp, method):
    assert getattr(Client(), method)(PATH).status_code == 405
    assert Client().head(PATH).status_code == 200
