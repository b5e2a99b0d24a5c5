"""What ends soon is found, and what nobody has to see to is not."""

import re
import secrets
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.client_keys import ensure_client_key
from providers.models import Provider
from ssoconsole.console.expiry import endings
from ssoconsole.console.expiry.endings import KINDS, ending_soon, endings_for
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.reencrypt import reencrypt_all
from tests.ssoconsole.console.expiry import things_that_end as things
from tokens.bots.services import disable_bot
from tokens.credentials.services import retire_credential
from tokens.models import Credential, SigningKey, TokenRecord
from tokens.records.revocation import revoke_token

pytestmark = pytest.mark.django_db
NOW = timezone.now


def kinds(**options):
    return [each.kind for each in ending_soon(NOW(), **options)]


def test_one_of_each_kind_in_the_order_of_their_ends():
    things.one_of_each()
    found = ending_soon(NOW())
    assert [each.kind for each in found] == [
        "signing_key",
        "break_glass",
        "client_secret",
        "token",
        "provider_certificate",
        "provider_secret",
    ]
    names = {each.kind: each.name for each in found}
    assert names["client_secret"] == "nightly, cluster"
    assert names["token"] == "nightly, laptop"
    assert (names["provider_certificate"], names["break_glass"]) == ("corp", "glass")
    assert all(each.url.startswith("http://localhost:8000/admin/") for each in found)


def test_nothing_that_ends_is_nothing_to_tell():
    things.provider()
    things.token(lifetime=None)
    things.bot_with_grant("quiet")
    assert kinds() == []


class CredentialTests:
    @pytest.mark.parametrize(
        ("time", "found"),
        [({"days": 29}, True), ({"hours": 1}, True), ({"days": 31}, False)],
    )
    def test_a_secret_within_the_time(self, time, found):
        things.client_secret(**time)
        assert (kinds() == ["client_secret"]) is found

    def test_one_that_is_over_is_nobodys_work_any_more(self):
        things.client_secret(days=1)
        Credential.objects.update(expires_at=things.ahead(minutes=-1))
        assert kinds() == []

    def test_nor_one_that_is_retired_or_its_bot_disabled(self):
        credential, _ = things.client_secret(days=3)
        retire_credential(credential=credential, by=things.BOB)
        bot = things.bot_with_grant("idle")
        things.client_secret(bot=bot, days=3)
        disable_bot(bot=bot, by=things.BOB)
        assert kinds() == []

    def test_its_name_has_nothing_of_the_secret(self):
        credential, secret = things.client_secret(label="", days=3)
        (found,) = ending_soon(NOW())
        assert found.name == f"nightly, {str(credential.pk)[:8]}"
        assert secret[:6] not in found.name

    def test_keys_with_an_end_are_another_kind(self):
        things.client_secret(days=3)
        Credential.objects.update(kind="public_keys")
        assert kinds() == ["bot_credential"]


class TokenTests:
    @pytest.mark.parametrize(
        ("lifetime", "found"),
        [
            (timedelta(hours=1), False),
            (timedelta(hours=24), False),
            (timedelta(hours=24, seconds=2), True),
            (timedelta(days=29), True),
            (timedelta(days=90), False),
            (None, False),
        ],
    )
    def test_only_those_that_were_made_to_last(self, lifetime, found):
        things.token(lifetime=lifetime)
        assert (kinds() == ["token"]) is found

    def test_a_lasting_one_is_found_up_to_its_end(self):
        things.token(lifetime=timedelta(days=90))
        assert [each.kind for each in ending_soon(NOW() + timedelta(days=89, hours=23))] == ["token"]
        assert ending_soon(NOW() + timedelta(days=90, minutes=1)) == []

    def test_one_that_is_revoked_is_over(self):
        record, _ = things.token()
        revoke_token(record=record, by=things.BOB)
        assert kinds() == []

    def test_those_that_live_an_hour_are_not_even_looked_at(self):
        things.token()
        columns = TokenRecord.objects.values().get()
        del columns["number"]
        TokenRecord.objects.bulk_create(
            TokenRecord(**columns | {"jti": f"{n}", "long_lived": False}) for n in range(2_000)
        )
        query = TokenRecord.objects.ending_between(NOW(), things.ahead(days=30))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        assert "long_tokens_by_end" in query.explain()


class SigningKeyTests:
    @pytest.mark.parametrize(("days", "found"), [(334, False), (336, True), (400, True)])
    def test_a_key_that_has_signed_for_a_year(self, days, found):
        things.old_signing_key(days)
        assert (kinds() == ["signing_key"]) is found

    def test_a_key_from_elsewhere_with_an_end(self):
        SigningKey.objects.create(
            kid="theirs", alg="RS256", public_jwk={}, verify_until=things.ahead(days=3), retired_at=NOW()
        )
        assert kinds() == ["imported_key"]

    def test_one_from_elsewhere_that_verifies_no_longer_is_nobodys_work(self):
        SigningKey.objects.create(
            kid="theirs", alg="RS256", public_jwk={}, verify_until=NOW(), retired_at=NOW()
        )
        assert kinds() == []

    @pytest.mark.parametrize("ended", ["compromised_at", "retired_at"])
    def test_one_that_signs_no_more_is_nobodys_work(self, ended):
        things.old_signing_key()
        SigningKey.objects.update(**{ended: NOW()})
        assert kinds() == []


class ProviderTests:
    @pytest.mark.parametrize(("days", "found"), [(-100, True), (0, True), (29, True), (31, False)])
    def test_its_certificate_and_its_secret(self, days, found):
        things.provider(tls_not_after=things.ahead(days=days))
        things.provider("other", client_secret_expires_at=things.ahead(days=days))
        assert (sorted(kinds()) == ["provider_certificate", "provider_secret"]) is found

    def test_a_disabled_one_has_nobody_who_signs_in(self):
        things.provider(enabled=False, tls_not_after=NOW(), client_secret_expires_at=NOW())
        assert kinds() == []

    def test_a_certificate_that_ends_brings_up_no_secret_that_is_not_there(self):
        things.provider(client_secret=None, client_secret_expires_at=NOW(), tls_not_after=NOW())
        assert kinds() == ["provider_certificate"]

    def test_without_a_secret_there_is_no_end_of_one(self):
        things.provider(client_secret=None, client_secret_expires_at=NOW())
        assert kinds() == []


class BreakGlassTests:
    def test_an_open_account(self):
        things.break_glass()
        assert kinds() == ["break_glass"]

    def test_one_that_is_over_lets_nobody_in_any_more(self):
        things.break_glass()
        User.objects.update(expires_at=NOW())
        assert kinds() == []

    def test_one_that_was_closed(self):
        things.break_glass()
        User.objects.update(is_active=False)
        assert kinds() == []


class EncryptionTests:
    @pytest.fixture
    def newer_key(self, settings):
        things.provider()
        settings.FIELD_ENCRYPTION_KEYS = [secrets.token_urlsafe(32), *settings.FIELD_ENCRYPTION_KEYS]

    def test_it_is_overdue_since_the_newest_of_them_was_made(self, newer_key):
        newest = things.ahead(days=-3)
        Provider.objects.update(created_at=things.ahead(days=-5))
        SigningKey.objects.update(created_at=things.ahead(days=-9))
        SigningKey.objects.filter(pk=SigningKey.objects.first().pk).update(created_at=newest)
        assert [each.ends_at for each in ending_soon(NOW())] == [newest]

    def test_with_one_key_nothing_is_asked(self):
        things.provider()
        with CaptureQueriesContext(connection) as queries:
            assert kinds() == []
        assert len(queries) == 5

    def test_what_is_under_an_older_one_is_overdue_until_it_is_moved(self, newer_key):
        (found,) = ending_soon(NOW())
        assert found.kind == "encryption_key"
        assert found.ends_at < NOW()
        assert ending_soon(things.ahead(days=1)) == [found]
        reencrypt_all()
        assert kinds() == []

    def test_a_client_key_alone_is_enough(self, newer_key, settings):
        newer, *older = settings.FIELD_ENCRYPTION_KEYS
        reencrypt_all()
        settings.FIELD_ENCRYPTION_KEYS = older
        Provider.objects.update(token_endpoint_auth_method="private_key_jwt")
        ensure_client_key(provider=Provider.objects.get(), by=things.BOB)
        settings.FIELD_ENCRYPTION_KEYS = [newer, *older]
        assert kinds() == ["encryption_key"]


class BoundTests:
    def test_a_name_is_told_by_its_first_200_characters(self):
        things.break_glass()
        User.objects.update(username="g" * 255)
        assert [each.name for each in ending_soon(NOW())] == ["g" * 200]

    def test_however_many_there_are_so_many_are_looked_at(self, monkeypatch):
        assert endings.MOST == 200
        monkeypatch.setattr(endings, "MOST", 3)
        bot = things.bot_with_grant()
        for number in range(5):
            things.client_secret(bot=bot, label=f"secret {number}", days=number + 1)
        assert [each.name for each in ending_soon(NOW())] == [f"nightly, secret {n}" for n in range(3)]

    def test_the_number_of_queries_does_not_grow(self):
        things.one_of_each()
        with CaptureQueriesContext(connection) as few:
            ending_soon(NOW())
        for number in range(5):
            things.provider(f"more-{number}", tls_not_after=NOW())
            things.client_secret(bot=things.bot_with_grant(f"bot-{number}"), days=2)
        with CaptureQueriesContext(connection) as many:
            assert len(ending_soon(NOW())) == 16
        assert len(many) == len(few) == 5


class WhoMaySeeTests:
    def person(self, *permissions, **fields):
        user = User.objects.create(username="victor", is_staff=True, **fields)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return user

    @pytest.mark.parametrize(
        ("permission", "seen"),
        [
            ("view_provider", ["provider_certificate", "provider_secret"]),
            ("view_credential", ["client_secret"]),
            ("view_tokenrecord", ["token"]),
            ("view_signingkey", ["signing_key"]),
            ("view_user", ["break_glass"]),
            ("view_event", []),
        ],
    )
    def test_what_he_may_look_at(self, permission, seen):
        things.one_of_each()
        victor = self.person(permission)
        assert [each.kind for each in endings_for(victor, at=NOW())] == seen

    def test_older_keys_are_for_superusers(self, settings):
        things.provider()
        settings.FIELD_ENCRYPTION_KEYS = [secrets.token_urlsafe(32), *settings.FIELD_ENCRYPTION_KEYS]
        assert endings_for(self.person("view_provider"), at=NOW()) == []
        bob = User(username="bob", is_superuser=True)
        assert [each.kind for each in endings_for(bob, at=NOW())] == ["encryption_key"]

    def test_every_kind_has_words_and_a_permission_that_exists(self):
        known = {
            f"{label}.{codename}"
            for label, codename in Permission.objects.values_list("content_type__app_label", "codename")
        }
        assert all(kind.title and kind.remedy for kind in KINDS.values())
        assert {kind.permission for kind in KINDS.values()} - {""} <= known


def test_a_name_is_one_line():
    things.client_secret(label="one\nX-Injected: two\x1b[2J\u2028three", days=3)
    (found,) = ending_soon(NOW())
    assert found.name == "nightly, one X-Injected: two [2J three"


def test_gauges_tell_kinds_and_no_names(client):
    things.one_of_each()
    text = client.get("/metrics", headers={"Host": "localhost"}).content.decode()
    assert 'sso_console_ending_soon{kind="token"} 1.0' in text
    assert 'sso_console_ending_soon{kind="encryption_key"} 0.0' in text
    [left] = re.findall(r'sso_console_first_ending_seconds\{kind="token"\} (\S+)', text)
    [soon] = [each for each in ending_soon(NOW()) if each.kind == "token"]
    assert abs(float(left) - (soon.ends_at - NOW()).total_seconds()) < 60
    assert "nightly" not in text
    assert "glass" not in text.replace("break_glass", "")
