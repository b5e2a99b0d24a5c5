"""
The one table of findings: for each code its severity, its title and the remedy.

`python -m tests.ssoconsole.reference` writes it into `docs/findings.md`. It is in parts: answers to real requests, the
way to the provider, the stored registration, claims of people who have signed in, the two published documents, and what
the provider offers.
"""

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]


class Code(NamedTuple):
    """
    What a finding means, whatever the provider. `title` is the fact, `remedy` what the administrator does.

    An *error* stops people from signing in, or makes it unsafe; a *warning* may; *info* is good to know.
    """

    severity: Severity
    title: str
    remedy: str


Codes = dict[str, Code]

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

REACHING: Codes = {
    "host_unresolved": Code(
        "error",
        "The provider's host name has no address.",
        "Look for a typing error in the issuer's host, and let this machine's name server know the name.",
    ),
    "loopback_refused": Code(
        "error",
        "The issuer leads to the console's own machine.",
        "Give the provider an address of its own: in production loopback addresses are never asked. For "
        "development there is ALLOW_LOOPBACK_PROVIDERS.",
    ),
    "address_refused": Code(
        "error",
        "The issuer leads to an address that is never asked.",
        "Correct the issuer's host or its DNS entry: metadata services, link-local and reserved addresses stay out "
        "of reach, and one of them among several refuses the name.",
    ),
    "connection_refused": Code(
        "error",
        "Nobody listens at the provider's address and port.",
        "Start the provider, or correct the port of the issuer.",
    ),
    "connection_timed_out": Code(
        "error",
        "The provider's address does not answer.",
        "Let the firewall pass connections from this console to the provider; check routes and proxies.",
    ),
    "connection_failed": Code(
        "error",
        "No connection to the provider's address is possible.",
        "Check the network between this console and the provider; the reason is the operating system's.",
    ),
    "certificate_expired": Code(
        "error",
        "The provider's certificate has expired.",
        "Renew the certificate at the provider, and look why it was not renewed by itself.",
    ),
    "certificate_not_yet_valid": Code(
        "error",
        "The provider's certificate is not valid yet.",
        "Set the clock of this console right; if it is, the provider has the wrong certificate installed.",
    ),
    "certificate_self_signed": Code(
        "error",
        "The provider's certificate is self-signed.",
        "Give the provider a certificate of an authority, or install that authority on this machine and name its "
        "file in SSL_CERT_FILE.",
    ),
    "certificate_authority_unknown": Code(
        "error",
        "The provider's certificate comes from an authority that this machine does not know.",
        "Let the provider send the whole chain with its intermediate certificates; an authority of your own has "
        "to be installed on this machine or named in SSL_CERT_FILE.",
    ),
    "certificate_wrong_name": Code(
        "error",
        "The provider's certificate is for another name.",
        "Spell the issuer with a name that the certificate has, or let the provider get one for this name.",
    ),
    "certificate_refused": Code(
        "error",
        "The provider's certificate is not accepted.",
        "Renew the certificate; the reason is OpenSSL's.",
    ),
    "certificate_ends_soon": Code(
        "warning",
        "The provider's certificate ends within 30 days, or is in the last third of a shorter life.",
        "Renew the certificate at the provider before nobody can sign in.",
    ),
    "tls_failed": Code(
        "error",
        "No TLS connection with the provider comes about.",
        "Check that the port of the issuer speaks https, and that the provider offers TLS 1.2 or later.",
    ),
    "tls_timed_out": Code(
        "error",
        "The provider does not finish the TLS handshake.",
        "Look for a firewall or a load balancer that holds connections open, and for an overloaded provider.",
    ),
    "clock_skew": Code(
        "error",
        "This console's clock and the provider's differ by more than the leeway.",
        "Set both clocks by NTP; the leeway is for seconds, not for a wrong clock.",
    ),
    "clock_drift": Code(
        "warning",
        "This console's clock and the provider's drift apart.",
        "Set both clocks by NTP before the difference is larger than the leeway.",
    ),
}

REGISTRATION: Codes = {
    "registration_invalid": Code(
        "error",
        "The registration breaks a rule of this console.",
        "Open the provider in the admin, correct the field that is named, and save.",
    ),
    "issuer_unusable": Code(
        "error",
        "The registered issuer is no address that can be asked.",
        "Type the issuer as the provider's discovery document spells it: an https address without query, fragment "
        "and /.well-known/openid-configuration.",
    ),
    "issuer_plain_http": Code(
        "warning",
        "The issuer is plain http.",
        "Serve the provider under https: whoever is on the way can otherwise sign in as anybody.",
    ),
    "client_secret_missing": Code(
        "error",
        "The client authenticates by a secret, and none is registered.",
        "Copy the client secret from the provider, or choose none if the client is public there.",
    ),
    "client_credentials_of_another": Code(
        "error",
        "The client's secret or key belongs to another issuer or host.",
        "Open the provider in the admin, enter the client secret that this provider knows, and save: a key is made "
        "anew then. The console sends a credential to nobody but those whom it was entered or made for.",
    ),
    "client_secret_unreadable": Code(
        "error",
        "The client secret does not open with this console's encryption keys.",
        "Put the earlier key back into FIELD_ENCRYPTION_KEYS, or enter the client secret again.",
    ),
    "client_secret_too_short": Code(
        "error",
        "The client secret is too short to be a MAC key.",
        "Let the provider issue a client secret of at least 32 bytes, or choose client_secret_basic.",
    ),
    "client_secret_padded": Code(
        "warning",
        "The client secret has white space around it.",
        "It was probably copied along: enter the client secret again without it.",
    ),
    "client_key_missing": Code(
        "error",
        "The client authenticates by a key of its own, and there is none.",
        "Save the registration again, which makes the key, and let the provider read the JWKS URL.",
    ),
    "client_key_unreadable": Code(
        "error",
        "The client's key does not open with this console's encryption keys.",
        "Put the earlier key back into FIELD_ENCRYPTION_KEYS, or make new client keys (rotate_client_key "
        "--compromised) and let the provider read the JWKS URL again.",
    ),
    "provider_disabled": Code(
        "info",
        "The provider is disabled here.",
        "Enable the provider once the check is good: until then nobody can sign in through it.",
    ),
}

EXPERIENCE: Codes = {
    "administrator_never_matches": Code(
        "warning",
        "An administrator is named otherwise than people are named here.",
        "Name the administrator as the principal claim does, or put the claim that has this name first among the "
        "principal claims.",
    ),
    "mapped_claim_absent": Code(
        "warning",
        "The mapping reads a claim that nobody has come with.",
        "Correct the path, or let the provider put the claim into the ID token or userinfo; a scope may be missing.",
    ),
    "group_value_differs": Code(
        "warning",
        "A group rule has nearly a value that came: case, a slash, a blank or a path differs.",
        "Write the value exactly as it comes.",
    ),
    "group_value_absent": Code(
        "info",
        "Nobody has come with the value of a group rule.",
        "Nothing, if only people have it who did not sign in lately; otherwise compare it with the values that came.",
    ),
    "userinfo_not_needed": Code(
        "warning",
        "Userinfo fails, and the ID token has everything that is mapped, or all but groups without a rule.",
        "Set userinfo to when_needed if the ID tokens have everything that is mapped, otherwise to never.",
    ),
    "nothing_gained": Code(
        "info",
        "Everything went well, and no rule gives this person a group or administration.",
        "Nothing, if that is meant; otherwise compare group rules and administrators with the claims that came.",
    ),
}

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


# In the order of checking.
CODES: Codes = {**REGISTRATION, **REACHING, **DOCUMENTS, **OFFERS, **EXPERIENCE, **ANSWERS}
