"""People and groups in the admin: what may be changed, by whom, and that it is on record."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction

from providers.models import Identity
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider


@pytest.fixture
def corp(db):
    return provider()


@pytest.fixture
def bob(client, corp):
    user = administrator()
    come_in(client, user, corp)
    return user


@pytest.fixture
def alice(db):
    return person("alice@corp.example", name="Alice", email="alice@corp.example")


@pytest.fixture
def clerk(client, corp):
    """Staff who may look after people and groups, and is no superuser."""
    user = person("clerk", is_staff=True)
    words = ("view_user", "change_user", "delete_user", "change_group")
    user.user_permissions.set(Permission.objects.filter(codename__in=words))
    come_in(client, user, corp)
    return user


def change(client, user, **fields):
    shown = {"name": user.name, "email": user.email, "is_active": "on"} | fields
    data = {name: value for name, value in shown.items() if value != ""}
    return client.post(f"/admin/accounts/user/{user.pk}/change/", data)


class PersonTests:
    def test_the_list_and_the_search_work(self, client, bob, alice):
        assert "alice@corp.example" in client.get("/admin/accounts/user/?q=Alice").content.decode()

    def test_it_shows_who_vouches(self, client, bob, alice, corp):
        Identity.objects.create(provider=corp, sub="a3b1<i>", user=alice)
        page = client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
        assert "<code>a3b1&lt;i&gt;</code>" in page
        assert f"/admin/providers/consolesession/?user__id__exact={alice.pk}" in page
        assert "Through an identity provider; there is no password." in page

    def test_there_is_no_password_to_set(self, client, bob, alice):
        assert (
            "password"
            not in client.get(f"/admin/accounts/user/{alice.pk}/change/").context["adminform"].form.fields
        )
        assert client.post(f"/admin/accounts/user/{alice.pk}/password/", {"password1": "x"}).status_code in (
            302,
            404,
        )
        alice.refresh_from_db()
        assert not alice.has_usable_password()

    def test_a_change_is_on_record_with_both_sides(self, client, bob, alice):
        admins = Group.objects.create(name="Data admins")
        assert change(client, alice, name="Alice A.", groups=[admins.pk]).status_code == 302
        event = Event.objects.get(action="user_changed")
        assert (event.target, event.actor) == (alice.username, f"user:{bob.username}")
        assert event.before == {"name": "Alice", "groups": []}
        assert event.after == {"name": "Alice A.", "groups": ["Data admins"]}

    def test_saving_without_a_change_is_not(self, client, bob, alice):
        assert change(client, alice).status_code == 302
        assert not Event.objects.filter(action="user_changed").exists()

    def test_the_name_and_the_end_stay_as_they_are(self, client, bob, alice):
        change(client, alice, username="bob", expires_at="2040-01-01")
        alice.refresh_from_db()
        assert (alice.username, alice.expires_at) == ("alice@corp.example", None)

    def test_disabling_a_person_shuts_her_out_at_once(self, client, bob, alice, corp):
        hers = type(client)()
        come_in(hers, alice, corp)
        change(client, alice, is_active="")
        assert hers.get("/account").status_code == 302

    def test_nobody_is_added_here(self, client, bob):
        assert client.get("/admin/accounts/user/add/").status_code == 403
        assert client.post("/admin/accounts/user/add/", {"username": "x"}).status_code == 403
        assert User.objects.count() == 1

    def test_deleting_is_on_record(self, client, bob, alice):
        client.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
        assert not User.objects.filter(pk=alice.pk).exists()
        assert Event.objects.get(action="user_deleted").target == "alice@corp.example"

    def test_deleting_several_is_on_record_for_each(self, client, bob, alice):
        mallory = person("mallory")
        data = {"action": "delete_selected", "_selected_action": [alice.pk, mallory.pk], "post": "yes"}
        client.post("/admin/accounts/user/", data)
        assert Event.objects.filter(action="user_deleted").count() == 2

    @pytest.mark.parametrize(
        ("expired", "said"), [(False, "With a temporary password."), (True, "that no longer works")]
    )
    def test_a_break_glass_account_says_so(self, client, bob, expired, said):
        user, _ = bootstrap_admin(name="rescue", by=Actor.command("test"))
        if expired:
            User.objects.filter(pk=user.pk).update(expires_at=user.date_joined)
        assert said in client.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()

    def test_a_lasting_password_is_told_apart(self, client, bob, alice):
        alice.set_password("a long enough one")
        alice.save()
        assert "With a password." in client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()


class ClerkTests:
    def test_may_correct_a_name(self, client, clerk, alice):
        change(client, alice, name="Alice A.")
        alice.refresh_from_db()
        assert alice.name == "Alice A."

    @pytest.mark.parametrize("right", ["is_staff", "is_superuser", "is_active"])
    def test_hands_out_no_rights(self, client, clerk, alice, right):
        change(client, alice, **{right: "" if right == "is_active" else "on"})
        change(client, clerk, **{right: "on"})
        alice.refresh_from_db()
        clerk.refresh_from_db()
        assert (alice.is_active, alice.is_staff, alice.is_superuser, clerk.is_superuser) == (
            True,
            False,
            False,
            False,
        )

    def test_calls_no_group_otherwise_and_gives_it_no_right(self, client, clerk):
        """Rules of providers put people into a group by its name."""
        group = Group.objects.create(name="Data admins")
        right = Permission.objects.get(codename="change_user")
        form = {"name": "Others", "permissions": [right.pk]}
        assert client.post(f"/admin/auth/group/{group.pk}/change/", form).status_code == 302
        assert list(Group.objects.values_list("name", "permissions")) == [("Data admins", None)]

    def test_puts_nobody_into_a_group_and_takes_nobody_out(self, client, clerk, alice):
        """A group may hold any right there is, those of providers' administrators among them."""
        held, wanted = (Group.objects.create(name=name) for name in ("held", "wanted"))
        for user in (alice, clerk):
            user.groups.add(held)
            change(client, user, groups=[wanted.pk])
            assert [group.name for group in user.groups.all()] == ["held"]

    @pytest.mark.parametrize(
        ("right", "may"),
        [("view_user", ()), ("change_user", ("change",)), ("delete_user", ("delete",)), ("add_user", ())],
    )
    def test_each_right_alone_is_no_other(self, client, corp, alice, right, may):
        """And with every right but this one, what it is for is closed."""
        for who, rights in (
            ("one", Permission.objects.filter(codename__in=[right, "view_user"])),
            ("all-but", Permission.objects.exclude(codename=right)),
        ):
            dave = person(f"dave-{who}", is_staff=True)
            dave.user_permissions.set(rights)
            come_in(client, dave, corp)
            victim = person(f"victim-{who}")
            change(client, victim, name="changed")
            changed = User.objects.get(pk=victim.pk).name == "changed"
            client.post(f"/admin/accounts/user/{victim.pk}/delete/", {"post": "yes"})
            deleted = not User.objects.filter(pk=victim.pk).exists()
            done = {name for name, did in (("change", changed), ("delete", deleted)) if did}
            assert done == (set(may) if who == "one" else {"change", "delete"} - set(may)), who

    def test_touches_no_superuser(self, client, clerk):
        bob = administrator()
        assert change(client, bob, name="Robert").status_code == 403
        assert client.post(f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 403
        data = {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes"}
        client.post("/admin/accounts/user/", data)
        bob.refresh_from_db()
        assert bob.name == ""


class MalloryTests:
    @pytest.mark.parametrize("path", ["", "{}/change/", "{}/delete/"])
    def test_she_gets_nowhere(self, client, corp, alice, path):
        come_in(client, person("mallory"), corp)
        assert (
            client.post(f"/admin/accounts/user/{path.format(alice.pk)}", {"post": "yes"}).status_code == 302
        )
        alice.refresh_from_db()
        assert alice.name == "Alice"


class GroupTests:
    def test_making_changing_and_deleting_one_is_on_record(self, client, bob):
        client.post("/admin/auth/group/add/", {"name": "Data"})
        group = Group.objects.get()
        permission = Permission.objects.get(codename="view_event")
        client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Data", "permissions": [permission.pk]})
        client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
        events = {event.action: event for event in Event.objects.filter(action__startswith="group_")}
        assert events.keys() == {"group_created", "group_changed", "group_deleted"}
        assert events["group_created"].after == {"name": "Data"}
        assert events["group_changed"].after == {"permissions": [str(permission)]}

    def test_deleting_several_is_on_record_for_each(self, client, bob):
        keys = [Group.objects.create(name=name).pk for name in "ab"]
        client.post(
            "/admin/auth/group/", {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
        )
        assert Event.objects.filter(action="group_deleted").count() == 2


class UserModelTests:
    def test_a_name_is_one_persons_in_any_case(self, alice):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(username="ALICE@corp.example")

    @pytest.mark.parametrize(("name", "shown"), [("Alice", "Alice"), ("", "mallory")])
    def test_a_person_is_called_by_name_or_else_by_user_name(self, name, shown):
        user = User(username="mallory", name=name)
        assert user.get_full_name() == user.get_short_name() == shown
