"""What is exported can be applied, and says nothing secret."""

from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from providers.models import Provider
from ssoconsole.platform.actors import Actor
from tokens.audiences import console_identifier, ensure_audience
from tokens.bots.services import GrantSpec, retire_bot, save_bot
from tokens.models import Audience, Bot, Credential, Grant

pytestmark = pytest.mark.django_db


UNUSUAL = """
providers:
  - slug: one
    kind: onelogin
    subdomain: acme
    client_id: "0123"
    icon: building
    order: 5
    max_age: 300
    prompt: login
    extra_params: {"acr_values": "x: y # z", "on": "no"}
    group_rules: [{claim_value: "1", group: "Ünïcode \\U0001F600"}]
    session: {lifetime: 600, refresh: prompt_none}
    enabled: false
audiences:
  - {identifier: "urn:off", name: "null", max_token_lifetime: null, enabled: false}
  - {identifier: "urn:meta", name: Meta, profile: openmetadata, scopes: [a, b], signing_alg: RS256}
bots:
  - name: 1.bot
    description: "two\\nlines: and a 'quote' \\u00a0 client_secret: {env: X}"
    allowed_networks: [10.0.0.0/8, "2001:db8::/32"]
    grants: [{audience: "urn:meta", scopes: [b], roles: [r]}, {audience: "OWN"}]
    jwks: KEYS
    federation:
      - {issuer: https://k8s.example, audience: x, subject: "sys:*:b", claims: {ref: main}}
      - {issuer: https://ci.example, audience: y, subject: z}
    enabled: false
  - {name: 1-bot, client_secret: "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5", jwks_uri: https://keys.example/jwks}
"""
PUBLIC_KEY = (
    "{keys: [{kty: OKP, crv: Ed25519, use: sig, kid: k, alg: EdDSA, "
    'x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
)


@pytest.fixture
def own_audience():
    identifier = f"{settings.BASE_URL}/api/v1"
    return ensure_audience(identifier=identifier, name="Console API", scopes=[], by=Actor.command("test"))


@pytest.fixture
def unusual(own_audience):
    return UNUSUAL.replace("OWN", own_audience.identifier).replace("KEYS", PUBLIC_KEY)


def export():
    out = StringIO()
    call_command("export", stdout=out)
    return out.getvalue()


def empty():
    """As a new database: rows that refer to others first."""
    for model in (Credential, Grant, Bot, Audience, Provider):
        model._base_manager.all().delete()


def test_the_contract_s_file_comes_back_in_its_order(apply, contract):
    apply(contract)

    document, original = yaml.safe_load(export()), yaml.safe_load(contract)

    assert list(document) == list(original)
    for section, items in original.items():
        keys = [key for key in document[section][0] if key in items[0]]
        assert keys == list(items[0])
    del document["providers"][0]["client_secret"], original["providers"][0]["client_secret"]
    assert document["providers"] == original["providers"]


def test_secrets_are_references_with_a_word_about_them(apply, contract):
    apply(contract)

    lines = export().splitlines()

    assert lines[:3] == [
        "# Secrets are never exported. Before this file is applied, set in the environment:",
        "#   CORP_CLIENT_SECRET: the client secret of corp",
        "#   INGESTION_BOT_CLIENT_SECRET: the client secret of ingestion-bot",
    ]
    assert "  client_secret: {env: CORP_CLIENT_SECRET}" in lines
    assert "corp-Yk3v9" not in "".join(lines)
    assert "bot-Qe7Zt" not in "".join(lines)


def test_to_apply_what_was_exported_changes_nothing(apply, contract, unusual, monkeypatch, everything):
    for text in (contract, unusual):
        assert apply(text).code == 0
    monkeypatch.setenv("INGESTION_BOT_CLIENT_SECRET", "bot-Qe7Zt1Vx9Kc3Mw5Lr8Ny2Pb6Hd4Jf0Gs")
    monkeypatch.setenv("_1_BOT_CLIENT_SECRET", "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5")
    before = everything()

    answer = apply(export(), "--prune")

    assert answer.out.splitlines() == [
        "Nothing to change.",
        "0 created, 0 changed, 9 unchanged, 0 disabled",
    ], answer.err
    assert everything() == before


def test_an_empty_database_becomes_the_same(apply, contract, unusual, monkeypatch):
    for text in (contract, unusual):
        assert apply(text).code == 0
    monkeypatch.setenv("INGESTION_BOT_CLIENT_SECRET", "bot-Qe7Zt1Vx9Kc3Mw5Lr8Ny2Pb6Hd4Jf0Gs")
    monkeypatch.setenv("_1_BOT_CLIENT_SECRET", "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5")
    exported = export()
    empty()

    answer = apply(exported)

    assert answer.summary == "9 created, 0 changed, 0 unchanged, 0 disabled", answer.err
    assert export() == exported


def test_names_that_look_like_numbers_make_the_same_database(apply):
    text = """
providers:
  - {slug: corp, kind: custom-oidc, name: "1e3", issuer: "https://idp.example", client_id: "4e10", enabled: false,
     token_endpoint_auth_method: none, group_rules: [{claim_value: "2e7", group: "1.e2"}], extra_params: {a: "1e3"}}
bots:
  - name: b
    description: "a\\Nb"
    federation: [{issuer: https://ci.example, audience: "1e3", subject: s, claims: {sha: "7e5"}}]
"""
    assert apply(text).code == 0
    exported = export()
    empty()
    assert apply(exported).code == 0
    assert export() == exported
    assert Provider.objects.get().group_rules == [{"claim_value": "2e7", "group": "1.e2"}]
    assert Bot.objects.get().description == "a\x85b"


def test_two_holders_of_one_name_have_variables_of_their_own(apply):
    secrets = ("Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5", "Ax8-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5")
    apply("bots: [{{name: a-b, client_secret: {}}}, {{name: a.b, client_secret: {}}}]".format(*secrets))

    names = [bot["client_secret"]["env"] for bot in yaml.safe_load(export())["bots"]]

    assert names == ["A_B_CLIENT_SECRET", "A_B_CLIENT_SECRET_2"]


def test_an_empty_database_is_a_file_too(apply, own_audience):
    text = export()

    assert yaml.safe_load(text) == {"providers": [], "audiences": [], "bots": []}
    assert text.startswith("# There are no secrets in what this file describes.")
    assert apply(text, "--prune").out.splitlines()[0] == "Nothing to change."


def test_a_bot_that_was_disabled_for_good_is_left_out(apply, contract, line_of):
    apply(contract)
    retire_bot(bot=Bot.objects.get(), by=Actor.command("test"))

    assert yaml.safe_load(export())["bots"] == []
    assert apply(contract).problems[0].startswith(f"{line_of('- name: ingestion-bot')}: bots[0]")


def test_the_consoles_own_audience_goes_with_the_last_bot_that_has_a_grant_there():
    by = Actor.command("test")
    own = Audience.objects.get(identifier=console_identifier(settings.BASE_URL))
    bot = save_bot(bot=Bot(name="reader"), grants=[GrantSpec(own, ["console.read"])], by=by)
    assert [entry["identifier"] for entry in yaml.safe_load(export())["audiences"]] == [own.identifier]
    retire_bot(bot=bot, by=by)
    assert yaml.safe_load(export())["audiences"] == []


def test_an_export_never_opens_a_secret(apply, contract, settings):
    apply(contract)
    settings.FIELD_ENCRYPTION_KEYS = ["bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE"]

    assert yaml.safe_load(export())["providers"][0]["client_secret"] == {"env": "CORP_CLIENT_SECRET"}


class PlaceholderTests:
    """`export --with-placeholders`: a file to look at what it would do elsewhere, before anybody has a secret there."""

    @pytest.fixture
    def exported(self, apply, contract, unusual, monkeypatch):
        for text in (contract, unusual):
            assert apply(text).code == 0
        out = StringIO()
        call_command("export", "--with-placeholders", stdout=out)
        empty()
        monkeypatch.delenv("CORP_CLIENT_SECRET")
        return out.getvalue()

    def test_a_dry_run_on_an_empty_database_accepts_it_and_names_each_variable(
        self, apply, exported, everything
    ):
        before = everything()
        answer = apply(exported, "--dry-run")
        assert answer.code == 0, answer.err
        warned = [line for line in answer.problems if "is not set; to apply this file, set it" in line]
        named = [line.split()[1].rstrip(":") for line in exported.splitlines() if line.startswith("#   ")]
        assert len(warned) == len(named) == 3
        for name in named:
            assert any(name in line for line in warned), name
        assert everything() == before

    def test_to_apply_it_all_the_same_is_refused(self, apply, exported):
        answer = apply(exported)
        assert answer.code == 1
        assert "CORP_CLIENT_SECRET is not set" in answer.err
        assert not Provider.objects.exists()

    def test_with_the_variables_set_it_applies(self, apply, exported, monkeypatch):
        for name in ("CORP_CLIENT_SECRET", "INGESTION_BOT_CLIENT_SECRET", "_1_BOT_CLIENT_SECRET"):
            monkeypatch.setenv(name, f"{name}-Qe7Zt1Vx9Kc3Mw5Lr8Ny2Pb6Hd4Jf0Gs")
        answer = apply(exported)
        assert answer.code == 0, answer.err
        assert "set it" not in answer.err

    @pytest.mark.parametrize(
        "reference",
        ["{env: X, placeholder: false}", "{file: /x, placeholder: true}", "{env: X, placeholder: hunter2}"],
    )
    def test_nothing_else_is_a_placeholder(self, apply, contract, reference):
        answer = apply(contract.replace("{env: CORP_CLIENT_SECRET}", reference), "--dry-run")
        assert answer.code == 1
        assert "expected {env: NAME}" in answer.err
        assert "hunter2" not in answer.err
