"""The configuration file is applied: all of it, once, or nothing."""

import os
import sys
from datetime import timedelta
from io import BytesIO, StringIO
from types import SimpleNamespace

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import DataError, connection
from django.db.models.signals import pre_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Provider
from providers.registration.services import save_provider
from ssoconsole.console.configuration.sections.bots import locate
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens.credentials.services import find_client_secret
from tokens.errors import NetworkInvalid, RuleInvalid
from tokens.models import Audience, Bot

pytestmark = pytest.mark.django_db


def test_a_provider_that_stays_as_it_is_takes_one_read(apply):
    """Five hundred of them are applied in less than two seconds."""
    entry = "  - {slug: c-%d, name: C, issuer: 'https://%d.test', client_id: c, token_endpoint_auth_method: none}\n"
    texts = ["providers:\n" + "".join(entry % (n, n) for n in range(count)) for count in (10, 20)]
    assert apply(texts[1]).summary == "20 created, 0 changed, 0 unchanged, 0 disabled"
    counted = []
    for text in texts:
        with CaptureQueriesContext(connection) as queries:
            assert "0 changed" in apply(text).summary
        counted.append(sum("SELECT" in query["sql"] for query in queries))
    assert counted[1] - counted[0] == 10


class ContractTests:
    def test_the_contract_s_own_file_applies(self, apply, contract):
        answer = apply(contract)

        assert answer.code == 0, answer.err
        assert answer.summary == "3 created, 0 changed, 0 unchanged, 0 disabled"
        corp = Provider.objects.get()
        assert (corp.issuer, corp.prompt, corp.max_age) == ("https://idp.example/realms/corp", "", None)
        assert (corp.client_secret, corp.enabled) == ("corp-Yk3v9LqT0sPz7WmX2bNc5RdF8hJg4A1u", True)
        assert corp.group_rules == [{"claim_value": "data-admins", "group": "Data admins"}]
        assert (corp.session_lifetime, corp.session_refresh, corp.session_check_every) == (28800, "none", 900)

    def test_the_bot_can_do_what_the_file_says(self, apply, contract):
        apply(contract)

        bot = Bot.objects.get()
        grant = bot.grants.get()
        assert (bot.owner, bot.description) == ("alice@corp.example", "Nightly ingestion")
        assert grant.audience == Audience.objects.get(identifier="https://metadata.example")
        assert grant.scopes == ["metadata.read", "metadata.write"]
        assert find_client_secret(bot=bot, client_secret="bot-Qe7Zt1Vx9Kc3Mw5Lr8Ny2Pb6Hd4Jf0Gs")
        assert bot.credentials.get(kind="federation").trust == {
            "issuer": "https://kubernetes.default.svc",
            "audience": "https://console.example",
            "subject": "system:serviceaccount:data:ingestion",
            "claims": {},
        }

    def test_a_second_time_changes_nothing(self, apply, contract, everything):
        apply(contract)
        before = everything()

        answer = apply(contract)

        assert answer.out.splitlines() == [
            "Nothing to change.",
            "0 created, 0 changed, 3 unchanged, 0 disabled",
        ]
        assert answer.err == ""
        assert everything() == before

    def test_a_dry_run_tells_the_same_and_writes_nothing(self, apply, contract, everything):
        before = everything()

        rehearsed = apply(contract, "--dry-run")

        assert everything() == before
        assert rehearsed.out.splitlines()[0] == "Dry run: nothing is written."
        assert rehearsed.out.splitlines()[1:] == apply(contract).out.splitlines()

    @pytest.mark.usefixtures("no_network")
    def test_a_dry_run_asks_nobody(self, apply, contract, monkeypatch):
        asked = []
        monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: asked.append(args))

        assert apply(contract, "--dry-run").code == 0
        assert asked == []

    def test_the_events_name_the_command(self, apply, contract):
        apply(contract)

        actions = set(Event.objects.filter(actor="command:apply").values_list("action", flat=True))
        assert {"provider_created", "audience_created", "bot_created", "client_secret_added"} <= actions

    def test_standard_input_is_a_file_too(self, contract, monkeypatch):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(contract.encode())))

        call_command("apply", "-", stdout=StringIO(), stderr=StringIO())

        assert Provider.objects.filter(slug="corp").exists()

    def test_errors_on_standard_input_are_told_with_their_lines(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"bots:\n  - owner: a\n")))
        err = StringIO()

        with pytest.raises(CommandError):
            call_command("apply", "-", stderr=err)
        assert err.getvalue() == "(standard input):2: bots[0].name: is required\n"

    def test_a_file_that_is_not_there_is_an_error(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            call_command("apply", str(tmp_path / "missing.yaml"))


class AtomicTests:
    def test_an_error_in_the_last_bot_leaves_no_trace_of_the_first_provider(
        self, apply, contract, everything
    ):
        before = everything()
        last = len(contract.splitlines()) + 2

        answer = apply(contract + "  - name: worst-bot\n    allowed_networks: [10.0.0.0/8, everywhere]\n")

        assert answer.code == 1
        assert [line.partition(": An ")[0] for line in answer.problems] == [
            f"{last}: bots[1].allowed_networks[1]"
        ]
        assert "nothing was changed" in answer.err
        assert answer.out == ""
        assert everything() == before

    def test_a_bot_is_not_blamed_for_its_refused_audience(self, apply, contract, line_of):
        answer = apply(
            contract.replace("identifier: https://metadata.example", "identifier: metadata").replace(
                "audience: https://metadata.example", "audience: metadata"
            )
        )

        assert [line.split(": ")[:2] for line in answer.problems] == [
            [line_of("- identifier:"), "audiences[0].identifier"]
        ]

    def test_all_objects_are_tried_before_anything_is_reported(self, apply, contract):
        answer = apply(
            contract.replace("client_secret_basic", "tls_client_auth")
            .replace("ES256", "HS256", 1)
            .replace("metadata.write], roles", "metadata.delete], roles")
        )

        assert [line.split(": ")[1] for line in answer.problems] == [
            "providers[0].token_endpoint_auth_method",
            "audiences[0].signing_alg",
        ]

    def test_what_only_the_database_refuses_is_told_without_its_words(
        self, apply, contract, everything, line_of
    ):
        def refuse(**kwargs):
            raise DataError("value too long: hunter2")

        before = everything()
        pre_save.connect(refuse, sender=Bot)
        try:
            answer = apply(contract)
        finally:
            pre_save.disconnect(refuse, sender=Bot)

        assert answer.problems == [
            f"{line_of('- name: ingestion-bot')}: bots[0]: the database refuses a value"
        ]
        assert_without(answer.err, "hunter2")
        assert everything() == before


class ChangeTests:
    def test_the_difference_is_shown_by_key(self, apply, contract):
        apply(contract)

        answer = apply(
            contract.replace("groups: groups", "groups: realm.groups")
            .replace("lifetime: 28800", "lifetime: 3600")
            .replace("token_lifetime: 3600", "token_lifetime: 600")
            .replace("max_age: null", "max_age: 300")
            .replace("owner: alice@corp.example", "owner: null      ")
            .replace("enabled: true", "enabled: false")
        )

        assert answer.out.splitlines() == [
            "~ provider corp",
            "    + max_age           300",
            '    ~ mapping.groups    "groups" → "realm.groups"',
            "    ~ session.lifetime  28800 → 3600",
            "    ~ enabled           true → false",
            "~ audience https://metadata.example",
            "    ~ token_lifetime  3600 → 600",
            "~ bot ingestion-bot",
            '    - owner  "alice@corp.example"',
            "0 created, 3 changed, 0 unchanged, 0 disabled",
        ]

    def test_a_key_that_is_absent_is_left_alone(self, apply, contract, everything):
        apply(contract)
        before = everything()

        answer = apply(
            "providers: [{slug: corp}]\naudiences: [{identifier: https://metadata.example}]\n"
            "bots: [{name: ingestion-bot}]\n"
        )

        assert answer.summary == "0 created, 0 changed, 3 unchanged, 0 disabled"
        assert everything() == before

    def test_a_trial_that_is_over_is_rolled_back_before_anything_is_compared(self, apply, contract):
        apply(contract)
        by, hour = Actor.command("test"), timedelta(hours=1)
        corp = Provider.objects.get()
        corp.prompt = "login"
        save_provider(provider=corp, by=by, trial=hour, fetch_metadata=False)
        Provider.objects.update(trial_ends_at=timezone.now())
        assert "1 changed" in apply("providers: [{slug: corp, name: Renamed}]\n", "--dry-run").summary
        assert Provider.objects.filter(prompt="login", trial_ends_at__isnull=False).exists()
        assert apply("providers: [{slug: corp, name: Renamed}]\n").summary.startswith("0 created, 1 changed")
        corp = Provider.objects.get()
        assert (corp.name, corp.prompt, corp.trial_ends_at) == ("Renamed", "", None)

    def test_null_means_the_default(self, apply, contract):
        apply(contract)
        Provider.objects.update(session_lifetime=3600, session_refresh="prompt_none", session_check_every=60)

        apply(
            "providers: [{slug: corp, scopes: null, leeway: null, session: null, enabled: null}]\n"
            "audiences: [{identifier: https://metadata.example, max_token_lifetime: null}]\n"
            "bots: [{name: ingestion-bot, description: null, grants: null, federation: null,\n"
            "        enabled: null}]\n"
        )

        bot = Bot.objects.get()
        assert Audience.objects.get(identifier="https://metadata.example").max_token_lifetime is None
        assert (bot.grants.count(), bot.description) == (0, "")
        assert bot.credentials.get(kind="federation").retired_at
        corp = Provider.objects.get()
        assert corp.scopes == ["openid", "email", "profile"]
        assert (corp.session_lifetime, corp.session_refresh, corp.session_check_every) == (28800, "none", 900)

    def test_what_the_domain_spells_otherwise_is_no_change(self, apply, everything):
        text = "bots: [{name: b, allowed_networks: [10.1.2.3, 10.1.2.3]}]\n"
        apply(text)
        before = everything()

        assert apply(text).summary == "0 created, 0 changed, 1 unchanged, 0 disabled"
        assert Bot.objects.get().allowed_networks == ["10.1.2.3/32"]
        assert everything() == before

    def test_what_is_disabled_stays_so_until_the_file_says_otherwise(self, apply, contract):
        apply(contract.replace("enabled: true", "enabled: false"))

        answer = apply("providers: [{slug: corp}]\n")
        assert answer.problems == [
            "1: providers[0]: warning: is disabled and stays so; `enabled: true` enables it"
        ]
        assert not Provider.objects.get().enabled
        assert apply(contract).summary == "0 created, 1 changed, 2 unchanged, 0 disabled"
        assert Provider.objects.get().enabled

    def test_audiences_and_bots_can_be_switched_off_and_on(self, apply):
        text = "audiences: [{identifier: urn:a, name: A, enabled: %s}]\nbots: [{name: b, enabled: %s}]\n"
        apply(text % ("false", "false"))
        assert Audience.objects.get(identifier="urn:a").disabled_at
        assert Bot.objects.get().disabled_at

        apply(text % ("true", "true"))
        assert Audience.objects.get(identifier="urn:a").disabled_at is None
        assert Bot.objects.get().disabled_at is None

    def test_a_new_object_says_what_it_cannot_do_without(self, apply):
        answer = apply(
            "providers:\n  - slug: corp\n    issuer: https://idp.example\naudiences: [{identifier: urn:a}]\n"
        )

        assert answer.problems == [
            "2: providers[0].client_id: is required for a new provider",
            "2: providers[0].name: is required for a new provider",
            "4: audiences[0].name: is required for a new audience",
        ]

    def test_keys_and_their_address_replace_each_other_and_null_takes_them_away(self, apply):
        keys = (
            "{keys: [{kty: OKP, crv: Ed25519, use: sig, kid: k, alg: EdDSA, "
            "x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}]}"
        )

        def live():
            credentials = Bot.objects.get().credentials.filter(retired_at=None)
            return [(bool(each.public_keys), each.jwks_uri) for each in credentials]

        apply(f"bots: [{{name: b, jwks: {keys}}}]")
        assert live() == [(True, "")]
        apply("bots: [{name: b, jwks_uri: https://keys.example/jwks}]")
        assert live() == [(False, "https://keys.example/jwks")]
        apply("bots: [{name: b, jwks: null}]")
        assert live() == [(False, "https://keys.example/jwks")]
        apply("bots: [{name: b, jwks_uri: null}]")
        assert live() == []

    def test_a_onelogin_registration_needs_a_subdomain_and_takes_its_own_defaults(self, apply):
        answer = apply(
            "providers: [{slug: one, kind: onelogin, subdomain: acme, client_id: c, scopes: null}]\n"
        )

        one = Provider.objects.get()
        assert '    + issuer     "https://acme.onelogin.com/oidc/2"' in answer.out.splitlines()
        assert (one.name, one.token_endpoint_auth_method) == ("OneLogin", "none")
        assert one.scopes == ["openid", "email", "profile", "groups"]

    def test_a_terminal_is_not_steered_by_what_it_shows(self, apply):
        answer = apply('bots: [{name: b, description: "\\e[2J\\u202e"}]\n')

        assert "b" in answer.out
        assert "\x1b" not in answer.out + answer.err
        assert "\u202e" not in answer.out + answer.err


def test_an_error_of_no_known_key_is_about_the_whole_bot():
    assert locate(DomainError("Something else."), {"name": "b"}) == ()


def test_an_error_that_no_item_alone_explains_is_about_the_list():
    entry = {"allowed_networks": ["10.0.0.0/8"], "federation": []}
    assert locate(NetworkInvalid(), entry) == ("allowed_networks",)
    assert locate(RuleInvalid(), entry) == ("federation",)


class DryRunTests:
    """For pipelines: an exit status that tells differences from errors, and output that is only those."""

    @pytest.mark.parametrize("options", [(), ("--dry-run",), ("--dry-run", "--prune")])
    def test_without_exit_code_differences_are_no_error(self, apply, contract, options):
        assert apply(contract, *options).code == 0

    def test_the_exit_status_tells_a_difference_from_an_error(self, apply, contract):
        assert apply(contract, "--dry-run", "--exit-code").code == 2
        assert apply(contract.replace("slug:", "slog:"), "--dry-run", "--exit-code").code == 1
        assert apply(contract, "--exit-code").code == 2
        assert apply(contract, "--dry-run", "--exit-code").code == 0

    def test_a_mistyped_argument_is_an_error_and_no_difference(self, forge, migrated_database):
        env = os.environ | {
            "DATABASE_URL": migrated_database,
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
        }
        ran = forge.run(["manage.py", "apply", "x.yaml", "--exit-code", "--dry-rum"], env=env)
        assert ran.returncode == 1
        assert "unrecognized arguments: --dry-rum" in ran.stderr

    def test_a_diff_is_the_differences_and_nothing_else(self, apply, contract):
        said = apply(contract, "--dry-run", "--diff").out
        assert said.startswith("+ provider corp\n")
        assert "Dry run" not in said
        assert "created" not in said
        apply(contract)
        assert apply(contract, "--dry-run", "--diff").out == ""
        assert apply(contract, "--diff").out == ""

    @pytest.mark.parametrize(
        "entry",
        [
            "providers: [{slug: corp, enabled: false}]",
            'audiences: [{identifier: "https://api.example", enabled: false}]',
            "bots: [{name: ingestion-bot, enabled: false}]",
        ],
    )
    def test_to_disable_what_is_disabled_is_no_change(self, apply, contract, entry, everything):
        document = yaml.safe_load(contract)
        section, [item] = next(iter(yaml.safe_load(entry).items()))
        key = next(iter(item))
        entry = yaml.safe_dump({section: [{key: document[section][0][key], "enabled": False}]})
        apply(contract)
        assert apply(entry).summary == "0 created, 1 changed, 0 unchanged, 0 disabled"
        before = everything()
        again = apply(entry, "--exit-code")
        assert (again.code, again.summary) == (0, "0 created, 0 changed, 1 unchanged, 0 disabled")
        assert everything() == before
