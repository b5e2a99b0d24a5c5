"""What the provider answers to a real authorization request, and to a code that cannot be good."""

from providers.protocol.preflight.codes.code import Code, Codes

_AUTHORIZATION: Codes = {
    "redirect_uri_not_registered": Code(
        "error",
        "The provider does not know the redirect URI.",
        "Register exactly the redirect URI that is named here at the provider, character by character.",
    ),
    "redirect_uri_replaced": Code(
        "error",
        "The provider sends the browser to another address of this console.",
        "Register the redirect URI that is named here at the provider, and remove the other one.",
    ),
    "client_unknown": Code(
        "error",
        "The provider does not know the client.",
        "Compare the client ID with the provider's console, and check that the client is enabled and in this realm "
        "or tenant.",
    ),
    "client_not_allowed": Code(
        "error",
        "The provider does not allow the client this flow.",
        "Enable the authorization code flow for this client at the provider, or the response type that is registered.",
    ),
    "response_type_refused": Code(
        "error",
        "The provider refuses the response type for this client.",
        "Allow the response type for this client at the provider, or choose code.",
    ),
    "scope_refused": Code(
        "error",
        "The provider refuses a scope.",
        "Take the scope out of the registration, or assign it to this client at the provider.",
    ),
    "pkce_refused": Code(
        "error",
        "The provider insists on PKCE, or refuses how it is used.",
        "Switch PKCE on in the registration; if it is, allow S256 for this client at the provider.",
    ),
    "pushed_request_required": Code(
        "error",
        "The provider demands that this client pushes its requests.",
        "Switch pushed authorization requests on in the registration, or make them optional for this client there.",
    ),
    "pushed_request_refused": Code(
        "error",
        "The provider refuses the pushed authorization request.",
        "Read the provider's reason and its log; or switch pushed authorization requests off.",
    ),
    "authorization_refused": Code(
        "error",
        "The provider refuses the authorization request.",
        "Read the provider's reason and its log; extra parameters and prompt are likely causes.",
    ),
    "authorization_not_found": Code(
        "error",
        "There is no authorization endpoint where the document says.",
        "Let the provider publish the right authorization_endpoint; look for a proxy that leaves paths out.",
    ),
    "authorization_fails": Code(
        "error",
        "The authorization endpoint answers with a fault of the provider.",
        "Read the provider's own log of this moment.",
    ),
    "authorization_unreachable": Code(
        "error",
        "The authorization endpoint does not answer.",
        "Check that the endpoint is up and that this console may reach it; people's browsers have to reach it too.",
    ),
    "authorization_unclear": Code(
        "info",
        "Whether the provider takes the authorization request cannot be seen.",
        "Sign in once by hand: the answer is neither a sign-in page nor an error that is recognised.",
    ),
    "state_not_returned": Code(
        "error",
        "The provider does not return the state.",
        "Report it to the maker of the provider, or look what rewrites its redirects: answers without their state "
        "are never taken.",
    ),
    "iss_parameter_missing": Code(
        "error",
        "The provider announces the iss parameter and does not send it (RFC 9207).",
        "Correct what the provider announces, or look what takes iss out of its answers: without it they are refused.",
    ),
    "iss_parameter_mismatch": Code(
        "error",
        "The answer's iss parameter is not the issuer (RFC 9207).",
        "Let the provider send its issuer exactly as its discovery document spells it.",
    ),
}

_TOKEN: Codes = {
    "client_secret_required": Code(
        "error",
        "The client is registered as public here, and the provider wants it to authenticate.",
        "Make the client public at the provider, or choose client_secret_basic or client_secret_post here and enter "
        "its client secret.",
    ),
    "client_authentication_method_wrong": Code(
        "error",
        "The provider takes the client by another authentication method.",
        "Choose the token endpoint auth method that is named under expected: with it the provider has just taken "
        "this client.",
    ),
    "client_credentials_rejected": Code(
        "error",
        "The provider rejects the client's credentials.",
        "Copy the client secret again from the provider, check the client ID, and compare the token endpoint auth "
        "method on both sides.",
    ),
    "client_assertion_rejected": Code(
        "error",
        "The provider rejects the client's assertion.",
        "Let the provider read the console's JWKS URL again, and compare method, algorithm and the assertion audience "
        "(issuer or token endpoint) on both sides.",
    ),
    "grant_not_allowed": Code(
        "error",
        "The provider does not allow the client to redeem codes.",
        "Allow the grant authorization_code for this client at the provider.",
    ),
    "token_endpoint_accepts_anything": Code(
        "error",
        "The token endpoint gives tokens for a code that was never issued.",
        "Do not use this provider: it does not check codes.",
    ),
    "token_endpoint_not_found": Code(
        "error",
        "There is no token endpoint where the document says.",
        "Let the provider publish the right token_endpoint; look for a proxy that lets only GET through.",
    ),
    "token_endpoint_not_json": Code(
        "error",
        "The token endpoint answers with something that is no JSON.",
        "Look for a proxy, a firewall or a sign-in page before the token endpoint.",
    ),
    "token_endpoint_redirects": Code(
        "error",
        "The token endpoint redirects.",
        "Let the provider publish the address that it redirects to: credentials are never sent on.",
    ),
    "token_endpoint_fails": Code(
        "error",
        "The token endpoint answers with a fault of the provider.",
        "Read the provider's own log of this moment.",
    ),
    "token_endpoint_unreachable": Code(
        "error",
        "The token endpoint does not answer.",
        "Let this console reach the token endpoint's host: browsers do not need it, the console does.",
    ),
    "token_endpoint_busy": Code(
        "warning",
        "The token endpoint asks for patience.",
        "Check again in some minutes; if it repeats, raise the provider's rate limit for this console.",
    ),
    "token_endpoint_unclear": Code(
        "warning",
        "The token endpoint refuses for a reason that says nothing about the credentials.",
        "Read the provider's reason; sign in once by hand.",
    ),
}

ANSWERS: Codes = {**_AUTHORIZATION, **_TOKEN}
