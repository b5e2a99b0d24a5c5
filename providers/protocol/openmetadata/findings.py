"""What the linter finds: one code for each thing that can be wrong with a configuration."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The codes; `docs/openmetadata.md` explains each, and a test keeps that table complete."""

    # The file itself
    MALFORMED = "malformed"
    MALFORMED_LINE = "malformed_line"
    UNRECOGNISED = "unrecognised"
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN_KEY = "unknown_key"
    WRONG_TYPE = "wrong_type"
    WRONG_VALUE = "wrong_value"
    MISSING_KEY = "missing_key"
    MORE_FINDINGS = "more_findings"
    # Where documentation, chart and code disagree
    HELM_GLOBAL_IGNORED = "helm_global_ignored"
    DISCOVERY_VARIABLE = "discovery_variable"
    HELM_SECTION_OFF = "helm_section_off"
    HELM_OIDC_NOT_ENABLED = "helm_oidc_not_enabled"
    HELM_OIDC_NOT_CONFIDENTIAL = "helm_oidc_not_confidential"
    HELM_CANNOT_SET = "helm_cannot_set"
    PROVIDER_NAME_MISSING = "provider_name_missing"
    SECURE_SOCKET_ENABLED = "secure_socket_enabled"
    CLIENT_ID_MISSPELT = "client_id_misspelt"
    PROVIDER_NOT_SET = "provider_not_set"
    PROVIDER_ONELOGIN = "provider_onelogin"
    PKCE_DISABLED = "pkce_disabled"
    DISCOVERY_PATH_MISSPELT = "discovery_path_misspelt"
    JWKS_PATH_MISSPELT = "jwks_path_misspelt"
    KEY_FILES_SWAPPED = "key_files_swapped"
    ADMIN_IS_EMAIL = "admin_is_email"
    AUTHORITY_NOT_ISSUER = "authority_not_issuer"
    TOKEN_VALIDITY_ZERO = "token_validity_zero"  # noqa: S105 - a code
    BRACES_LEFT = "braces_left"
    TOKEN_SHOWN_ELSEWHERE = "token_shown_elsewhere"  # noqa: S105 - a code
    TOKEN_IN_CLEAR = "token_in_clear"  # noqa: S105 - a code
    # Keys
    OWN_JWKS_MISSING = "own_jwks_missing"
    PROVIDER_JWKS_MISSING = "provider_jwks_missing"
    PROVIDER_JWKS_MISMATCH = "provider_jwks_mismatch"
    JWKS_LOCAL = "jwks_local"
    JWKS_PLAIN_HTTP = "jwks_plain_http"
    ALGORITHM_MISMATCH = "algorithm_mismatch"
    DEMO_KEY_ID = "demo_key_id"
    DEMO_FERNET_KEY = "demo_fernet_key"
    KEY_ID_MISSING = "key_id_missing"
    KEY_PATH_RELATIVE = "key_path_relative"
    # The flow
    DISCOVERY_MISSING = "discovery_missing"
    DISCOVERY_OF_ANOTHER = "discovery_of_another"
    CALLBACK_PATH = "callback_path"
    CALLBACK_NOT_REGISTERED = "callback_not_registered"
    CALLBACKS_DIFFER = "callbacks_differ"
    PROMPT_NONE = "prompt_none"
    SCOPE_MISSING = "scope_missing"
    COOKIE_NOT_SECURE = "cookie_not_secure"
    SECRET_IN_CLEAR = "secret_in_clear"  # noqa: S105 - a code
    # People
    DEFAULT_ADMIN = "default_admin"
    DEFAULT_DOMAIN = "default_domain"
    DOMAIN_NOT_ALLOWED = "domain_not_allowed"
    CLAIMS_MAPPING_INVALID = "claims_mapping_invalid"
    CLAIM_ORDER = "claim_order"


@dataclass(frozen=True, slots=True)
class Mistake:
    """
    One thing to put right.

    `fix` is what is to stand in place of the line and of what belongs to it below, or to be added to the block
    that begins there where `message` says that something is missing. With every fix in its place there is
    nothing more to find. It never holds a secret.
    """

    line: int
    code: Code
    message: str
    fix: str
