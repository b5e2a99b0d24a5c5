"""What a registration must be, for the admin form, the configuration file and every other door alike."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError

from providers.errors import ProviderUnknown
from providers.kinds import kind_of
from providers.models import Provider
from providers.models.provider import UNREADABLE, readable_secret
from providers.protocol.claims import is_deceptive
from providers.protocol.discovery import problem_of_issuer
from providers.registration.secret import needs_secret, problem_of_secret, uses_secret_as_key
from providers.registration.shapes import SHAPES
from ssoconsole.platform.jose.algorithms import ALGORITHMS, SHORTEST_SECRET_BYTES, SYMMETRIC

Problems = dict[str, list[str]]
Methods = Provider.ClientAuthentication

# What the flow sets itself; with one of these an extra parameter could weaken it or publish the secret.
RESERVED_PARAMETERS = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    }
)
# What signing out sets itself, or what is nobody else's (OpenID Connect RP-Initiated Logout 1.0 section 2).
RESERVED_AT_SIGN_OUT = frozenset(
    {"id_token_hint", "state", "client_secret", "client_assertion", "client_assertion_type"}
)
SIGN_OUT_PLACEHOLDERS = ("{client_id}", "{post_logout_redirect_uri}")
RESPONSE_MODES = ("query", "form_post")
PROMPTS = ("none", "login", "consent", "select_account", "create")


def problems(provider: Provider) -> Problems:
    """
    Return what is wrong with a registration, by field; empty when it can be saved.

    Looks at the row's own values alone: whether the slug is free and what the provider publishes is for
    `services.save_provider`.
    """
    found: Problems = {}
    try:  # lengths, numbers, choices and the slug, as the model declares them
        provider.clean_fields(exclude=set(SHAPES))
    except ValidationError as invalid:
        found.update(invalid.message_dict)
    for field, rule in SHAPES.items():
        if sentences := rule(getattr(provider, field)):
            found[field] = sentences
    for field, check in RULES:
        # A rule may rely on the shape of its field; one problem at a time is enough to read.
        if field not in found and (sentence := check(provider)):
            found[field] = [sentence]
    return found


def _kind(provider: Provider) -> str | None:
    try:
        kind_of(provider)
    except ProviderUnknown as unknown:
        return f"There is no such kind; there are {unknown.expected}."
    return None


def _issuer(provider: Provider) -> str | None:
    return problem_of_issuer(provider.issuer, allow_http=settings.ALLOW_LOOPBACK_PROVIDERS)


def _name(provider: Provider) -> str | None:
    return "It has control or invisible characters." if is_deceptive(provider.name) else None


def _icon(provider: Provider) -> str | None:
    return "It has control or invisible characters." if is_deceptive(provider.icon or "") else None


def _client_id(provider: Provider) -> str | None:
    plain = provider.client_id == provider.client_id.strip() and not is_deceptive(provider.client_id)
    return None if plain else "It has blanks around it, control or invisible characters."


def _client_secret(provider: Provider) -> str | None:
    secret = readable_secret(provider)
    if secret is UNREADABLE:
        return "It cannot be decrypted with the keys of this console; enter it again."
    if problem := problem_of_secret(provider, provider.discovery):
        return problem
    length = len((secret or "").encode("utf-8", "surrogatepass"))
    if uses_secret_as_key(provider) and length < SHORTEST_SECRET_BYTES:
        return f"HS algorithms need a client secret of at least {SHORTEST_SECRET_BYTES} bytes."
    if not _uses_code(provider) or not needs_secret(provider):
        return None
    method = provider.token_endpoint_auth_method
    if method == Methods.SECRET_JWT and length < SHORTEST_SECRET_BYTES:
        return f"{method} needs a client secret of at least {SHORTEST_SECRET_BYTES} bytes."
    return None if secret else f"{method} needs a client secret."


def _pkce(provider: Provider) -> str | None:
    if _uses_code(provider) and provider.is_public_client and not provider.pkce:
        return "A public client has nothing but PKCE to protect its codes."
    return None


def _signing_algs(provider: Provider) -> str | None:
    names = provider.signing_algs
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown or not names:
        return f"There are {', '.join(ALGORITHMS)}."
    symmetric = set(names) & set(SYMMETRIC)
    if symmetric and symmetric != set(names):
        # Whoever may choose between the two could sign with the public key as the secret (RFC 8725 2.1).
        return "HS algorithms never go together with others."
    return None


def _extra_params(provider: Provider) -> str | None:
    given = provider.extra_params
    reserved = sorted(RESERVED_PARAMETERS & given.keys())
    if reserved:
        return f"{reserved[0]} is set by the flow itself."
    mode = given.get("response_mode")
    if mode is None:
        return None
    if not _uses_code(provider):
        return "response_mode is form_post for the response type id_token."
    return None if mode in RESPONSE_MODES else "response_mode is query or form_post."


def _prompt(provider: Provider) -> str | None:
    words = (provider.prompt or "").split()
    if not set(words) <= set(PROMPTS) or len(set(words)) != len(words):
        return f"One or several of {', '.join(PROMPTS)}, each once."
    if "none" in words and len(words) > 1:
        return "none goes with no other word."
    if "none" in words and provider.max_age == 0:
        return "none forbids to ask the person, and a max age of 0 demands it."
    return _field_of_its_own(provider, "prompt", "max_age")


def _acr_values(provider: Provider) -> str | None:
    asked = provider.acr_values or provider.required_acr or provider.admin_required_acr
    return _field_of_its_own(provider, "acr_values") if asked else None


def _admin_required_acr(provider: Provider) -> str | None:
    missing = [value for value in provider.admin_required_acr if value not in provider.required_acr]
    if provider.required_acr and missing:
        return f"Nobody comes in with {', '.join(missing)}: name it among those required to enter too."
    return None


def _field_of_its_own(provider: Provider, *names: str) -> str | None:
    given = provider.extra_params if isinstance(provider.extra_params, dict) else {}
    both = given.keys() & set(names)
    return f"{min(both)} has a field of its own; take it out of the extra parameters." if both else None


def _signout_params(provider: Provider) -> str | None:
    reserved = sorted(RESERVED_AT_SIGN_OUT & provider.signout_params.keys())
    if reserved:
        return f"{reserved[0]} is set by signing out itself."
    for name, text in provider.signout_params.items():
        rest = text
        for placeholder in SIGN_OUT_PLACEHOLDERS:
            rest = rest.replace(placeholder, "")
        if "{" in rest or "}" in rest:
            return f"{name}: only {' and '.join(SIGN_OUT_PLACEHOLDERS)} are filled in."
    return None


def _linking(provider: Provider) -> str | None:
    if provider.link_by_verified_email and not provider.allowed_email_domains:
        return "Linking by e-mail needs a list of allowed e-mail domains."
    return None


def _refresh(provider: Provider) -> str | None:
    if provider.session_refresh == Provider.Refresh.REFRESH_TOKEN and not _uses_code(provider):
        return "There are refresh tokens in the code flow only."
    return None


def _uses_code(provider: Provider) -> bool:
    return provider.response_type == Provider.ResponseType.CODE


RULES: tuple[tuple[str, Callable[[Provider], str | None]], ...] = (
    ("kind", _kind),
    ("name", _name),
    ("icon", _icon),
    ("issuer", _issuer),
    ("client_id", _client_id),
    ("client_secret", _client_secret),
    ("pkce", _pkce),
    ("signing_algs", _signing_algs),
    ("prompt", _prompt),
    ("acr_values", _acr_values),
    ("admin_required_acr", _admin_required_acr),
    ("extra_params", _extra_params),
    ("signout_params", _signout_params),
    ("link_by_verified_email", _linking),
    ("session_refresh", _refresh),
)
