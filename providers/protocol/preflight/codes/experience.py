"""What the claims of people who have signed in say about the registration."""

from providers.protocol.preflight.codes.code import Code, Codes

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
