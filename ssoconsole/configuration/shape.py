"""The keys of the configuration file, in the order in which they are exported, and what each one holds."""

from collections.abc import Iterable
from typing import Any

from ssoconsole.configuration.kinds import Anything, Flag, Items, Moment, Record, Secret, Table, Text, Whole
from ssoconsole.yaml.problems import Findings

GROUP_RULE = Record({"claim_value": Text(), "group": Text()}, required=("claim_value", "group"))
SESSION = Record({"lifetime": Whole(), "refresh": Text(), "check_every": Whole()})

PROVIDER = Record(
    {
        "slug": Text(),
        "kind": Text(),
        "name": Text(),
        "icon": Text(),
        "order": Whole(),
        "issuer": Text(),
        "client_id": Text(),
        "client_secret": Secret(),
        "client_secret_expires_at": Moment(),
        "token_endpoint_auth_method": Text(),
        "assertion_audience": Text(),
        "pushed_authorization": Flag(),
        "response_type": Text(),
        "scopes": Items(Text()),
        "pkce": Flag(),
        "signing_algs": Items(Text()),
        "leeway": Whole(),
        "max_age": Whole(),
        "prompt": Text(),
        "extra_params": Table(Text()),
        "callback": Text(),
        "principal_claims": Items(Text()),
        "mapping": Table(Text()),
        "group_rules": Items(GROUP_RULE),
        "admin_principals": Items(Text()),
        "allowed_email_domains": Items(Text()),
        "self_signup": Flag(),
        "link_by_verified_email": Flag(),
        "session": SESSION,
        "enabled": Flag(),
    },
    required=("slug",),
)

AUDIENCE = Record(
    {
        "identifier": Text(),
        "name": Text(),
        "scopes": Items(Text()),
        "profile": Text(),
        "signing_alg": Text(),
        "token_lifetime": Whole(),
        "max_token_lifetime": Whole(),
        "enabled": Flag(),
    },
    required=("identifier",),
)

GRANT = Record({"audience": Text(), "scopes": Items(Text()), "roles": Items(Text())}, required=("audience",))
TRUST = Record(
    {
        "issuer": Text(),
        "audience": Text(),
        "subject": Text(),
        "claims": Table(Text()),
        "jwks": Table(Anything()),
        "jwks_uri": Text(),
    },
    required=("issuer", "audience", "subject"),
)

BOT = Record(
    {
        "name": Text(),
        "description": Text(),
        "owner": Text(),
        "allowed_networks": Items(Text()),
        "max_live_tokens": Whole(),
        "grants": Items(GRANT),
        "client_secret": Secret(),
        "jwks": Table(Anything()),
        "jwks_uri": Text(),
        "federation": Items(TRUST),
        "enabled": Flag(),
    },
    required=("name",),
)

# Section, what one of its items is, and the key that identifies an item.
SECTIONS = {"providers": (PROVIDER, "slug"), "audiences": (AUDIENCE, "identifier"), "bots": (BOT, "name")}


def check_shape(document: Any, findings: Findings, *, provider_keys: Iterable[str] = ()) -> None:
    """
    Add a problem for every unknown key, wrong type, missing key and repeated identifier of the document.

    `provider_keys` are texts that a kind of provider reads beside what all of them have, such as `subdomain`.
    """
    if not isinstance(document, dict):
        findings.add((), f"expected a mapping with {', '.join(SECTIONS)}")
        return
    # Sections are not nullable: with --prune, "nothing here" must be written as [] to be meant.
    sections = {name: Items(item) for name, (item, _) in SECTIONS.items()}
    extra = dict.fromkeys(provider_keys, Text())
    sections["providers"] = Items(Record({**PROVIDER.keys, **extra}, PROVIDER.required))
    Record(sections, required=tuple(document.keys() & sections.keys())).check(document, (), findings)
    for name, (_, key) in SECTIONS.items():
        _check_unique(name, document.get(name), key, findings)


def _check_unique(section: str, items: Any, key: str, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for index, item in enumerate(items if isinstance(items, list) else []):
        identifier = item.get(key) if isinstance(item, dict) else None
        if not isinstance(identifier, str):
            continue
        if identifier in seen:
            findings.add((section, index, key), f"is the same as that of {section}[{seen[identifier]}]")
        seen.setdefault(identifier, index)
