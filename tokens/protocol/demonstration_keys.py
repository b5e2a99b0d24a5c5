"""Keys whose private half everybody has: shipped as examples, and found in production again and again."""

from collections.abc import Mapping

from ssoconsole.platform.jose.keys import thumbprint

# OpenMetadata's default JWT_KEY_ID (conf/openmetadata.yaml), which belongs to the key pair in its repository,
# images and charts (conf/private_key.der, conf/public_key.der). Its documentation asks to replace both.
KEY_IDS = frozenset({"gb389a-9f76-gdjs-a92j-0242bk94356"})

# RFC 7638 thumbprints of their public halves, under whatever key id they come. OpenMetadata's is the only modulus
# that fits the signatures of the tokens in its own sources.
THUMBPRINTS = frozenset({"Db0dhKG2UYMwVssQYb4_2XxUSyB2gmaXm-nOhX2Hvug"})


def is_demonstration_key(jwk: Mapping[str, str], *, kid: str) -> bool:
    """Tell whether anybody can sign with this key, or could have replaced what is known by this key id."""
    return kid.strip().lower() in KEY_IDS or thumbprint(jwk) in THUMBPRINTS
