"""Which changes of a registration can lock everybody out, or let the wrong people in."""

from providers.models import Provider
from providers.registration.fields import FIELDS, SESSION
from providers.registration.secret import readable_secret
from ssoconsole.platform.actors import Actor

# What a field that is added later is, until somebody has thought about it: risky.
HARMLESS = ("name", "icon", "order", "client_secret_expires_at", "signout_params")
# The slug is in the path of the dedicated callback.
RISKY = ("slug", *(name for name in FIELDS if name not in HARMLESS))
# For how long they stay.
LASTING = tuple(f"session_{name}" for name in SESSION)
# Who comes in, as whom, and with which rights.
RIGHTS = (
    "principal_claims",
    "mapping",
    "group_rules",
    "admin_principals",
    "allowed_email_domains",
    "self_signup",
    "link_by_verified_email",
)


def is_risky(stored: Provider, provider: Provider) -> tuple[str, ...]:
    """Return the risky fields in which `provider` differs from the row that is stored; empty for none."""
    return tuple(name for name in RISKY if _value(stored, name) != _value(provider, name))


def changes_rights(stored: Provider, provider: Provider) -> bool:
    """Tell whether other people come in by `provider`, or with other rights, than by the row that is stored."""
    return any(getattr(stored, name) != getattr(provider, name) for name in RIGHTS)


def refuse_to_give_rights(stored: Provider | None, provider: Provider, *, by: Actor) -> None:
    """
    Raises SuperuserRequired where `by` is none and `provider` is more than the stored row by another name.

    Whoever decides about the issuer, the client, the claims or the rules decides who comes in as a superuser.
    """
    if stored is None:
        by.refuse_if_limited("register a provider")
        return
    changed = [*is_risky(stored, provider)]
    changed += [name for name in LASTING if getattr(stored, name) != getattr(provider, name)]
    changed += ["enabled"] if provider.enabled and not stored.enabled else []
    if changed:
        by.refuse_if_limited(f"change {', '.join(changed)} of a provider")


def _value(provider: Provider, name: str) -> object:
    return readable_secret(provider) if name == "client_secret" else getattr(provider, name)
