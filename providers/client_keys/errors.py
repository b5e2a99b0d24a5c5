"""Why client keys were not changed."""

from ssoconsole.errors import DomainError


class ClientKeysNotUsed(DomainError):
    """This provider does not use private_key_jwt, so that the console has no keys for it."""

    code = "client_keys_not_used"
