"""What the provider says that it does not do, and the registration asks for."""

from providers.protocol.preflight.codes.code import Code, Codes

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
