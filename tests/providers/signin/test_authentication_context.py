"""What a registration demands of the authentication: asked for, checked on the way in, and to administer (RFC 9470)."""

from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from ssoconsole.platform.accounts.models import User
from tests.providers.refresh.checked_sessions import (
    DUE,
    SCRIPT,
    assert_ended,
    by_browser,
    by_token,
    is_live,
    later,
)
from tests.providers.signin.journey import (
    Browser,
    assert_refused,
    hop_of,
    outcome_of,
    query_of,
    register_read,
    trace_of,
)

PHR, MFA = ["phr"], ["mfa"]
WINDOW = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
CODE = "insufficient_user_authentication"


class AskingTests:
    @pytest.mark.parametrize(
        ("fields", "asked"),
        [
            ({"acr_values": ["phrh", "phr"]}, "phrh phr"),
            ({"required_acr": ["phr"]}, "phr"),
            ({"acr_values": ["phrh"], "required_acr": ["phr", "phrh"]}, "phrh"),
            ({"extra_params": {"acr_values": "own"}}, "own"),
            ({"admin_required_acr": ["phr"]}, None),
            ({"required_amr": ["mfa"]}, None),
        ],
    )
    def test_the_provider_is_asked_for_the_context(self, op, visitor, fields, asked):
        register_read(op, **fields)
        assert query_of(visitor.leave()).get("acr_values") == asked

    @pytest.mark.parametrize(
        ("fields", "asked", "prompt"),
        [
            ({"admin_required_acr": ["phr", "phrh"]}, "phr phrh", None),
            ({"admin_required_amr": ["mfa"]}, None, "login"),
            ({"admin_required_amr": ["mfa"], "acr_values": ["2"]}, "2", "login"),
            ({}, None, None),
        ],
    )
    def test_to_administer_it_is_asked_for_more(self, op, visitor, fields, asked, prompt):
        register_read(op, **fields)
        params = query_of(visitor.leave(step_up="1"))
        assert (params.get("acr_values"), params.get("prompt")) == (asked, prompt)


GOOD_ENOUGH = [
    ({"required_acr": PHR}, {"acr": "phr"}),
    ({"required_acr": ["phrh", "phr"]}, {"acr": "phr"}),
    ({"required_amr": MFA}, {"amr": ["pwd", "mfa"]}),
    ({"required_amr": ["pwd", "mfa"]}, {"amr": ["mfa", "otp", "pwd"]}),
    ({"required_amr": MFA}, {"amr": "mfa"}),
    ({"required_acr": PHR, "required_amr": MFA}, {"acr": "phr", "amr": ["mfa"]}),
    ({"admin_required_acr": PHR, "admin_required_amr": MFA}, {}),
]
NOT_ENOUGH = [
    ({"required_acr": PHR}, {}, "no acr"),
    ({"required_acr": PHR}, {"acr": "0"}, "acr 0"),
    ({"required_acr": PHR}, {"acr": "PHR"}, "acr PHR"),
    ({"required_acr": PHR}, {"acr": "phr phrh"}, "acr phr phrh"),
    ({"required_acr": PHR}, {"acr": ""}, "no acr"),
    ({"required_acr": PHR}, {"acr": None}, "no acr"),
    ({"required_acr": ["2"]}, {"acr": 1}, "acr 1"),
    ({"required_acr": PHR}, {"acrs": ["phr"]}, "no acr"),
    ({"required_acr": PHR}, {"amr": ["phr"]}, "no acr"),
    ({"required_amr": MFA}, {}, "no amr"),
    ({"required_amr": MFA}, {"amr": []}, "no amr"),
    ({"required_amr": MFA}, {"amr": None}, "no amr"),
    ({"required_amr": MFA}, {"amr": '["pwd", "mfa"]'}, 'amr ["pwd", "mfa"]'),
    ({"required_amr": MFA}, {"amr": [{"method": "mfa"}]}, "no amr"),
    ({"required_amr": MFA}, {"amr": ["MFA"]}, "amr MFA"),
    ({"required_amr": MFA}, {"amr": [["mfa"]]}, "no amr"),
    ({"required_amr": MFA}, {"amr": {"mfa": True}}, "no amr"),
    ({"required_amr": MFA}, {"amr": "pwd mfa"}, "amr pwd mfa"),
    ({"required_amr": ["pwd", "mfa"]}, {"amr": ["mfa"]}, "amr mfa"),
    ({"required_amr": MFA}, {"acr": "mfa"}, "no amr"),
    ({"required_acr": PHR, "required_amr": MFA}, {"acr": "phr"}, "no amr"),
    ({"required_acr": PHR, "required_amr": MFA}, {"amr": ["mfa"]}, "no acr"),
]


class EnteringTests:
    @pytest.mark.parametrize(("fields", "claims"), GOOD_ENOUGH)
    def test_who_has_authenticated_as_demanded_comes_in(self, op, visitor, fields, claims):
        register_read(op, **fields)
        op.id_token.claims |= claims
        assert visitor.sign_in(op).status_code == 302
        assert visitor.is_signed_in()

    @pytest.mark.parametrize(("fields", "claims", "received"), NOT_ENOUGH)
    def test_nobody_else_does_and_the_trace_says_what_came(self, op, visitor, fields, claims, received):
        register_read(op, **fields)
        op.id_token.claims |= claims
        assert_refused(visitor.sign_in(op), CODE, 403)
        assert SignInAttempt.objects.get().received == received

    @pytest.mark.parametrize(
        ("amr", "kept"),
        [
            (["mfa", "a\0b"], ["mfa"]),
            (["mfa", "x" * 256], ["mfa"]),
            (["mfa", "", 7, None, {}], ["mfa"]),
            (["mfa"] * 500, ["mfa"] * 50),
        ],
    )
    def test_what_no_database_keeps_is_no_method(self, op, visitor, amr, kept):
        register_read(op, required_amr=MFA)
        op.id_token.claims["amr"] = amr
        assert visitor.sign_in(op).status_code == 302
        assert ConsoleSession.objects.get().amr == kept

    @pytest.mark.parametrize(
        ("acr", "kept"), [("a" * 255, "a" * 255), ("a" * 256, ""), ("a\nb", ""), ("", "")]
    )
    def test_what_nobody_could_ask_for_is_no_context(self, op, visitor, acr, kept):
        register_read(op)
        op.id_token.claims["acr"] = acr
        visitor.sign_in(op)
        assert ConsoleSession.objects.get().acr == kept

    @pytest.mark.parametrize("fields", [{"required_acr": PHR}, {"required_amr": MFA}])
    def test_userinfo_has_no_say_in_it(self, op, visitor, fields):
        register_read(op, **fields)
        op.userinfo.claims |= {"acr": "phr", "amr": ["mfa"]}
        assert_refused(visitor.sign_in(op), CODE, 403)

    def test_the_page_says_what_the_person_can_do(self, op, visitor):
        register_read(op, required_amr=MFA)
        assert "second factor" in visitor.sign_in(op).content.decode()


class CheckingAgainTests:
    @pytest.mark.parametrize("amr", [["pwd"], [], None])
    def test_a_session_ends_when_its_provider_says_less_by_refresh_token(self, op, visitor, amr):
        by_token(op, required_amr=MFA)
        op.id_token.claims["amr"] = ["pwd", "mfa"]
        visitor.sign_in(op)
        op.refreshed_id_token.claims |= {} if amr is None else {"amr": amr}
        with later(DUE):
            visitor.client.get("/", headers=WINDOW)
        if amr is None:
            assert is_live()  # nobody was asked anew, and the provider says nothing of it
        else:
            assert_ended(op, visitor, CODE)

    def test_a_demand_that_was_made_since_ends_it_too(self, op, visitor):
        by_token(op)
        visitor.sign_in(op)
        Provider.objects.update(required_acr=PHR)
        with later(DUE):
            visitor.client.get("/", headers=WINDOW)
        assert_ended(op, visitor, CODE)

    @pytest.mark.parametrize(("acr", "stays"), [("phr", True), ("0", False), (None, False)])
    def test_by_the_browser_the_whole_demand_is_met_again(self, op, visitor, acr, stays):
        by_browser(op, required_acr=PHR)
        op.id_token.claims["acr"] = "phr"
        visitor.sign_in(op)
        op.id_token.claims.pop("acr")
        op.id_token.claims |= {"acr": acr} if acr else {}
        with later(DUE):
            response = visitor.client.get("/", headers=WINDOW)
            assert query_of(response["Location"])["acr_values"] == "phr"
            visitor.arrive(op.visit(response["Location"]))
        assert is_live() is stays

    def test_what_a_check_by_the_browser_says_of_it_is_kept(self, op, visitor):
        by_browser(op)
        op.id_token.claims |= {"acr": "phr", "amr": ["mfa"]}
        visitor.sign_in(op)
        op.id_token.claims |= {"acr": "0", "amr": ["pwd"]}
        with later(DUE):
            response = visitor.client.get("/", headers=WINDOW)
            visitor.arrive(op.visit(response["Location"]))
        session = ConsoleSession.objects.get()
        assert (session.acr, session.amr) == ("0", ["pwd"])


@pytest.fixture
def admin(op, visitor):
    """Alice administers by a rule; the provider demands a second factor for that and she has none yet."""
    register_read(
        op,
        admin_required_amr=MFA,
        admin_required_acr=PHR,
        admin_principals=["alice@corp.example"],
        scopes=["openid", "email"],
    )
    assert visitor.sign_in(op).status_code == 302
    assert User.objects.get().is_superuser
    return visitor


DOORS = ["/admin/", "/admin/providers/provider/", "/admin/providers/provider/add/", "/admin/checklist"]


def is_led_to_the_provider(visitor):
    """Whether the admin leads there for more; it leads everybody else to the sign-in page."""
    response = visitor.client.get("/admin/", headers=WINDOW)
    return (response.status_code, query_of(response["Location"]).get("step_up")) == (302, "1")


class AdministeringTests:
    @pytest.mark.parametrize("path", DOORS)
    def test_a_window_is_led_to_the_provider_and_comes_back_to_the_page(self, op, admin, path):
        response = admin.client.get(path, headers=WINDOW)
        assert response.status_code == 302
        assert query_of(response["Location"]) == {"step_up": "1", "next": path}
        op.id_token.claims |= {"acr": "phr", "amr": ["pwd", "mfa"]}
        left = admin.client.get(response["Location"])
        assert admin.arrive(op.visit(left["Location"]))["Location"] == path
        assert admin.client.get(path, headers=WINDOW).status_code == 200

    @pytest.mark.parametrize(("method", "back"), [("get", DOORS[1]), ("head", DOORS[1]), ("post", "/admin/")])
    def test_what_is_no_window_says_where_to_begin_again_and_never_at_a_form(self, admin, method, back):
        headers = SCRIPT if method != "post" else WINDOW
        response = getattr(admin.client, method)(DOORS[1], headers=headers)
        assert response.status_code == 401
        assert query_of(response.context["again"]) == {"step_up": "1", "next": back}

    @pytest.mark.parametrize("claims", [{"acr": "phr", "amr": ["mfa"]}, {}])
    def test_the_trace_says_that_more_was_asked_for_whatever_came_of_it(self, op, admin, claims):
        op.id_token.claims |= claims
        admin.sign_in(op, step_up="1")
        before, asked = SignInAttempt.objects.order_by("started_at")
        assert "step_up" not in before.trace
        assert asked.trace["step_up"] is True

    @pytest.mark.parametrize(
        "claims",
        [{}, {"acr": "phr"}, {"amr": ["mfa"]}, {"acr": "0", "amr": ["mfa"]}, {"acr": "phr", "amr": ["pwd"]}],
    )
    def test_who_comes_back_with_less_is_told_and_stays_who_he_was(self, op, admin, claims):
        op.id_token.claims |= claims
        response = admin.sign_in(op, step_up="1")
        assert (outcome_of(response), response.status_code) == (CODE, 403)
        assert "to administer" in trace_of(response).expected
        assert admin.is_signed_in()
        assert admin.client.get("/admin/", headers=WINDOW).status_code == 302

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("post", "/admin/providers/provider/add/"),
            ("post", "/admin/tokens/bot/add/"),
            ("get", "/api/v1/bots"),
            ("post", "/api/v1/bots"),
            ("get", "/api/v1/providers"),
        ],
    )
    def test_what_is_no_window_is_refused_in_the_words_of_rfc_9470(self, admin, method, path):
        response = getattr(admin.client, method)(path, headers={"Accept": "application/json"})
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == f'Bearer error="{CODE}", acr_values="phr"'
        assert response["Cache-Control"] == "no-store"

    def test_no_other_door_knows_an_administrator(self, op, admin):
        reference = SignInAttempt.objects.get().reference
        for path in ("/token-doctor", f"/refusals/{reference}"):
            assert admin.client.get(path).status_code in (302, 403, 404), path
        assert b"/admin/" in admin.client.get("/").content  # the way to step up
        user = User.objects.get()
        assert (user.is_staff, user.is_superuser) == (True, True)

    def test_documents_for_everybody_are_for_her_too(self, admin):
        assert admin.client.get("/api/v1/system/config/jwks").status_code == 200

    def test_a_bot_s_token_is_judged_for_itself(self, admin):
        response = admin.client.get("/api/v1/bots", headers={"Authorization": "Bearer nonsense"})
        assert CODE not in response["WWW-Authenticate"]

    def test_the_password_door_stays_open(self, admin):
        assert admin.client.get("/admin/login/", headers=WINDOW).status_code == 200

    def test_who_has_no_rights_is_asked_for_nothing(self, op, admin):
        User.objects.update(is_staff=False, is_superuser=False)
        assert admin.client.get("/", headers=WINDOW).status_code == 200

    def test_who_has_no_rights_pays_no_statement_for_it(self, admin, django_assert_num_queries):
        User.objects.update(is_staff=False, is_superuser=False)
        ask = partial(admin.client.get, "/account", headers=WINDOW)
        ask()
        with CaptureQueriesContext(connection) as demanding:
            ask()
        Provider.objects.update(admin_required_acr=[], admin_required_amr=[])
        with django_assert_num_queries(len(demanding)):
            ask()

    def test_who_has_rights_and_is_no_staff_is_asked_where_they_would_count(self, admin):
        User.objects.update(is_staff=False, is_superuser=False)
        User.objects.get().user_permissions.add(Permission.objects.get(codename="view_bot"))
        assert admin.client.get("/account", headers=WINDOW).status_code == 200
        assert is_led_to_the_provider(admin)
        assert admin.client.get("/api/v1/bots").status_code == 401

    def test_staff_with_few_rights_are_asked_too(self, op, admin):
        User.objects.update(is_superuser=False)
        assert is_led_to_the_provider(admin)

    def test_rights_that_a_person_has_by_hand_are_withheld_likewise(self, op, admin):
        op.person["email"], op.person["sub"] = "bob@corp.example", "subject-2"
        bob = Browser()
        bob.sign_in(op)
        User.objects.filter(username="bob@corp.example").update(is_staff=True, is_superuser=True)
        assert is_led_to_the_provider(bob)

    def test_an_administrator_by_password_is_no_provider_s(self, op, admin):
        root = User.objects.create(username="root", is_staff=True, is_superuser=True)
        client = Client()
        client.force_login(root, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert client.get("/admin/", headers=WINDOW).status_code == 200

    def test_a_check_that_says_less_withholds_them_again(self, op, visitor):
        by_token(op, admin_required_amr=MFA, admin_principals=["alice@corp.example"])
        op.id_token.claims["amr"] = ["mfa"]
        visitor.sign_in(op)
        assert visitor.client.get("/admin/", headers=WINDOW).status_code == 200
        op.refreshed_id_token.claims["amr"] = ["pwd"]
        with later(DUE):
            assert visitor.client.get("/admin/", headers=WINDOW).status_code == 302
        assert ConsoleSession.objects.get().amr == ["pwd"]


class LinkingTests:
    """An account at a provider that demands less must not lead around what the first one demands."""

    def connect(self, op, browser):
        left = browser.client.post("/account/connect/other")
        assert left.status_code in (200, 302), left.content
        url = left["Location"] if left.status_code == 302 else hop_of(left)
        return browser.arrive(op.visit(url))

    def test_an_administrator_without_it_connects_no_other_account(self, op, admin):
        register_read(op, slug="other", name="Other")
        op.person["sub"] = "subject-2"
        response = self.connect(op, admin)
        assert (outcome_of(response), response.status_code) == (CODE, 403)
        assert Identity.objects.count() == 1
        assert admin.is_signed_in()

    @pytest.mark.parametrize("met", ["admin_required_acr", "admin_required_amr"])
    @pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
    def test_one_right_and_one_demand_are_enough(self, op, admin, met, right):
        User.objects.update(**{"is_staff": False, "is_superuser": False, right: True})
        Provider.objects.update(**{met: []})
        register_read(op, slug="other", name="Other")
        op.person["sub"] = "subject-2"
        assert outcome_of(self.connect(op, admin)) == CODE
        assert Identity.objects.count() == 1

    def test_one_with_it_does(self, op, admin):
        register_read(op, slug="other", name="Other")
        op.id_token.claims |= {"acr": "phr", "amr": ["mfa"]}
        admin.sign_in(op, step_up="1")
        op.person["sub"] = "subject-2"
        assert self.connect(op, admin).status_code == 302
        assert Identity.objects.count() == 2

    def test_who_administers_nothing_may(self, op, admin):
        User.objects.update(is_staff=False, is_superuser=False)
        register_read(op, slug="other", name="Other")
        op.person["sub"] = "subject-2"
        assert self.connect(op, admin).status_code == 302
        assert Identity.objects.count() == 2
