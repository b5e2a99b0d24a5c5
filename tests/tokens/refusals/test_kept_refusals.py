"""What is kept of a refusal: enough to explain it, nothing that proves anything, and never more than so much."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND, basic, but_for_the_reference, writes_refused

from ssoconsole.platform.accounts.models import User
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.keys.services import rotate_signing_key
from tokens.models import Credential, TokenRecord, TokenRefusal
from tokens.protocol.examination.text import Unverified
from tokens.records.revocation import revoke_token
from tokens.refusals import services
from tokens.refusals.services import kept_of, plausible_name, presentable

pytestmark = pytest.mark.django_db
LIST = "/admin/tokens/tokenrefusal/"


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people["bob"], PASSWORD_BACKEND)
    return client


def everything_kept():
    return str(list(TokenRefusal.objects.values()))


class SecretTests:
    def test_a_secret_in_its_place_is_not_kept(self, oauth, me, other_secret):
        oauth.token((me[0], other_secret))
        assert_without(everything_kept(), other_secret)

    @pytest.mark.parametrize("field", ["grant_type", "scope", "resource", "audience", "client_id"])
    def test_nor_in_a_wrong_one(self, oauth, me, field):
        oauth.post("/oauth/token", {"grant_type": "client_credentials", field: me[1]}, auth=me)
        oauth.post("/oauth/token", {"grant_type": "client_credentials", field: me[1]})
        assert TokenRefusal.objects.exists()
        assert_without(everything_kept(), me[1])

    def test_of_a_token_everything_but_the_signature_is_enough(self, oauth, token, by):
        revoke_token(record=TokenRecord.objects.get(), by=by)
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token}")
        kept = everything_kept()
        assert TokenRecord.objects.get().jti in kept
        assert not any(part in kept for part in token.split("."))

    def test_a_token_in_the_path_is_not_kept(self, bob, token):
        assert bob.get(f"/api/v1/tokens/{token}").status_code == 404
        assert not any(part in everything_kept() for part in token.split("."))

    def test_a_token_as_a_field_of_a_body_is_not_kept(self, bob, token):
        assert bob.post("/api/v1/bots", {token: 1}).status_code == 400
        assert not any(part in everything_kept() for part in token.split("."))

    # A person's password is no secret by its looks; a secret of a program is.
    @pytest.mark.parametrize("typed", ["Tr0ub4dor & 3", "ssoc_" + "4b7X" * 12])
    def test_what_was_typed_in_the_place_of_a_name_is_not_kept_by_the_api(self, bob, bot, typed):
        asked = {
            404: lambda: bob.get(f"/api/v1/bots/{quote(typed)}"),
            400: lambda: bob.post("/api/v1/bots", {"name": "x", typed: 1}, format="json"),
        }
        for status, ask in asked.items():
            assert ask().status_code == status
        assert TokenRefusal.objects.count() == len(asked)
        assert_without(everything_kept(), typed)

    def test_nor_is_a_secret_in_the_place_of_an_audience(self, bob, me):
        grants = [{"audience": me[1]}]
        assert bob.patch(f"/api/v1/bots/{me[0]}", {"grants": grants}, format="json").status_code == 400
        assert TokenRefusal.objects.exists()
        assert_without(everything_kept(), me[1])

    @pytest.mark.parametrize("text", ["ssoc_abc", "x ssoc_ABCdef", "eyJhbGciOiJ.x.y", "A" * 40])
    def test_what_looks_like_one_is_masked_wherever_it_stands(self, text):
        assert "••" in presentable(f"a {text} b")

    def test_a_name_is_kept_only_if_it_could_be_a_bots(self):
        assert plausible_name("ingestion-bot") == "ingestion-bot"
        assert [plausible_name(name) for name in ("", None, "a b", "ssoc_x", "ü", "x" * 101)] == [""] * 6

    def test_what_a_stranger_writes_into_his_token_is_kept_short_and_typed(self):
        header = {"alg": "A" * 900, "kid": ["a"] * 9, "typ": None, "crit": ["x"], "x5c": "y"}
        claims = {"aud": ["a"] * 9, "iat": 1, "email": "x", "status": {"status_list": {"idx": 1, "uri": "u"}}}
        kept = kept_of(Unverified(header, claims))
        assert len(kept["header"]["alg"]) == 200
        assert (kept["header"]["crit"], len(kept["header"]["kid"])) == ("present", 5)
        assert set(kept["claims"]) == {"aud", "iat", "status"}
        assert "status" not in kept_of(Unverified({}, {"status": {"status_list": {"idx": "1"}}}))["claims"]
        assert "status" not in kept_of(Unverified({}, {"status": []}))["claims"]


class LimitTests:
    def test_of_one_address_so_many_a_minute_are_kept_and_all_are_answered_alike(self, oauth, monkeypatch):
        monkeypatch.setattr(services, "PER_ADDRESS", 3)
        answers = [oauth.token((f"nobody-{number}", "x")) for number in range(5)]
        assert TokenRefusal.objects.count() == 3
        assert ["error_uri" in answer.json() for answer in answers] == [True] * 3 + [False] * 2
        assert {answer.status_code for answer in answers} == {401}

    def test_of_one_name_so_many_wherever_they_come_from(self, oauth, monkeypatch):
        monkeypatch.setattr(services, "PER_CLIENT", 2)
        for number in range(4):
            form = {"grant_type": "client_credentials"}
            oauth.post("/oauth/token", form, auth=("nobody", "x"), REMOTE_ADDR=f"192.0.2.{number}")
        assert TokenRefusal.objects.count() == 2

    def test_of_all_strangers_together_so_many(self, oauth, monkeypatch):
        monkeypatch.setattr(services, "ALTOGETHER", 2)
        for number in range(4):
            form = {"grant_type": "client_credentials"}
            oauth.post("/oauth/token", form, auth=(f"n{number}", "x"), REMOTE_ADDR=f"192.0.2.{number}")
        assert TokenRefusal.objects.count() == 2

    def test_strangers_noise_keeps_no_trace_of_a_known_bot_away(self, oauth, me, monkeypatch):
        monkeypatch.setattr(services, "ALTOGETHER", 1)
        oauth.token(("nobody", "x"))
        assert "error_uri" not in oauth.token((me[0], "wrong")).json()
        assert "error_uri" in oauth.token(me, scope="root").json()

    def test_a_known_bot_has_a_limit_of_its_own(self, oauth, me, monkeypatch):
        monkeypatch.setattr(services, "PER_CLIENT", 2)
        kept = ["error_uri" in oauth.token(me, scope="root").json() for _ in range(3)]
        assert kept == [True, True, False]

    def test_strangers_cannot_fill_the_database_through_the_api(self, anybody, monkeypatch):
        monkeypatch.setattr(services, "PER_ADDRESS", 3)
        answers = [anybody.get("/api/v1/bots").json() for _ in range(5)]
        assert ["instance" in answer for answer in answers] == [True] * 3 + [False] * 2


class CostTests:
    def statements(self, ask):
        with CaptureQueriesContext(connection) as asked:
            ask()
        return [query["sql"].split()[0] for query in asked if "SAVEPOINT" not in query["sql"]]

    def test_a_good_request_writes_no_trace_and_asks_nothing_more(self, oauth, me):
        oauth.token(me)
        with CaptureQueriesContext(connection) as asked:
            oauth.token(me)
        assert not [query for query in asked if "tokenrefusal" in query["sql"]]

    def test_a_refusal_costs_one_insert(self, oauth, me):
        assert self.statements(lambda: oauth.token((me[0], "wrong"))) == ["SELECT", "INSERT"]

    def test_nor_more_at_the_api_where_the_bot_is_known(self, oauth, bot, me, console, by, anybody):
        save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
        header = {"HTTP_AUTHORIZATION": f"Bearer {oauth.token(me).json()['access_token']}"}
        asked = self.statements(lambda: anybody.post("/api/v1/bots", {"name": "x"}, **header))
        assert asked == ["SELECT", "INSERT"]
        refusal = TokenRefusal.objects.get()
        assert (refusal.bot, refusal.credential) == (bot, Credential.objects.get())

    def test_past_the_limit_it_costs_nothing(self, oauth, me, monkeypatch):
        monkeypatch.setattr(services, "PER_ADDRESS", 1)
        oauth.token((me[0], "wrong"))
        assert self.statements(lambda: oauth.token((me[0], "wrong"))) == ["SELECT"]

    def test_an_unknown_name_and_a_wrong_secret_are_the_same_work_and_the_same_answer(self, oauth, me):
        answers = []

        def ask(name):
            return self.statements(lambda: answers.append(oauth.token((name, "wrong"))))

        assert ask(me[0]) == ask("nobody")
        assert but_for_the_reference(answers[0]) == but_for_the_reference(answers[1])


class FaultTests:
    def test_a_trace_that_cannot_be_written_is_a_refusal_all_the_same(self, oauth, me, caplog):
        with writes_refused("tokens_tokenrefusal"):
            answer = oauth.token((me[0], "wrong"))
        assert (answer.status_code, set(answer.json())) == (401, {"error", "error_description"})
        assert "refusal_not_kept" in caplog.text

    def test_words_that_are_taken_leave_no_trace_and_no_fault(self, oauth, me, monkeypatch):
        monkeypatch.setattr(services, "draw_words", lambda number: "a-b-c-d")
        answers = [oauth.token((me[0], "wrong")).json() for _ in range(2)]
        assert ["error_uri" in answer for answer in answers] == [True, False]
        assert TokenRefusal.objects.count() == 1

    def test_without_the_cache_each_process_counts_for_itself(self, oauth, me, monkeypatch):
        def away(*args, **kwargs):
            raise ConnectionError

        monkeypatch.setattr(cache, "add", away)
        assert "error_uri" in oauth.token((me[0], "wrong")).json()


def test_old_refusals_go_and_young_ones_stay(oauth, me, settings):
    settings.TOKEN_REFUSAL_DAYS = 30
    for _ in range(2):
        oauth.token((me[0], "wrong"))
    young, old = TokenRefusal.objects.all()
    TokenRefusal.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
    call_command("cleanup", verbosity=0)
    assert list(TokenRefusal.objects.all()) == [young]


class WhoMayLookTests:
    @pytest.fixture
    def reference(self, oauth, me):
        return oauth.token((me[0], "wrong")).json()["error_uri"].rpartition("/")[2]

    def test_a_stranger_is_sent_to_sign_in_whether_it_exists_or_not(self, reference):
        for words in (reference, "canyon-lamp-violet-river", "canyon-lamp-violet", "x"):
            answer = Client().get(f"/refusals/{words}")
            assert (answer.status_code, answer["Location"]) == (302, f"/signin?next=/refusals/{words}")

    @pytest.mark.parametrize("who", ["alice", "mallory"])
    def test_to_everybody_else_there_is_no_such_page(self, people, reference, who):
        client = Client()
        client.force_login(people[who], PASSWORD_BACKEND)
        assert client.get(f"/refusals/{reference}").status_code == 404
        assert client.post("/admin/search", {"q": reference}).url == "/admin/login/?next=/admin/search"
        assert client.get(f"{LIST}", follow=False).status_code in (302, 403)

    def test_staff_see_what_they_have_the_right_to(self, people, reference):
        from django.contrib.auth.models import Permission

        viewer = User.objects.create(username="viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_signinattempt"))
        client = Client()
        client.force_login(viewer, PASSWORD_BACKEND)
        assert "Nothing that you may see" in client.post("/admin/search", {"q": reference}).content.decode()
        assert client.get(f"/refusals/{reference}").status_code == 404

    def test_bob_looks_it_up_by_words_however_they_are_typed(self, admin, reference):
        for typed in (reference, reference.replace("-", " ").upper(), f" {reference}."):
            assert admin.post("/admin/search", {"q": typed}).status_code == 302

    @pytest.mark.parametrize(
        "typed", ["canyon lamp violet river", "canyon lamp violet", "x", "<b>", "\0", "a" * 999]
    )
    def test_words_that_stand_for_nothing_lead_nowhere(self, admin, typed):
        answer = admin.post("/admin/search", {"q": typed})
        assert answer.status_code == 200
        assert "<b>" not in answer.content.decode().partition("<form")[2].partition("</form>")[0]
        assert admin.get(f"/refusals/{'canyon-lamp-violet-river'}").status_code == 404


class PageTests:
    def page(self, admin):
        return admin.get(f"{LIST}{TokenRefusal.objects.first().pk}/change/").content.decode()

    def test_it_tells_how_the_bot_of_that_name_stands_now(self, oauth, bot, me, by, admin):
        add_client_secret(bot=bot, by=by, label="fresh")
        retire_credential(credential=Credential.objects.exclude(label="fresh").get(), by=by)
        oauth.token(me)
        page = self.page(admin)
        assert "somebody else may have used its name" in page
        assert "<td>retired</td>" in page
        assert "<td>live</td>" in page
        Credential.objects.filter(label="fresh").update(expires_at=timezone.now())
        assert "<td>expired</td>" in self.page(admin)

    def test_a_proven_bot_is_told_as_such_with_its_credential(self, oauth, me, admin):
        oauth.token(me, scope="root")
        page = self.page(admin)
        assert "Client ID, proven" in page
        assert f"/admin/tokens/credential/{Credential.objects.get().pk}/change/" in page

    def test_a_name_that_no_bot_has_is_told(self, oauth, admin):
        oauth.token(("nobody", "x"))
        assert "No bot has the name nobody." in self.page(admin)

    def test_a_bot_without_credentials_is_told(self, oauth, bot, admin):
        oauth.token((bot.name, "x"))
        assert "It has none." in self.page(admin)

    def test_a_revoked_token_is_told_step_by_step(self, oauth, token, by, admin):
        revoke_token(record=TokenRecord.objects.get(), by=by)
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token}")
        page = self.page(admin)
        assert "<code>revoked</code>" in page
        assert "by user:bob" in page
        assert "<code>profile</code>" not in page

    def test_a_token_that_is_good_elsewhere_is_told_which_door_it_is_for(self, oauth, token, admin):
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token}")
        page = self.page(admin)
        assert "one for https://metadata.example" in page
        assert "takes tokens of its own audience only" in page

    def test_where_nothing_is_wrong_any_more_the_rest_is_suspected(self, oauth, bot, me, console, by, admin):
        save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
        token = oauth.token(me).json()["access_token"]
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token[:-4]}AAAA")
        page = self.page(admin)
        assert "its signature was not good" in page
        assert f"/admin/tokens/bot/{bot.pk}/change/" not in page  # nobody has proven whose it was

    def test_claims_of_wrong_types_are_told_and_not_kept(self, oauth, admin):
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION="Bearer eyJhbGciOiJFUzI1NiJ9.eyJleHAiOiJ4In0.AA")
        assert TokenRefusal.objects.get().unverified_token == {"header": {"alg": "ES256"}, "claims": None}
        assert "<code>claims</code>" in self.page(admin)

    def test_a_strangers_text_is_no_markup(self, oauth, admin):
        oauth.post("/oauth/token", {"grant_type": "<script>"})
        page = self.page(admin)
        assert "&lt;script&gt;" in page
        assert "<script>" not in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?q=ingestion-bot", 2),
            ("?q=nobody", 1),
            ("?q=127.0.0.1", 3),
            ("?q=192.0.2.1", 0),
            ("?code=invalid_scope", 1),
            ("?door__exact=token", 3),
            ("?door__exact=api", 0),
            ("?within=hour", 3),
        ],
    )
    def test_the_list_is_searched_and_narrowed(self, oauth, me, admin, query, found):
        for auth, scope in [((me[0], "wrong"), ""), (("nobody", "x"), ""), (me, "root")]:
            oauth.token(auth, **({"scope": scope} if scope else {}))
        assert len(admin.get(LIST + query).context["cl"].result_list) == found

    def test_the_list_is_searched_by_reference(self, oauth, me, admin):
        oauth.token((me[0], "wrong"))
        words = TokenRefusal.objects.get().reference.replace("-", " ")
        assert len(admin.get(LIST, {"q": words}).context["cl"].result_list) == 1

    def test_it_stays_when_the_key_is_another(self, oauth, me, by, admin):
        oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=basic(*me))
        rotate_signing_key(alg="ES256", by=by)
        assert "not_authenticated" in self.page(admin)
