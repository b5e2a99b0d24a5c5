"""/api/v1/providers: registrations in the configuration file's keys, and never a secret."""

import pytest
from rest_framework.test import APIClient

from providers.models import Provider
from providers.registration.fields import FIELDS
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import registered_at, somewhere
from tests.support.leaks import assert_without

PROVIDERS = "/api/v1/providers"
CORP = f"{PROVIDERS}/corp"
SECRET = "s3cret-of-the-api-that-nobody-reads"


@pytest.fixture
def corp(scripted_provider, db):
    return registered_at(scripted_provider)


@pytest.fixture
def body(scripted_provider):
    return {
        "slug": "corp",
        "name": "Corp SSO",
        "issuer": scripted_provider.issuer,
        "client_id": "console",
        "client_secret": SECRET,
        "scopes": ["openid", "email"],
        "session": {"lifetime": 600},
    }


def problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


class CreateTests:
    def test_bob_registers_a_provider(self, bob, body):
        answer = bob.post(PROVIDERS, body)
        assert answer.status_code == 201, answer.content
        assert (answer["Location"], answer["Cache-Control"]) == (CORP, "no-store")
        shown = answer.json()
        assert shown.pop("warnings") == [
            "The issuer is plain http: whoever is on the way can sign in as anybody."
        ]
        assert shown == bob.get(CORP).json()
        assert (shown["has_client_secret"], shown["enabled"], shown["kind"]) == (True, True, "custom-oidc")
        assert shown["session"] == {"lifetime": 600, "refresh": "none", "check_every": 900}
        row = Provider.objects.get()
        assert (row.client_secret, row.session_lifetime, row.scopes) == (SECRET, 600, ["openid", "email"])
        assert row.discovery["issuer"] == body["issuer"]
        assert Event.objects.get(action="provider_created").actor == "user:bob"

    def test_the_keys_are_the_files_in_its_order(self, bob, corp):
        expected = ["slug", *FIELDS, "session", "enabled"]
        expected[expected.index("client_secret")] = "has_client_secret"
        assert list(bob.get(CORP).json()) == expected

    def test_the_secret_is_in_no_answer_and_no_event(self, bob, body):
        created = bob.post(PROVIDERS, body)
        changed = bob.patch(CORP, {"client_secret": SECRET + "2", "anyway": True})
        seen = [created, changed, bob.get(CORP), bob.get(PROVIDERS)]
        assert all(answer.status_code < 300 for answer in seen)
        assert_without([answer.content for answer in seen], SECRET)
        assert_without(list(Event.objects.values()), SECRET)

    def test_a_kind_brings_its_values_and_its_fields(self, bob, db):
        answer = bob.post(
            PROVIDERS,
            {
                "slug": "one",
                "kind": "onelogin",
                "subdomain": "acme",
                "client_id": "x",
                "token_endpoint_auth_method": "none",
                "enabled": False,
            },
        )
        assert answer.status_code == 201, answer.content
        shown = answer.json()
        assert shown["issuer"] == "https://acme.onelogin.com/oidc/2"
        assert (shown["name"], shown["scopes"][-1], shown["enabled"]) == ("OneLogin", "groups", False)
        assert "subdomain" not in shown

    @pytest.mark.parametrize(
        ("change", "member"),
        [
            ({"slug": "Corp_1"}, "slug"),
            ({"name": ""}, "name"),
            ({"kind": "saml"}, "kind"),
            ({"client_id": ""}, "client_id"),
            ({"scopes": "openid"}, "scopes"),
            ({"leeway": 301}, "leeway"),
            ({"has_client_secret": True}, "has_client_secret"),
            ({"discovery": {}}, "discovery"),
            ({"session": {"lifetyme": 1}}, "session"),
            ({"group_rules": [{"claim_value": "x"}]}, "group_rules"),
            ({"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method"),
        ],
    )
    def test_a_body_of_the_wrong_shape_is_refused_by_its_member(self, bob, body, change, member):
        answer = bob.post(PROVIDERS, body | change)
        assert answer.status_code == 400
        assert member in answer.json()["errors"]
        assert Provider.objects.count() == 0

    @pytest.mark.parametrize(
        ("change", "member"),
        [
            ({"client_secret": None}, "client_secret"),
            ({"scopes": ["email"]}, "scopes"),
            ({"signing_algs": ["none"]}, "signing_algs"),
            ({"issuer": "https://idp.example?x=y"}, "issuer"),
            ({"issuer": "https://127.0.0.1 /"}, "issuer"),
            ({"session": {"lifetime": 1}}, "session.lifetime"),
            ({"subdomain": "acme"}, "subdomain"),
            ({"kind": "onelogin", "subdomain": "acme"}, "subdomain"),
            ({"extra_params": {"state": "x"}}, "extra_params"),
            ({"prompt": "never"}, "prompt"),
            ({"link_by_verified_email": True}, "link_by_verified_email"),
        ],
    )
    def test_what_the_rules_refuse_is_told_by_its_member(self, bob, body, change, member):
        told = problem(bob.post(PROVIDERS, body | change), 400, "registration_invalid")
        assert list(told["errors"]) == [member]
        assert all(isinstance(sentence, str) for sentence in told["errors"][member])
        assert Provider.objects.count() == 0

    def test_a_provider_that_answers_wrongly_is_not_registered(self, bob, body, scripted_provider):
        scripted_provider.discovery["issuer"] = f"{scripted_provider.issuer}/"
        told = problem(bob.post(PROVIDERS, body), 400, "registration_invalid")
        assert "trailing slash" in told["errors"]["issuer"][0]
        assert Provider.objects.count() == 0

    def test_a_provider_that_does_not_answer_is_registered_with_a_warning(self, bob, body, scripted_provider):
        scripted_provider.go_down()
        answer = bob.post(PROVIDERS, body)
        assert answer.status_code == 201
        assert "does not answer now" in answer.json()["warnings"][0]

    def test_a_slug_is_taken_once(self, bob, corp, body):
        told = problem(bob.post(PROVIDERS, body), 400, "registration_invalid")
        assert list(told["errors"]) == ["slug"]
        assert Provider.objects.count() == 1


class ChangeTests:
    def test_what_is_not_named_stays(self, bob, corp):
        before = bob.get(CORP).json()
        answer = bob.patch(
            CORP, {"name": "Acme", "max_age": 60, "session": {"check_every": 60}, "anyway": True}
        )
        assert answer.status_code == 200, answer.content
        changed = {"name": "Acme", "max_age": 60, "session": before["session"] | {"check_every": 60}}
        assert bob.get(CORP).json() == before | changed

    @pytest.mark.parametrize("change", [{"max_age": 60}, {"max_age": 60, "name": "Acme", "enabled": True}])
    def test_what_could_lock_people_out_wants_a_rehearsal_or_anyway(self, bob, corp, change):
        problem(bob.patch(CORP, change), 409, "rehearsal_required")
        assert Provider.objects.get().max_age is None
        assert bob.patch(CORP, change | {"anyway": True}).status_code == 200
        assert Event.objects.get(action="provider_changed").after["anyway"] is True

    def test_what_was_changed_while_it_was_off_is_not_enabled_without(self, bob, corp):
        bob.patch(CORP, {"enabled": False})
        bob.patch(CORP, {"max_age": 60})
        problem(bob.patch(CORP, {"enabled": True}), 409, "rehearsal_required")
        assert not Provider.objects.get().enabled
        assert bob.patch(CORP, {"enabled": True, "anyway": True}).json()["enabled"] is True

    def test_null_removes(self, bob, corp):
        fields = {"max_age": 60, "prompt": "login", "anyway": True}
        assert bob.patch(CORP, fields).json()["prompt"] == "login"
        answer = bob.patch(
            CORP,
            {
                "max_age": None,
                "prompt": None,
                "client_secret": None,
                "token_endpoint_auth_method": "none",
                "anyway": True,
            },
        )
        shown = answer.json()
        assert (shown["max_age"], shown["prompt"], shown["has_client_secret"]) == (None, None, False)

    def test_a_slug_stays_because_the_provider_knows_it(self, bob, corp):
        assert "slug" in problem(bob.patch(CORP, {"slug": "other"}), 400, "invalid")["errors"]

    def test_a_change_that_is_refused_changes_nothing(self, bob, corp):
        before = bob.get(CORP).json()
        problem(bob.patch(CORP, {"name": "Acme", "scopes": []}), 400, "registration_invalid")
        assert bob.get(CORP).json() == before

    def test_enabling_and_disabling(self, bob, corp):
        assert bob.patch(CORP, {"enabled": False}).json()["enabled"] is False
        assert bob.patch(CORP, {"enabled": True}).json()["enabled"] is True
        actions = Event.objects.filter(action__startswith="provider_").values_list("action", flat=True)
        assert list(actions) == ["provider_enabled", "provider_disabled"]

    def test_a_registration_that_cannot_be_saved_can_still_be_disabled(self, bob, corp):
        Provider.objects.update(scopes=[])
        assert bob.patch(CORP, {"enabled": False}).json()["enabled"] is False

    def test_deleting_disables_and_keeps_the_row(self, bob, corp):
        assert bob.delete(CORP).status_code == 204
        assert bob.get(CORP).json()["enabled"] is False
        assert bob.delete(CORP).status_code == 204
        assert Event.objects.filter(action="provider_disabled").count() == 1


class WhoMayTests:
    REQUESTS = (
        ("get", PROVIDERS),
        ("post", PROVIDERS),
        ("get", CORP),
        ("patch", CORP),
        ("delete", CORP),
        ("post", f"{CORP}/check"),
        ("get", f"{CORP}/check"),
    )

    @pytest.mark.parametrize(("method", "path"), REQUESTS)
    def test_a_stranger_finds_nothing(self, corp, mallory, scripted_provider, method, path):
        assert getattr(APIClient(), method)(path).status_code == 401
        problem(getattr(mallory, method)(path), 404, "not_found")
        assert Provider.objects.get().enabled
        assert scripted_provider.requests == []

    def test_a_token_that_reads_reads(self, corp, with_scope):
        reader = with_scope("console.read")
        assert reader.get(CORP).json()["slug"] == "corp"
        for method, path in (
            ("post", PROVIDERS),
            ("patch", CORP),
            ("delete", CORP),
            ("post", f"{CORP}/check"),
        ):
            problem(getattr(reader, method)(path, {}), 403, "insufficient_scope")
        assert Provider.objects.get().enabled

    def test_a_token_that_writes_is_on_record_as_a_bot(self, corp, with_scope):
        assert with_scope("console.write").delete(CORP).status_code == 204
        assert Event.objects.get(action="provider_disabled").actor == "bot:console-write"

    @pytest.mark.parametrize("method", ["get", "patch", "delete"])
    def test_what_is_not_there_is_not_found(self, bob, method):
        problem(getattr(bob, method)(f"{PROVIDERS}/nobody"), 404, "not_found")


def test_a_list_comes_in_pages_by_cursor(bob, db):
    for slug in "cab":
        somewhere(slug=slug, issuer=f"https://{slug}.example").save()
    first = bob.get(f"{PROVIDERS}?page_size=2").json()
    assert [each["slug"] for each in first["results"]] == ["a", "b"]
    assert first["next"].startswith("http://localhost:8000/api/v1/providers?cursor=")
    second = bob.get(first["next"]).json()
    assert ([each["slug"] for each in second["results"]], second["next"]) == (["c"], None)


class CheckTests:
    def test_the_answer_is_the_commands(self, bob, corp, scripted_provider):
        scripted_provider.client.redirect_uris = []
        answer = bob.post(f"{CORP}/check")
        assert answer.status_code == 200, answer.content
        report = answer.json()
        assert list(report) == ["provider", "ok", "findings", "checks", "not_tried"]
        assert (report["provider"], report["ok"]) == ("corp", False)
        assert report["findings"][0]["code"] == "redirect_uri_not_registered"
        assert list(report["findings"][0]) == ["code", "severity", "title", "expected", "received", "remedy"]
        assert {"name": "authorization_request", "ok": False} in report["checks"]

    def test_a_bots_check_is_on_record(self, corp, with_scope):
        assert with_scope("console.write").post(f"{CORP}/check").json()["ok"] is True
        assert Event.objects.get(action="provider_checked").actor == "bot:console-write"

    def test_reading_sends_nothing(self, bob, corp, scripted_provider):
        problem(bob.get(f"{CORP}/check"), 405, "method_not_allowed")
        assert scripted_provider.requests == []

    def test_nobody_is_not_checked(self, bob):
        problem(bob.post(f"{PROVIDERS}/nobody/check"), 404, "not_found")
