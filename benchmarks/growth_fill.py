"""
Fills a database for `benchmarks.growth` with what years of use leave behind, by a few statements:
`python -m benchmarks.growth_fill '{"tokens": 1000, …}'`. One that has been filled is migrated and left as it is.

What is past its retention is not among it: that is a console whose clean-up ran yesterday. Tables have no indexes while
they are filled.
"""

import json
import os
import sys
from contextlib import contextmanager
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
django.setup()

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import ensure_signing_key
from tokens.models import Audience, Bot, Credential, Revocation, TokenRecord, TokenRefusal
from tokens.status.services import SIZE, ensure_status_list

BY = Actor.command("benchmark")
ALG = "ES256"
CALLER = "bot-1"  # who asks in the measurement: the bot that holds most tokens
ADMINISTRATOR = "administrator"


PEOPLE = """
    INSERT INTO {accounts_user}
        (password, is_superuser, username, name, email, is_staff, is_active, date_joined, last_login)
    SELECT '!' || md5(n::text), false, 'person-' || n || '@corp.example', 'Person ' || n,
        'person-' || n || '@corp.example', false, n % 100 <> 0, now() - interval '100 days', now()
    FROM generate_series(1, {people}) n
"""
IDENTITIES = """
    INSERT INTO {providers_identity} (provider_id, sub, user_id, email, created_at, last_signed_in_at)
    SELECT ({some_provider}), md5(id::text), id, email, date_joined, last_login
    FROM accounts_user u WHERE username LIKE 'person-%%'
"""
BOTS = """
    INSERT INTO {tokens_bot}
        (name, description, owner, owner_named_at, allowed_networks, max_live_tokens, disabled_at, disabled_by,
         created_at, updated_at)
    SELECT 'bot-' || n, 'Fills tables', 'person-' || 1 + n % {people} || '@corp.example', now(), '[]', 10000,
        CASE WHEN n % 100 = 0 THEN now() END, CASE WHEN n % 100 = 0 THEN 'user:alice' ELSE '' END,
        now() - interval '100 days', now()
    FROM generate_series(2, {bots}) n
"""
CREDENTIALS = """
    INSERT INTO {tokens_credential}
        (id, bot_id, kind, label, secret_hash, hint, jwks_uri, created_at, created_by, expires_at, last_used_at,
         last_used_from, retired_at, retired_by)
    SELECT gen_random_uuid(), (SELECT min(id) FROM tokens_bot) + n % {bots}, 'client_secret', 'secret ' || n,
        'old.' || md5(n::text) || md5(n::text), 'ssoc_ab…yz', '', now() - n * interval '100 days' / {credentials},
        'user:alice',
        CASE WHEN n % 2 = 0 THEN now() + interval '40 days' + n * interval '200 days' / {credentials} END,
        now(), '192.0.2.1', CASE WHEN n % 10 = 0 THEN now() END, CASE WHEN n % 10 = 0 THEN 'user:alice' ELSE '' END
    FROM generate_series(1, {credentials}) n
"""
# A steady flow for 90 days, nine in ten of them live for an hour; of the bots the first holds a fifth or more, most
# hold a few, and those that do not count (a hundredth is disabled, another has a disabled owner) have fetched none for
# days. Hundreds of long-lived ones end within a month, more than a page shows, in either database.
TOKENS = """
    INSERT INTO {tokens_tokenrecord}
        (jti, bot_id, audience_id, credential_id, signing_key_id, scopes, roles, label, issued_at, issued_by,
         expires_at, long_lived)
    SELECT md5(n::text),
        bots.first + CASE WHEN n > 0.95 * {tokens} AND bot % 100 IN (98, 99) THEN bot - 50 ELSE bot END,
        audiences.first + n % 2,
        CASE WHEN n % 50 <> 0 THEN credentials.id END, keys.id, '["read", "write"]', '[]', '',
        issued, 'bot:someone',
        CASE WHEN n % {endless} = 0 THEN NULL
             WHEN n > 0.7 * {tokens} AND n % {long} = 0 THEN issued + interval '27 days'
             WHEN n % 10 = 0 THEN issued + interval '24 hours'
             ELSE issued + interval '1 hour' END,
        n > 0.7 * {tokens} AND n % {long} = 0 AND n % {endless} <> 0
    FROM generate_series(1, {tokens}) n
        CROSS JOIN LATERAL (
            SELECT date_trunc('second', now() - interval '88 days' * (1 - n::float / {tokens})) issued
        ) moments
        CROSS JOIN LATERAL (SELECT floor({bots} * power(random(), 6) + 0 * n)::int bot) drawn
        CROSS JOIN (SELECT min(id) "first" FROM tokens_bot) bots
        CROSS JOIN (SELECT min(id) "first" FROM tokens_audience) audiences
        CROSS JOIN (SELECT id FROM tokens_credential ORDER BY created_at DESC LIMIT 1) credentials
        CROSS JOIN (SELECT id FROM tokens_signingkey WHERE alg = 'ES256' AND signing_from IS NOT NULL) keys
"""
REVOCATIONS = """
    INSERT INTO {tokens_revocation} (record_id, bot_id, expires_at, at, by)
    SELECT number, bot_id, expires_at, issued_at + interval '10 minutes', 'bot:someone'
    FROM {tokens_tokenrecord} WHERE number % 100 = 7
"""
EVENTS = """
    INSERT INTO {eventlog_event} (at, action, actor, target, outcome, address, request_id)
    SELECT now() - interval '300 days' * (1 - n::float / {events}), 'action_' || n % 40, 'user:person-' || n % 1000,
        'bot-' || n % 1000, CASE WHEN n % 20 = 0 THEN 'refused' ELSE 'ok' END, '192.0.2.1', md5(n::text)
    FROM generate_series(1, {events}) n
"""
ATTEMPTS = """
    INSERT INTO {providers_signinattempt}
        (id, reference, provider_id, purpose, state_hash, binding_hash, issuer, redirect_uri, next_url, started_at,
         consumed_at, finished_at, stage, outcome, expected, received, trace, user_id, address, user_agent)
    SELECT gen_random_uuid(), 'w-' || n, ({some_provider}), 'sign_in', md5(n::text) || md5(n::text), md5(n::text), '',
        '', '', started, started, started, 'session',
        CASE WHEN n % 20 = 0 THEN 'issuer_mismatch' WHEN n % 20 = 1 THEN 'expired' ELSE 'ok' END, '', '',
        '{{"timings": {{"leaving": 3}}}}', people.first + n % {people}, '192.0.2.1', 'Benchmark'
    FROM generate_series(1, {attempts}) n
        CROSS JOIN LATERAL (SELECT now() - interval '29 days' * (1 - n::float / {attempts}) started) moments
        CROSS JOIN (SELECT min(id) "first" FROM accounts_user WHERE username LIKE 'person-%%') people
"""
SESSIONS = """
    INSERT INTO {providers_consolesession}
        (id, user_id, provider_id, sub, sid, started_at, expires_at, checked_at, last_seen_at, address, user_agent,
         ended_at, ended_by)
    SELECT gen_random_uuid(), people.first + n % {people}, ({some_provider}), md5(n::text), md5(n::text), started,
        started + interval '8 hours', started, started, '192.0.2.1', 'Benchmark',
        CASE WHEN n % 3 = 0 THEN started + interval '10 minutes' END, CASE WHEN n % 3 = 0 THEN 'user' ELSE '' END
    FROM generate_series(1, {sessions}) n
        CROSS JOIN LATERAL (SELECT now() - interval '29 days' * (1 - n::float / {sessions}) started) moments
        CROSS JOIN (SELECT min(id) "first" FROM accounts_user WHERE username LIKE 'person-%%') people
"""
REFUSALS = """
    INSERT INTO {tokens_tokenrefusal}
        (reference, at, door, endpoint, status, code, answered, expected, received, unverified_client_id,
         unverified_token, actor, address, request_id)
    SELECT 'w-w-' || n, now() - interval '29 days' * (1 - n::float / {refusals}),
        (ARRAY['token', 'introspect', 'revoke', 'api'])[1 + n % 4], '/oauth/token', 401, 'cause_' || n % 20,
        'invalid_client', '', '', 'bot-' || n % 1000, '{{}}', 'stranger:', '192.0.2.1', md5(n::text)
    FROM generate_series(1, {refusals}) n
"""
SOME_PROVIDER = "SELECT id FROM providers_provider WHERE slug = 'corp'"
FILLED = (
    (User, PEOPLE),
    (Identity, IDENTITIES),
    (Bot, BOTS),
    (Credential, CREDENTIALS),
    (TokenRecord, TOKENS),
    (Revocation, REVOCATIONS),
    (Event, EVENTS),
    (SignInAttempt, ATTEMPTS),
    (ConsoleSession, SESSIONS),
    (TokenRefusal, REFUSALS),
)


def fill(size):
    """Fill a database that has been migrated; `size` names how many rows there are of each."""
    _prepare()
    long = max(1, 3 * size["tokens"] // max(3_000, size["tokens"] // 100))
    values = size | {"some_provider": SOME_PROVIDER, "long": long, "endless": 97 * long}
    values |= {model._meta.db_table: model._meta.db_table for model, _ in FILLED}
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off; SELECT setseed(0.5)")
        for model, statement in FILLED:
            with without_indexes(cursor, model):
                cursor.execute(statement.format(**values).replace("%%", "%"))
        cursor.execute("RESET ALL")
        cursor.execute("VACUUM (ANALYZE)")
    for number in range(size["tokens"] // SIZE + 1):
        ensure_status_list(number=number, by=BY)


def give_secret():
    """Make a secret for the bot that asks, and return it."""
    return add_client_secret(bot=Bot.objects.get(name=CALLER), by=BY)[1]


def _prepare():
    key = ensure_signing_key(alg=ALG, by=BY)
    audiences = [
        save_audience(
            audience=Audience(
                identifier=f"https://{name}.bench.example",
                name=name,
                signing_alg=key.alg,
                scopes=["read", "write"],
            ),
            by=BY,
        )
        for name in ("one", "two")
    ]
    bot = Bot(name=CALLER, description="Asks")
    save_bot(bot=bot, grants=[GrantSpec(each, ["read", "write"]) for each in audiences], by=BY)
    for slug in ("corp", "other"):
        Provider.objects.create(
            slug=slug, name=slug, issuer=f"https://{slug}.bench.example", client_id="bench"
        )
    for name in ("people", "administrators"):
        Group.objects.create(name=name)
    User.objects.create_superuser(
        ADMINISTRATOR, password="only for this database", expires_at=timezone.now() + timedelta(days=30)
    )


@contextmanager
def without_indexes(cursor, model: type[models.Model]):
    """Take the indexes of a table away, and make them again; its primary key and its foreign keys stay."""
    table = model._meta.db_table
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('u', 'p'))",
        [table, table],
    )
    indexes = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)
    for name, definition in constraints:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def main():
    call_command("migrate", verbosity=0)
    if not User.objects.exists():
        fill(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
