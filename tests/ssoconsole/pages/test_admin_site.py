"""The admin site: the warning, the order, the way out."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import (
    administrator,
    come_in,
    come_in_by_password,
    person,
    provider,
    staff,
)

BANNER = "Break-glass access is open."


@pytest.fixture
def bob(client, db):
    user = administrator()
    come_in(client, user, provider())
    return user


@pytest.fixture
def break_glass(db):
    return bootstrap_admin(name="break-glass", by=Actor.command("test"))[0]


class BreakGlassBannerTests:
    def test_without_such_an_account_there_is_none(self, client, bob):
        assert BANNER not in client.get("/admin/").content.decode()

    @pytest.mark.parametrize("path", ["/admin/", "/admin/auth/group/", "/admin/auth/group/add/"])
    def test_it_names_the_account_and_its_end_on_every_page(self, client, bob, break_glass, path):
        page = client.get(path).content.decode()
        assert BANNER in page
        assert f"/admin/accounts/user/{break_glass.pk}/change/" in page
        assert f"{break_glass.expires_at:%H:%M} UTC" in page

    def test_it_goes_when_the_account_is_past_its_time(self, client, bob, break_glass):
        User.objects.filter(pk=break_glass.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert BANNER not in client.get("/admin/").content.decode()

    def test_it_goes_when_the_account_is_deactivated(self, client, bob, break_glass):
        User.objects.filter(pk=break_glass.pk).update(is_active=False)
        assert BANNER not in client.get("/admin/").content.decode()

    def test_a_stranger_at_the_password_door_learns_nothing_of_it(self, client, break_glass):
        page = client.get("/admin/login/").content.decode()
        assert BANNER not in page
        assert break_glass.username not in page

    def test_nor_does_somebody_who_does_not_administer(self, client, break_glass):
        come_in(client, person("mallory"), provider())
        assert BANNER not in client.get("/admin/login/").content.decode()

    def test_it_costs_one_query(self, client, bob, break_glass):
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        assert (
            len([query for query in queries if 'ORDER BY "accounts_user"."expires_at"' in query["sql"]]) == 1
        )


class AreaTests:
    def test_the_areas_come_in_the_order_of_first_use(self, client, bob):
        labels = [app["app_label"] for app in client.get("/admin/").context["app_list"]]
        assert labels == ["providers", "tokens", "accounts", "eventlog"]

    def test_groups_stand_among_the_people(self, client, bob):
        apps = {app["app_label"]: app for app in client.get("/admin/").context["app_list"]}
        assert [model["object_name"] for model in apps["accounts"]["models"]] == ["User", "Group"]

    def test_what_belongs_to_none_of_them_comes_last(self, client, bob):
        from ssoconsole.admin import _place_of

        assert sorted(["zebra", "eventlog", "providers"], key=_place_of)[-1] == "zebra"


class WayInTests:
    def test_a_stranger_is_sent_to_the_password_door_which_knows_the_other_one(self, client, db):
        response = client.get("/admin/auth/group/", follow=True)
        assert response.redirect_chain == [("/admin/login/?next=/admin/auth/group/", 302)]
        assert 'href="/signin?next=%2Fadmin%2Fauth%2Fgroup%2F"' in response.content.decode()

    def test_mallory_is_told_that_she_does_not_administer(self, client, db):
        come_in(client, person("mallory"), provider())
        page = client.get("/admin/", follow=True).content.decode()
        assert "does not administer this console" in page

    def test_a_wrong_password_says_so_without_saying_which_part(self, client, break_glass):
        pages = [
            client.post("/admin/login/", {"username": name, "password": "wrong"}).content.decode()
            for name in (break_glass.username, "nobody")
        ]
        assert all("Please enter the correct name and password" in page for page in pages)

    def test_an_empty_form_marks_what_is_missing(self, client, db):
        page = client.post("/admin/login/", {"username": "", "password": ""})
        assert "Please correct what is marked below." in page.content.decode()
        assert Page(page.content.decode()).text("title").startswith("Error:")


class WayOutTests:
    def test_the_button_goes_to_the_consoles_sign_out(self, client, bob):
        page = Page(client.get("/admin/").content.decode())
        assert [form["action"] for form in page.all("form") if form.get("id") == "logout-form"] == [
            "/signout"
        ]

    def test_djangos_own_address_ends_the_console_session_too(self, client, db):
        row = come_in(client, administrator(), provider())
        response = client.post("/admin/logout/")
        assert (response.status_code, response["Location"]) == (307, "/signout")
        client.post("/admin/logout/", follow=True)
        row.refresh_from_db()
        assert row.ended_at is not None
        assert client.get("/admin/").status_code == 302

    def test_a_password_session_ends_as_well(self, client, break_glass):
        come_in_by_password(client, break_glass)
        client.post("/signout")
        assert client.get("/admin/").status_code == 302

    def test_a_link_signs_nobody_out(self, client, bob):
        client.get("/admin/logout/", follow=True)
        assert client.get("/admin/").status_code == 200


def test_whoever_may_only_look_at_a_provider_reads_its_lists_in_words(client, db):
    corp = provider(
        scopes=["openid", "email"],
        mapping={"email": "mail"},
        group_rules=[{"claim_value": "a", "group": "A"}],
    )
    page = staff(client, "view_provider").get(f"/admin/providers/provider/{corp.pk}/change/").content.decode()
    for words in ("openid, email", "email: mail", "claim_value: a", "group: A"):
        assert words in page
    assert "[&quot;" not in page
    assert "{&quot;" not in page
