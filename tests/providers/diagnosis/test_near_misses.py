"""One more harmless question tells what is nearly right, and the remedy has the value to type."""

from datetime import UTC, datetime

import pytest

from providers.protocol.preflight.authorization_answer import near_misses
from providers.protocol.preflight.documents import paths_above, spelt_otherwise
from tests.providers.diagnosis.bases import CALLBACK

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def first(report):
    return report.findings[0]


class RedirectUriTests:
    @pytest.mark.parametrize(
        "registered",
        [
            f"{CALLBACK}/",
            "https://localhost:8000/callback/corp",
            "http://127.0.0.1:8000/callback/corp",
            "http://localhost/callback/corp",
            "https://localhost/callback/corp",
            "http://localhost:8000//callback/corp",
            "http://localhost:8000/callback",
            "http://localhost:8000/callback/",
            "http://localhost:8000/Callback/Corp",
        ],
    )
    def test_the_one_that_is_registered_is_named_and_what_to_put_in_its_place(
        self, examine, scripted_provider, registered
    ):
        scripted_provider.client.redirect_uris = [registered]
        found = first(examine())
        assert found.code == "redirect_uri_not_registered"
        assert (found.expected, found.received) == (CALLBACK, f"{registered} is registered")
        assert f"replace {registered} by {CALLBACK}" in found.remedy

    def test_one_that_is_far_off_is_not_guessed(self, examine, scripted_provider):
        scripted_provider.client.redirect_uris = ["https://elsewhere.example/cb"]
        found = first(examine())
        assert found.code == "redirect_uri_not_registered"
        assert f"type {CALLBACK} as redirect URI" in found.remedy
        assert "elsewhere" not in found.received

    def test_no_question_has_a_secret_in_it(self, examine, scripted_provider):
        scripted_provider.client.redirect_uris = ["https://elsewhere.example/cb"]
        examine()
        asked = scripted_provider.requests_to("authorization")
        assert 2 < len(asked) < 15
        assert not any("secret" in request.path for request in asked)

    @pytest.mark.parametrize(
        "uri",
        [
            CALLBACK,
            "https://sso.example/callback/corp",
            "https://sso.example:8443/callback",
            "http://[::1]:80/x",
        ],
    )
    def test_no_near_miss_is_the_thing_itself(self, uri):
        others = near_misses(uri)
        assert uri not in others
        assert len(set(others)) == len(others) < 12


class IssuerTests:
    @pytest.mark.parametrize("below", ["/token", "/protocol/openid-connect/auth", "/a/b/c/d", "/token/"])
    def test_an_endpoint_in_its_place_leads_to_the_issuer_above(self, examine, scripted_provider, below):
        issuer = scripted_provider.issuer
        found = first(examine(breaks=lambda op: {"issuer": f"{op.issuer}{below}"}))
        assert found.code == "discovery_not_found"
        assert f"type {issuer} as the issuer" in found.remedy

    @pytest.mark.parametrize(
        ("right", "typed"),
        [
            ("realms/{}", "Realms/{}"),
            ("realms/{}", "auth/realms/{}"),
            ("auth/realms/{}", "realms/{}"),
            ("realms/{}", "admin/realms/{}"),
            ("realms/{}", "realms/{}/protocol/openid-connect/auth"),
            ("realms/{}", "realms//{}//"),
            ("{}", "{}//"),
        ],
    )
    def test_so_does_another_spelling(self, examine, scripted_provider, right, typed):
        def breaks(op):
            issuer = op.issuer.replace(op.name, typed.format(op.name))
            op.name = right.format(op.name)
            return {"issuer": issuer}

        found = first(examine(breaks=breaks))
        assert found.code == "discovery_not_found"
        assert f"type {scripted_provider.issuer} as the issuer" in found.remedy

    def test_where_nothing_is_above_nothing_is_named(self, examine):
        found = first(examine(breaks=lambda op: {"issuer": op.issuer.replace(op.name, "nowhere")}))
        assert found.code == "discovery_not_found"
        assert "An issuer is found" not in found.remedy

    def test_a_document_that_speaks_for_another_path_is_not_taken(self, examine):
        def breaks(op):
            op.discovery["issuer"] = f"{op.origin}/another"
            return {"issuer": f"{op.issuer}/token"}

        assert "An issuer is found" not in first(examine(breaks=breaks)).remedy

    def test_a_long_path_is_not_followed_without_end(self):
        assert len(paths_above("https://idp.example/" + "a/" * 500)) == 6
        assert len(spelt_otherwise("https://idp.example/" + "A//" * 500 + "realms/x")) == 4


class ChannelTests:
    """A request that is pushed is refused for its client first; the browser's way says what is wrong with it."""

    def test_an_unknown_client_id_is_no_wrong_secret(self, examine):
        report = examine("pushed", lambda op: {"client_id": "nobody"})
        assert first(report).code == "client_unknown"
        assert "The client ID here is nobody" in first(report).remedy
        assert not any(each.code == "client_credentials_rejected" for each in report.findings)

    @pytest.mark.parametrize(
        ("status", "answer"),
        [(401, {"error": "unauthorized_client"}), (401, "no"), (400, {"error": "invalid_client"})],
    )
    def test_however_the_push_is_refused(self, examine, status, answer):
        def breaks(op):
            op.par.respond(status, answer)
            return {"client_id": "nobody"}

        assert first(examine("pushed", breaks)).code == "client_unknown"

    def test_nor_is_a_wrong_secret_a_flow_that_is_off(self, examine):
        refused = {
            "error": "unauthorized_client",
            "error_description": "Invalid client or Invalid client credentials",
        }

        def breaks(op):
            for endpoint in (op.par, op.token):
                endpoint.respond(401, refused)
            return {"client_secret": "another-secret-of-at-least-32-bytes"}

        report = examine("pushed", breaks)
        assert [each.code for each in report.findings if each.is_error] == ["client_credentials_rejected"]

    def test_a_push_that_alone_refuses_is_told_as_one(self, examine):
        report = examine("pushed", lambda op: op.par.respond(401, {"error": "access_denied"}) and {})
        assert first(report).code == "pushed_request_refused"

    def test_a_wrong_secret_is_still_one(self, examine):
        report = examine("pushed", lambda op: {"client_secret": "another-secret-of-at-least-32-bytes"})
        assert first(report).code == "client_credentials_rejected"


class KeyTests:
    def test_another_key_under_a_known_kid_is_told_with_the_way_to_adopt_it(self, examine):
        def breaks(op):
            known, another = (key.jwk() for key in op.keys.rsa)
            return {"jwks": {"keys": [another | {"kid": known["kid"]}]}, "jwks_fetched_at": NOON}

        found = first(examine(breaks=breaks))
        assert found.code == "keys_replaced"
        assert "2026-11-26 12:00" in found.expected
        assert "refresh the metadata" in found.remedy

    def test_the_same_keys_are_not(self, examine):
        report = examine(breaks=lambda op: {"jwks": {"keys": op.jwks.keys}, "jwks_fetched_at": NOON})
        assert not any(each.code == "keys_replaced" for each in report.findings)
