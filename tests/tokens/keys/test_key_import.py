"""A key that was used elsewhere goes on verifying here; what anybody could sign with does not get in."""

import io
from datetime import timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.jose.keys import public_jwk, thumbprint
from tests.ssoconsole.platform.jose.jose_forgery import roca_key
from tokens.errors import KeyTaken, SigningKeyRefused
from tokens.keys.importing import import_signing_key
from tokens.keys.services import PUBLISHED_AHEAD, compromise_signing_key, drop_gone_keys, rotate_signing_key
from tokens.models import Audience, SigningKey
from tokens.protocol import key_file

pytestmark = pytest.mark.django_db
BY = Actor("user", "bob")
KID = "8f0c2c62-0c35-4e3f-a25b-6ad2f9f1f0c4"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def private(key, *, encoding=Encoding.DER, form=PrivateFormat.PKCS8, encryption=None):
    return key.private_bytes(encoding, form, encryption or NoEncryption())


def public(key, *, encoding=Encoding.DER, form=PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(encoding, form)


OPENSSL = PrivateFormat.TraditionalOpenSSL
FORMS = {
    "PKCS#8 DER": private(RSA),
    "PKCS#8 PEM": private(RSA, encoding=Encoding.PEM),
    "PKCS#1 DER": private(RSA, form=OPENSSL),
    "PKCS#1 PEM": private(RSA, encoding=Encoding.PEM, form=OPENSSL),
    "SEC 1 PEM": private(EC, encoding=Encoding.PEM, form=OPENSSL),
    "SEC 1 DER": private(EC, form=OPENSSL),
    "Ed25519": private(ed25519.Ed25519PrivateKey.generate()),
    "public DER": public(RSA),
    "public PEM": public(EC, encoding=Encoding.PEM),
    "public PKCS#1": public(RSA, encoding=Encoding.PEM, form=PublicFormat.PKCS1),
}


def keys():
    return list(SigningKey.objects.order_by("pk").values())


def published():
    return {key["kid"]: key for key in Client().get("/.well-known/jwks.json").json()["keys"]}


@pytest.mark.parametrize("raw", FORMS.values(), ids=FORMS)
def test_every_form_that_servers_keep_keys_in_is_read(raw):
    key = import_signing_key(raw=raw, kid=KID, by=BY)
    assert key.state(at=timezone.now()) == "retired"
    assert published()[KID]["alg"] == key.alg
    assert not SigningKey.objects.get(pk=key.pk).private_key  # it only verifies


def test_tokens_in_circulation_verify_with_our_key_set():
    token = jwt.encode({"sub": "ingestion-bot"}, RSA, algorithm="RS256", headers={"kid": KID})
    import_signing_key(raw=private(RSA), kid=KID, by=BY)
    key = jwt.PyJWK(published()[jwt.get_unverified_header(token)["kid"]])
    assert jwt.decode(token, key, algorithms=["RS256"]) == {"sub": "ingestion-bot"}


def test_one_that_is_to_sign_goes_before_those_that_wait_and_leaves_other_algorithms_alone():
    def waiting(alg):
        return set(SigningKey.objects.waiting().filter(alg=alg).values_list("kid", flat=True))

    others = {alg: waiting(alg) for alg in ("RS256", "EdDSA")}
    import_signing_key(raw=private(EC), kid=KID, sign=True, by=BY)
    assert all(others.values())
    assert {alg: waiting(alg) for alg in others} == others
    assert KID in waiting("ES256") | {SigningKey.objects.signing().get(alg="ES256").kid}


def test_without_a_kid_it_is_the_thumbprint():
    key = import_signing_key(raw=public(EC), kid=None, by=BY)
    assert key.kid == key.public_jwk["kid"]
    assert len(key.kid) == 43


WEAK = {
    "1024 bits": private(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    "exponent 3": private(rsa.generate_private_key(public_exponent=3, key_size=2048)),
    "ROCA": private(roca_key()),
    "ROCA, public half": public(roca_key()),
    "P-384": private(ec.generate_private_key(ec.SECP384R1())),
    "Ed448": private(ed448.Ed448PrivateKey.generate()),
    "encrypted PEM": private(RSA, encoding=Encoding.PEM, encryption=BestAvailableEncryption(b"x")),
    "encrypted PKCS#1": private(
        RSA, encoding=Encoding.PEM, form=OPENSSL, encryption=BestAvailableEncryption(b"x")
    ),
    "encrypted DER": private(RSA, encryption=BestAvailableEncryption(b"x")),
    "certificate": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "too large": b"\x30" * 65_537,
    "nothing": b"",
    "text": b"-----BEGIN nonsense",
    "cut short": private(RSA)[:-7],
}


@pytest.mark.parametrize("raw", WEAK.values(), ids=WEAK)
def test_what_is_weak_foreign_or_locked_is_refused_with_a_sentence(raw):
    before = keys()
    with pytest.raises(SigningKeyRefused) as refused:
        import_signing_key(raw=raw, kid=KID, by=BY)
    assert refused.value.message.endswith(".")
    assert keys() == before
    assert not Event.objects.filter(action="signing_key_imported").exists()


WHAT_IT_IS = {
    "certificate": "certificate",
    "too large": "too large",
    "encrypted PEM": "passphrase",
    "encrypted DER": "passphrase",
    "P-384": "nothing of this kind",
    "1024 bits": "too weak",
    "nothing": "no key in this file",
}


@pytest.mark.parametrize("what", WHAT_IT_IS)
def test_it_is_said_what_a_file_is_and_never_what_is_in_it(what):
    with pytest.raises(SigningKeyRefused, match=WHAT_IT_IS[what]):
        import_signing_key(raw=WEAK[what], kid=KID, by=BY)


def test_a_key_in_a_file_that_is_too_large_is_not_looked_for():
    comment = b"# " + b"x" * 65_536 + b"\n"
    with pytest.raises(SigningKeyRefused, match="too large"):
        import_signing_key(raw=comment + private(EC, encoding=Encoding.PEM), kid=KID, by=BY)
    certificate = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    with pytest.raises(SigningKeyRefused, match="certificate"):
        import_signing_key(raw=certificate + private(EC, encoding=Encoding.PEM), kid=KID, by=BY)
    assert not SigningKey.objects.filter(kid=KID).exists()


@pytest.mark.parametrize("kid", ["a\nb", " a", "ä", "x" * 256])
def test_a_key_id_that_is_none_is_refused(kid):
    with pytest.raises(SigningKeyRefused, match="key id"):
        import_signing_key(raw=public(EC), kid=kid, by=BY)


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_the_key_id_that_openmetadata_ships_is_refused(change):
    before = keys()
    with pytest.raises(SigningKeyRefused, match="demonstration"):
        import_signing_key(raw=public(RSA), kid=change("Gb389a-9f76-gdjs-a92j-0242bk94356"), by=BY)
    assert keys() == before


def test_a_key_that_everybody_has_does_not_come_in_under_another_name(monkeypatch):
    """OpenMetadata's is known by its thumbprint; a key of ours stands for it here, whose halves we have."""
    assert {"Db0dhKG2UYMwVssQYb4_2XxUSyB2gmaXm-nOhX2Hvug"} == key_file.THUMBPRINTS
    ours = thumbprint(public_jwk(RSA, alg="RS256"))
    monkeypatch.setattr(key_file, "THUMBPRINTS", frozenset({ours}))
    before = keys()
    for raw in (private(RSA), public(RSA)):
        for kid in (KID, None):
            with pytest.raises(SigningKeyRefused, match="demonstration"):
                import_signing_key(raw=raw, kid=kid, by=BY)
    assert keys() == before


def test_a_key_comes_in_once_whatever_it_is_called():
    import_signing_key(raw=private(RSA), kid=KID, by=BY)
    before = keys()
    for raw, kid in [(private(RSA), KID), (public(EC), KID), (public(RSA), "another")]:
        with pytest.raises(KeyTaken):
            import_signing_key(raw=raw, kid=kid, by=BY)
    assert keys() == before


@pytest.mark.parametrize("sign", [False, True])
@pytest.mark.parametrize("kid", [None, KID])
@pytest.mark.parametrize("before", ["at once", "retired", "never signed", "imported"])
def test_a_compromised_key_never_comes_in_again_whatever_the_cleanup_drops(by, before, kid, sign):
    if before == "imported":
        raw, bad = private(EC), import_signing_key(raw=private(EC), kid=None, by=by)
    else:
        states = {"at once": SigningKey.objects.signing(), "never signed": SigningKey.objects.waiting()}
        bad = states.get(before, SigningKey.objects.signing()).filter(alg="ES256")[0]
        raw = bad.private_key.encode()
    if before == "retired":
        rotate_signing_key(alg="ES256", by=by)
    compromise_signing_key(kid=bad.kid, by=by)
    for days in (1, 400, 4_000):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            call_command("cleanup", stdout=io.StringIO())
    kept = keys()
    with pytest.raises(KeyTaken):
        import_signing_key(raw=raw, kid=kid, sign=sign, by=by)
    assert keys() == kept
    assert bad.kid not in published()


def test_a_compromised_key_does_not_come_back_under_another_name():
    import_signing_key(raw=private(RSA), kid=KID, by=BY)
    compromise_signing_key(kid=KID, by=BY)
    assert KID not in published()
    drop_gone_keys(at=timezone.now() + timedelta(days=9999), by=BY)
    for kid in (KID, "another"):
        with pytest.raises(KeyTaken):
            import_signing_key(raw=private(RSA), kid=kid, by=BY)


def test_a_key_that_is_to_sign_waits_for_its_turn(oauth, me, token):
    old = SigningKey.objects.signing().get(alg="ES256")
    key = import_signing_key(raw=private(EC), kid=KID, sign=True, by=BY)
    assert key.state(at=timezone.now()) == "published"
    assert SigningKey.objects.waiting().filter(alg="ES256")[0] == key
    with time_machine.travel(timezone.now() + PUBLISHED_AHEAD):
        assert rotate_signing_key(alg="ES256", by=BY) == key
        fresh = oauth.token(me).json()["access_token"]
        assert jwt.get_unverified_header(fresh)["kid"] == KID
        assert oauth.introspect(fresh, me).json()["active"] is True
        assert oauth.introspect(token, me).json()["active"] is True
    assert old.kid in published()


def rotate():
    with time_machine.travel(timezone.now() + PUBLISHED_AHEAD):
        rotate_signing_key(alg="ES256", by=BY)


NO_MORE = {
    "rotated": rotate,
    "compromised": lambda: compromise_signing_key(kid=SigningKey.objects.signing().get().kid, by=BY),
    "compromised while it waits": lambda: compromise_signing_key(
        kid=SigningKey.objects.waiting().filter(alg="ES256")[0].kid, by=BY
    ),
    "one is put before those that wait": lambda: import_signing_key(
        raw=private(EC), kid=KID, sign=True, by=BY
    ),
    "brought in to verify": lambda: import_signing_key(raw=private(RSA), kid=KID, by=BY),
}


@pytest.mark.parametrize("how", NO_MORE)
def test_of_a_key_that_will_not_sign_no_private_half_is_kept(token, how):
    NO_MORE[how]()
    gone = SigningKey.objects.exclude(retired_at=None, compromised_at=None)
    assert {key.private_key for key in gone} == {""}


def test_where_nothing_signs_yet_it_signs_the_first_token_once_everybody_has_it(oauth, me, audience):
    kid = "theirs-2"  # a process keeps a private key that it has parsed under its key id
    key = import_signing_key(raw=private(RSA), kid=kid, sign=True, by=BY)
    assert key.state(at=timezone.now()) == "published"
    assert kid in published()
    Audience.objects.filter(pk=audience.pk).update(signing_alg="RS256")
    assert oauth.token(me).status_code == 503
    with time_machine.travel(timezone.now() + PUBLISHED_AHEAD):
        assert jwt.get_unverified_header(oauth.token(me).json()["access_token"])["kid"] == kid
    assert SigningKey.objects.waiting().filter(alg="RS256").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        {"raw": public(RSA), "sign": True},
        {"raw": private(RSA), "sign": True, "verify_until": timezone.now() + timedelta(days=1)},
        {"raw": private(RSA), "verify_until": timezone.now() - timedelta(days=1)},
    ],
    ids=["public half only", "an end and signing", "an end that is past"],
)
def test_what_contradicts_itself_is_refused(arguments):
    before = keys()
    with pytest.raises(SigningKeyRefused):
        import_signing_key(kid=KID, by=BY, **arguments)
    assert keys() == before


def test_an_imported_key_may_have_an_end():
    end = timezone.now() + timedelta(days=30)
    import_signing_key(raw=public(RSA), kid=KID, verify_until=end, by=BY)
    assert KID in published()
    with time_machine.travel(end, tick=False):
        assert KID not in published()
        drop_gone_keys(at=end, by=BY)
    assert SigningKey.objects.filter(kid=KID).exists()  # another key must not come under its name


class CommandTests:
    def run(self, capsys, *arguments):
        call_command("import_signing_key", *map(str, arguments))
        return capsys.readouterr().out

    def test_it_reads_a_file_and_says_what_the_key_does(self, tmp_path, capsys):
        path = tmp_path / "private_key.der"
        path.write_bytes(private(RSA))
        assert self.run(capsys, path, "--kid", KID) == f"kid: {KID}\nverifies only\n"

    def test_it_reads_standard_input(self, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(public(EC, encoding=Encoding.PEM))))
        assert "verifies only" in self.run(capsys, "-", "--verify-days", "30")
        assert SigningKey.objects.get(signing_from=None, retired_at__isnull=False).verify_until

    def test_it_says_from_when_on_the_key_may_sign(self, tmp_path, capsys):
        ours, theirs = tmp_path / "ec.pem", tmp_path / "rsa.pem"
        ours.write_bytes(private(EC, encoding=Encoding.PEM))
        theirs.write_bytes(private(RSA, encoding=Encoding.PEM))
        assert "rotate_signing_key --alg ES256, from" in self.run(capsys, ours, "--sign")
        assert "signs the first token of RS256, from" in self.run(capsys, theirs, "--sign")

    def test_a_refusal_is_a_sentence(self, tmp_path, capsys):
        path = tmp_path / "locked.pem"
        path.write_bytes(WEAK["encrypted PEM"])
        for arguments, told in [
            ([path], "passphrase.*openssl pkey"),
            ([tmp_path / "nowhere"], "cannot be read"),
            ([path, "--verify-days", "0"], "1 to 36525"),
        ]:
            with pytest.raises(CommandError, match=told):
                self.run(capsys, *arguments)


class PageTests:
    URL = "admin:tokens_signingkey_import"

    @pytest.fixture
    def admin(self, people):
        browser = Client()
        browser.force_login(people["bob"], PASSWORD_BACKEND)
        return browser

    def upload(self, browser, raw, **more):
        return browser.post(reverse(self.URL), {"file": SimpleUploadedFile("key", raw), **more})

    def test_bob_uploads_a_key(self, admin):
        assert reverse(self.URL) in admin.get(reverse("admin:tokens_signingkey_changelist")).content.decode()
        assert admin.get(reverse(self.URL)).status_code == 200
        answer = self.upload(admin, private(RSA), kid=KID)
        key = SigningKey.objects.get(kid=KID)
        assert answer["Location"] == reverse("admin:tokens_signingkey_change", args=[key.pk])
        assert Event.objects.get(action="signing_key_imported").actor == "user:bob"

    def test_a_refusal_is_told_on_the_page(self, admin):
        before = keys()
        page = self.upload(admin, WEAK["encrypted DER"])
        assert "passphrase" in page.content.decode()
        assert self.upload(admin, b"").status_code == 200
        assert keys() == before

    def test_nobody_else_gets_there(self, people, db):
        mallory = Client()
        mallory.force_login(people["mallory"], PASSWORD_BACKEND)
        before = keys()
        assert self.upload(mallory, private(RSA)).status_code == 302
        people["mallory"].is_staff = True
        people["mallory"].save()
        assert self.upload(mallory, private(RSA)).status_code == 403
        assert keys() == before
