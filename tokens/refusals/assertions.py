"""What may be wrong with a client assertion: a JWT by which a bot or its platform proves itself (RFC 7523)."""

from ssoconsole.platform.examination.meaning import Meaning
from ssoconsole.platform.jose.verify import MAX_BYTES

OF_ASSERTIONS = {
    "token_refused": Meaning(
        "The client assertion was refused for a reason that has no code of its own.",
        "Look for `client_authentication_failed` in the log of that minute.",
        expected="an assertion that can be trusted",
    ),
    "token_malformed": Meaning(
        "The client assertion is no well-formed signed JWT.",
        "Have the client send the assertion as its library made it, without quotation marks or line breaks.",
        expected="three parts in base64url between two dots",
    ),
    "token_too_large": Meaning(
        f"The client assertion has more than {MAX_BYTES:,} bytes, and was not read.",
        "Have the platform put less into its token. What was sent may also be something else than a token.",
        expected=f"at most {MAX_BYTES} bytes",
    ),
    "header_refused": Meaning(
        "The header of the assertion asks for what is never done: `crit`, `b64`, compression, encryption.",
        "Turn the feature off in the client; if nobody turned it on, this was a forgery.",
        expected="a header with `alg`, `kid` and `typ` only",
    ),
    "token_type_refused": Meaning(
        "The assertion is a JWT of another kind.",
        "Send an assertion that was made for this, not an access token.",
        expected="`typ` of JWT or client-authentication+jwt, or none",
    ),
    "algorithm_refused": Meaning(
        "The assertion is signed with an algorithm that its key is not for.",
        "Register the key that the client signs with.",
        expected="an algorithm of the registered key",
    ),
    "unknown_key": Meaning(
        "No registered key fits the assertion.",
        "Register the bot's current keys. With `jwks_uri`, see that the new key is published "
        "before it signs.",
        expected="the `kid` of a registered key",
    ),
    "ambiguous_key": Meaning(
        "Several different registered keys fit the assertion: it names none, or they have the same `kid`.",
        "Have the client name its key, and give each key a `kid` of its own.",
        expected="the `kid` of one registered key",
    ),
    "signature_invalid": Meaning(
        "The signature of the assertion does not verify.",
        "Register the key that the client signs with. If it is registered, this was a forgery.",
        expected="a signature by the registered key",
    ),
    "claim_refused": Meaning(
        "A claim of the assertion has a type or value that it may not have.",
        "What was expected names the claim. `iss` and `sub` are the bot's name, and `exp` is near.",
        expected="claims of RFC 7523 section 3",
    ),
    "missing_claim": Meaning(
        "A claim of the assertion is missing.",
        "Have the client add the claim.",
        expected="iss, sub, aud, exp, iat and jti",
    ),
    "issuer_mismatch": Meaning(
        "The issuer of the assertion is another than the one it is checked against.",
        "Correct `iss`, character by character; a slash at the end counts.",
        expected="the name of the bot, or the issuer of the rule",
    ),
    "audience_mismatch": Meaning(
        "The assertion is meant for somebody else.",
        "Have the client name the console's issuer as audience; the address of the token endpoint "
        "is not accepted.",
        expected="`<BASE_URL>` and nothing else, or the audience of the rule",
    ),
    "expired": Meaning(
        "The assertion has expired.",
        "Compare the clocks (NTP), and have the client make the assertion just before it is sent.",
        expected="`exp` in the future",
    ),
    "issued_in_the_future": Meaning(
        "The assertion was issued later than now.",
        "Set the clocks of both machines by NTP.",
        expected="`iat` up to now",
    ),
    "issued_too_long_ago": Meaning(
        "The assertion was issued too long ago.",
        "Have the client make an assertion for each request.",
        expected="`iat` of the last minutes",
    ),
    "not_yet_valid": Meaning(
        "`nbf` of the assertion has not come yet.",
        "Set the clocks of both machines by NTP.",
        expected="`nbf` up to now",
    ),
}
