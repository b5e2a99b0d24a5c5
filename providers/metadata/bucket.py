"""How often a provider may be asked again for its keys, however many tokens with unknown keys come in."""

from uuid import UUID

from ssoconsole.limits.bucket import may_try


def may_refetch(provider_id: UUID, *, door: str = "") -> bool:
    """
    Take one of three tries a minute (see `may_try`).

    Each `door` has its own three: what strangers post at one cannot use up the tries of another.
    """
    return may_try(f"keys of provider {provider_id} at {door}")
