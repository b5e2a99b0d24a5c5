"""What a change of the mapping would mean for those who have signed in is told before it is saved."""

import pytest
from django.contrib.auth.models import Group, Permission

from providers import replay as module
from providers.models import Identity, Provider, SignInAttempt
from providers.replay import replay_sign_ins
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from tests.providers.rehearsal.conftest import browser_of
from tests.providers.rehearsal.stage import LIST, every_row, typed_form
from tests.providers.signin.journey import Browser, register, register_read
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
RULES = [{"claim_value": "staff", "group": "Staff"}]


@pytest.fixture
def bob(db):
    return browser_of("bob", is_staff=True, is_superuser=True)


@pytest.fixture
def corp(op):
    return register_read(op, scopes=["openid", "email", "profile", "groups"], group_rules=RULES)


@pytest.fixture
def people(op, corp):
    """Alice and Carol have signed in, Alice twice."""
    for who in ("alice", "carol", "alice"):
        come(op, who)


def come(op, who, **claims):
    person = {"sub": f"s-{who}", "email": f"{who}@corp.example", "preferred_username": who}
    op.person.update({"groups": ["staff"], **person, **claims})
    assert Browser().sign_in(op).status_code == 302


def replay(corp, most=200, **changes):
    """What is told, by the name of the person."""
    stored = Provider.objects.get(pk=corp.pk)
    changed = Provider.objects.get(pk=corp.pk)
    for name, value in changes.items():
        setattr(changed, name, value)
    told = replay_sign_ins(stored=stored, changed=changed, most=most)
    return told, {each.who.partition("@")[0]: each for each in told.differences}


@pytest.mark.usefixtures("people")
class DifferenceTests:
    def test_the_same_registration_changes_nothing(self, corp):
        told, by_name = replay(corp)
        assert (told.sign_ins, told.people, told.unreadable, by_name) == (3, 2, 0, {})

    def test_groups_are_gained_and_lost(self, corp):
        _, by_name = replay(corp, group_rules=[{"claim_value": "staff", "group": "Everybody"}])
        assert by_name.keys() == {"alice", "carol"}
        assert (by_name["alice"].gained, by_name["alice"].lost) == (["Everybody"], ["Staff"])
        _, by_name = replay(corp, mapping={"groups": "roles"})
        assert (by_name["alice"].gained, by_name["alice"].lost) == ([], ["Staff"])

    def test_without_rules_everybody_loses_what_they_gave(self, corp):
        _, by_name = replay(corp, group_rules=[])
        assert {name: each.lost for name, each in by_name.items()} == {"alice": ["Staff"], "carol": ["Staff"]}

    def test_a_first_rule_takes_what_was_given_by_hand(self, corp):
        Provider.objects.update(group_rules=[])
        carol = User.objects.get(username="carol@corp.example")
        carol.groups.add(Group.objects.create(name="Guests"))
        _, by_name = replay(corp, group_rules=[{"claim_value": "guest", "group": "Guests"}])
        assert {name: each.lost for name, each in by_name.items()} == {"carol": ["Guests"]}

    def test_administrators_come_and_go(self, op, corp):
        _, by_name = replay(corp, admin_principals=["carol@corp.example"])
        assert [name for name, each in by_name.items() if each.becomes_admin] == ["carol"]
        Provider.objects.update(admin_principals=["carol@corp.example"])
        come(op, "carol")
        _, by_name = replay(corp, admin_principals=[])
        assert by_name["carol"].ceases_admin
        assert by_name["carol"].lost == []

    def test_another_principal_is_told(self, corp):
        _, by_name = replay(corp, principal_claims=["preferred_username"])
        assert by_name["alice"].principal == ("alice@corp.example", "alice")

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"allowed_email_domains": ["other.example"]}, "allowed_email_domains"),
            ({"principal_claims": ["upn"]}, "principal_claims"),
        ],
    )
    def test_who_gets_in_no_more_is_told_with_the_rule(self, corp, changes, rule):
        _, by_name = replay(corp, **changes)
        assert [each.refused.rule for each in by_name.values()] == [rule, rule]

    def test_who_only_gets_in_by_the_change_is_told(self, corp):
        Provider.objects.update(allowed_email_domains=["other.example"])
        _, by_name = replay(corp, allowed_email_domains=["corp.example"])
        assert by_name["alice"].admitted

    def test_who_gets_in_neither_way_is_no_difference(self, corp):
        Provider.objects.update(allowed_email_domains=["other.example"])
        _, by_name = replay(corp, allowed_email_domains=["another.example"])
        assert by_name == {}

    def test_a_person_whose_identity_is_gone_would_be_new(self, corp):
        Identity.objects.all().delete()
        User.objects.all().delete()
        _, by_name = replay(corp, self_signup=False)
        assert [each.refused.rule for each in by_name.values()] == ["self_signup"] * 2

    def test_what_would_come_anyway_is_not_told(self, corp):
        alice = User.objects.get(username="alice@corp.example")
        alice.groups.remove(Group.objects.get(name="Staff"))
        _, by_name = replay(corp, admin_principals=["carol@corp.example"])
        assert by_name.keys() == {"carol"}

    def test_the_last_claims_of_a_person_count(self, op, corp):
        come(op, "alice", groups=[])
        _, by_name = replay(corp, group_rules=[{"claim_value": "staff", "group": "Everybody"}])
        assert by_name.keys() == {"carol"}

    def test_so_many_are_read_and_no_more(self, corp):
        told, _ = replay(corp, most=1)
        assert (told.sign_ins, told.people) == (1, 1)
        told, _ = replay(corp, most=0)
        assert told.sign_ins == 1


class ReadingTests:
    def test_refusals_other_providers_and_other_purposes_are_not_read(self, op, corp):
        come(op, "alice")
        SignInAttempt.objects.update(purpose="refresh")
        come(op, "carol")
        SignInAttempt.objects.filter(purpose="sign_in").update(outcome="expired")
        other = register(op, slug="other")
        assert replay(corp)[0].sign_ins == replay(other)[0].sign_ins == 0

    def test_claims_that_no_key_opens_are_counted(self, op, corp, monkeypatch):
        come(op, "alice")
        attempt = SignInAttempt.objects.get()

        def fails(self, *args, **kwargs):
            raise DecryptionFailed

        monkeypatch.setattr("ssoconsole.platform.encryption.keyring.KeyRing.decrypt", fails)
        assert attempt.claims_shown == {}
        assert replay(corp)[0].unreadable == 1

    def test_a_trace_without_claims_is_counted(self, op, corp):
        come(op, "alice")
        SignInAttempt.objects.update(claims=None)
        assert replay(corp)[0].unreadable == 1

    def test_a_claim_of_which_only_the_mask_was_kept_proves_nothing(self, op, corp):
        op.id_token.claims["upn_token"] = "alice"
        come(op, "alice")
        _, by_name = replay(corp, principal_claims=["upn_token", "email"])
        assert by_name["alice"].masked == ["upn_token"]
        assert by_name["alice"].principal is None

    def test_a_user_who_is_gone_is_named_by_his_subject(self, op, corp):
        come(op, "alice")
        SignInAttempt.objects.update(user=None)
        _, by_name = replay(corp, mapping={"groups": "roles"})
        assert by_name.keys() == {"s-alice"}


@pytest.mark.usefixtures("people")
class PageTests:
    def press(self, bob, op, corp, **changes):
        scopes = "openid\nemail\nprofile\ngroups"
        form = typed_form(op, scopes=scopes, client_secret="", group_rules="staff => Staff", **changes)
        return bob.post(f"{LIST}{corp.pk}/replay", form)

    def test_it_tells_and_writes_nothing(self, bob, op, corp):
        before = every_row()
        response = self.press(
            bob, op, corp, mapping="groups: roles", admin_principals="alice@corp.example", replay_count="25"
        )
        text = response.content.decode()
        for words in ("3 sign-ins of 2 people", "loses Staff", "becomes an administrator"):
            assert words in text
        assert every_row() == before

    def test_who_gets_in_no_more_is_told_in_words(self, bob, op, corp):
        text = self.press(bob, op, corp, allowed_email_domains="other.example").content.decode()
        assert "gets in no more (not_admitted)" in text
        assert "in none of the allowed domains" in text

    def test_nothing_to_tell_is_told(self, bob, op, corp):
        assert "Nothing changes for anybody" in self.press(bob, op, corp).content.decode()

    @pytest.mark.parametrize(("typed", "most"), [("200", 200), ("201", 50), ("x", 50), ("-1", 50)])
    def test_there_is_a_choice_of_how_many(self, bob, op, corp, monkeypatch, typed, most):
        asked = []
        honest = module.replay_sign_ins
        monkeypatch.setattr(
            "providers.admin.rehearsing.replay_sign_ins",
            lambda **kwargs: asked.append(kwargs["most"]) or honest(**kwargs),
        )
        self.press(bob, op, corp, replay_count=typed)
        assert asked == [most]

    def test_who_may_not_read_sign_ins_reads_no_claim_of_them_here(self, op, corp):
        op.id_token.claims["phone_number"] = "+49 30 901820"
        come(op, "alice")
        carol = browser_of("carol", is_staff=True)
        rights = Permission.objects.filter(codename__in=["view_provider", "change_provider"])
        User.objects.get(username="carol").user_permissions.set(rights)
        response = self.press(carol, op, corp, principal_claims="phone_number")
        assert response.status_code == 404
        assert_without(response.content.decode(), "901820")

    def test_a_form_with_mistakes_is_not_replayed(self, bob, op, corp):
        response = self.press(bob, op, corp, mapping="phone: phone")
        assert response.status_code == 400
        assert "phone is no field" in response.content.decode().replace("&#x27;", "").replace("&quot;", "")

    def test_the_button_is_on_the_page_of_a_stored_provider_only(self, bob, corp):
        assert f"{LIST}{corp.pk}/replay" in bob.get(f"{LIST}{corp.pk}/change/").content.decode()
        assert "Replay recent sign-ins" not in bob.get(f"{LIST}add/").content.decode()
