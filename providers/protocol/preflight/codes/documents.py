"""What is wrong with the two documents that a provider publishes, its discovery document and its key set.

What the provider says that it does not do, and the registration asks for.
"""

from providers.protocol.preflight.codes.code import Code, Codes

_OF_ANY = {
    "unreachable": ("cannot be fetched.", "Check the address, and that this console may reach its host."),
    "timed_out": (
        "does not come in time.",
        "Make the provider answer within seconds; look for an overloaded provider or proxy.",
    ),
    "broken_answer": (
        "comes in an answer that is no whole HTTP.",
        "Look for a proxy that cuts answers short, compresses them unasked or closes the connection.",
    ),
    "too_large": ("is larger than any honest one.", "Check what is at that address: it may be another file."),
    "redirects": (
        "is somewhere else: the address redirects.",
        "Register the address that it redirects to, if that is the provider's; redirects are not followed.",
    ),
    "not_found": (
        "is not there.",
        "Compare the address with the provider's console: realm, tenant and path have to be exactly right.",
    ),
    "forbidden": (
        "is not public.",
        "Let the provider or the proxy before it serve this address without authentication.",
    ),
    "server_error": (
        "is answered with a fault of the provider.",
        "Read the provider's own log of this moment.",
    ),
    "unexpected_status": (
        "is answered with an unusual status.",
        "Check the address and what stands before it.",
    ),
    "is_html": (
        "is a web page.",
        "Check the path: a sign-in page, an error page or a captive portal answers there.",
    ),
    "wrong_media_type": (
        "comes with another media type than JSON.",
        "Let the provider or its proxy send application/json.",
    ),
    "malformed": (
        "is no well-formed JSON object.",
        "Look what a proxy has changed, and report it to the maker of the provider.",
    ),
}


def _codes(prefix: str, name: str, remark: str) -> Codes:
    return {
        f"{prefix}_{reason}": Code("error", f"{name} {fact}", f"{remedy} {remark}")
        for reason, (fact, remedy) in _OF_ANY.items()
    }


DOCUMENTS: Codes = {
    **_codes(
        "discovery",
        "The discovery document",
        "It stands at the issuer, followed by /.well-known/openid-configuration.",
    ),
    "issuer_missing": Code(
        "error",
        "The discovery document names no issuer.",
        "Check that the address is an OpenID Provider's: OAuth-only servers publish another document.",
    ),
    "issuer_trailing_slash": Code(
        "error",
        "The issuers differ in the slash at the end.",
        "Register the issuer with the slash at the end exactly as the provider spells it.",
    ),
    "issuer_white_space": Code(
        "error", "The issuers differ in white space.", "Take the white space around the issuer away."
    ),
    "issuer_case": Code(
        "error",
        "The issuers differ in upper and lower case.",
        "Register the issuer in the provider's own spelling: upper and lower case count.",
    ),
    "issuer_scheme": Code(
        "error",
        "One issuer is http, the other https.",
        "Register https, and let the provider know its public address: behind a proxy it has to be told that it is "
        "served under https.",
    ),
    "issuer_port": Code(
        "error",
        "The issuers differ in the port.",
        "Register the issuer with the provider's own port, or let the provider know its public address.",
    ),
    "issuer_host": Code(
        "error",
        "The issuers differ in the host.",
        "Register the issuer with the host that the provider names, or set the provider's public host name.",
    ),
    "issuer_path": Code(
        "error",
        "The issuers are two paths of one host.",
        "Register the realm, tenant or authorization server that the provider's document names, if it is the one "
        "that you mean.",
    ),
    "issuer_well_known_suffix": Code(
        "error",
        "One of the issuers has the path of the discovery document.",
        "Leave out /.well-known/openid-configuration: the issuer is what stands before it.",
    ),
    "issuer_template": Code(
        "error",
        "The provider's issuer is a template for many tenants.",
        "Register the issuer of your own tenant, with its id in the place of the braces.",
    ),
    "issuer_mismatch": Code(
        "error",
        "The discovery document speaks for another issuer.",
        "Register the issuer that the document names, if it is the provider that you mean; never only nearly.",
    ),
    "endpoint_missing": Code(
        "error",
        "The discovery document lacks an endpoint that signing in needs.",
        "Switch OpenID Connect and the code flow on at the provider; it has to publish this endpoint.",
    ),
    "endpoint_malformed": Code(
        "error",
        "An endpoint in the discovery document is no absolute address.",
        "Set the provider's public address; an endpoint is an https address without fragment.",
    ),
    "endpoint_plain_http": Code(
        "error",
        "An endpoint in the discovery document is plain http.",
        "Let the provider know that it is served under https, usually by its public address or by the forwarding "
        "headers of the proxy.",
    ),
    "endpoint_ignored": Code(
        "warning",
        "An endpoint that signing in does not need is no absolute https address, and counts as absent.",
        "Set the provider's public address, or correct this member in what rewrites its document.",
    ),
    "metadata_malformed": Code(
        "warning",
        "An optional member of the discovery document has the wrong type, and counts as absent.",
        "Correct this member at the provider or in what rewrites its document.",
    ),
    "metadata_outdated": Code(
        "error",
        "The provider publishes another endpoint than the one that is in use.",
        "Ask whoever runs the provider, on another way. Then refresh the metadata on the provider's page, and adopt or "
        "refuse the change. Until then nothing that carries a credential is tried.",
    ),
    "metadata_not_adopted": Code(
        "error",
        "The console has no metadata of this provider in use.",
        "Refresh the metadata on the provider's page, and check again: no credential is sent to endpoints that are "
        "not in use.",
    ),
    **_codes("keys", "The key set", "It stands at the jwks_uri of the discovery document."),
    "keys_empty": Code(
        "error",
        "The key set is empty.",
        "Create or enable a signing key at the provider for this client or realm.",
    ),
    "keys_private_members": Code(
        "error",
        "The provider publishes private keys.",
        "Replace these keys at once: everybody can sign ID tokens with them.",
    ),
    "keys_only_for_encryption": Code(
        "error",
        "The key set has keys for encryption only.",
        "Create a signing key (use: sig) at the provider.",
    ),
    "keys_weak": Code(
        "error",
        "The keys that would fit are too weak.",
        "Create an RSA key of at least 2048 bits at the provider.",
    ),
    "keys_for_other_algorithms": Code(
        "error",
        "The key set has no key for the accepted signing algorithms.",
        "Accept the algorithm that the provider signs with, under signing algorithms, or let the provider sign with "
        "an accepted one.",
    ),
    "keys_unusable": Code(
        "error",
        "No key of the key set can be used.",
        "Replace the keys at the provider; the reasons are named.",
    ),
    "keys_duplicate_kid": Code(
        "error",
        "Several different keys for one algorithm have the same kid.",
        "Give each key a kid of its own: a token that names this one fits several, and is refused.",
    ),
    "keys_replaced": Code(
        "error",
        "The provider has put another key under a kid that the console knows.",
        "Ask whoever runs the provider, on another way. Then refresh the metadata on the provider's page, which reads "
        "the keys anew; until then what the new key has signed is refused as signature_invalid, for up to an hour.",
    ),
    "keys_without_kid": Code(
        "warning",
        "Several keys for one algorithm have no kid.",
        "Let the provider publish a kid with each key: a token that names none fits several, and is refused.",
    ),
    "keys_some_weak": Code(
        "warning",
        "Some keys of the key set are too weak.",
        "Retire the RSA keys below 2048 bits at the provider: tokens signed with them are refused.",
    ),
}

OFFERS: Codes = {
    "scope_not_listed": Code(
        "warning",
        "The provider does not list a scope that is asked for.",
        "Take the scope out of the registration, or let the provider offer it to this client.",
    ),
    "response_type_not_supported": Code(
        "error",
        "The provider does not support the response type.",
        "Choose the response type code, or switch the flow on at the provider.",
    ),
    "response_type_legacy": Code(
        "warning",
        "The response type id_token is legacy.",
        "Choose code with PKCE if the provider has it.",
    ),
    "response_mode_not_supported": Code(
        "error",
        "The provider does not support answers by form_post.",
        "Take response_mode out of the extra parameters; for the response type id_token there is no other way, "
        "so choose code.",
    ),
    "code_grant_not_supported": Code(
        "error",
        "The provider does not offer the authorization code grant.",
        "Switch the authorization code flow (standard flow) on at the provider.",
    ),
    "pkce_method_not_supported": Code(
        "error",
        "The provider knows PKCE, and not the method S256.",
        "Let the provider offer S256; only if it cannot, switch PKCE off for a confidential client.",
    ),
    "pkce_not_announced": Code(
        "info",
        "The provider does not say that it knows PKCE.",
        "Nothing, if people can sign in: providers that do not know PKCE ignore it, and the nonce still protects.",
    ),
    "pkce_off": Code(
        "warning", "PKCE is off.", "Switch PKCE on: without it a stolen code can be used by somebody else."
    ),
    "client_authentication_not_supported": Code(
        "error",
        "The provider does not support the client authentication method.",
        "Choose a token endpoint auth method that the provider lists, and set the same one for this client there.",
    ),
    "client_authentication_not_listed": Code(
        "info",
        "The provider does not list the client authentication method.",
        "Nothing, if the check client_credentials is good: what the token endpoint does counts more than the list.",
    ),
    "public_clients_not_listed": Code(
        "info",
        "The provider does not list public clients.",
        "Nothing, if the token endpoint takes the client; otherwise choose client_secret_basic with a secret.",
    ),
    "assertion_algorithm_not_supported": Code(
        "error",
        "The provider does not take the algorithm of the client's assertions.",
        "Refresh the metadata, which makes a client key of an algorithm that the provider lists; for "
        "client_secret_jwt choose another method.",
    ),
    "signing_algorithm_not_supported": Code(
        "error",
        "The provider signs with none of the accepted signing algorithms.",
        "Accept one of the signing algorithms that the provider lists, and set it for this client there.",
    ),
    "shared_callback_without_iss": Code(
        "warning",
        "The callback is shared, and the provider does not announce the iss parameter (RFC 9207).",
        "Use the dedicated callback: at a shared one a provider could pass its answer off as another's.",
    ),
    "end_session_missing": Code(
        "info",
        "The provider has no sign-out endpoint.",
        "Nothing: signing out ends the session here only, and people stay signed in at the provider.",
    ),
    "pushing_required": Code(
        "error",
        "The provider takes pushed authorization requests only, and the console sends none.",
        "Switch pushed authorization requests on in the registration.",
    ),
    "pushing_endpoint_missing": Code(
        "error",
        "The provider takes pushed authorization requests only, and names no endpoint for them.",
        "Let the provider publish its pushed_authorization_request_endpoint, or make pushing optional there.",
    ),
    "pushing_unused": Code(
        "info",
        "The provider offers pushed authorization requests, and they are off.",
        "Switch pushed authorization requests on in the registration, unless there is a reason not to.",
    ),
    "authentication_context_not_listed": Code(
        "warning",
        "The provider lists none of the authentication contexts that are required.",
        "Require one that the provider lists in its acr_values_supported, or let it offer the one that is required.",
    ),
    "authentication_claim_not_listed": Code(
        "warning",
        "A demand is made of a claim that the provider does not list.",
        "Let the provider put the claim into the ID token, and rehearse a sign-in before people depend on it.",
    ),
    "refresh_grant_not_listed": Code(
        "warning",
        "Sessions are checked by refresh token, and the provider does not list that grant.",
        "Allow refresh tokens for this client at the provider, or check sessions by prompt=none.",
    ),
    "refresh_scope_missing": Code(
        "warning",
        "Sessions are checked by refresh token, and offline_access is not among the scopes.",
        "Add the scope offline_access, as most providers give a refresh token only for it.",
    ),
}
