"""The rules by which a person is let in or not, in words for an administrator."""

# By `Decision.way`.
LETS_IN = {
    "known": "The subject is known here: it opens this user already.",
    "linked": "Linking by verified e-mail address is on, and this user has the same address.",
    "new": "Self sign-up is on: a new user would be made.",
}
# By `Denied.rule`.
KEEPS_OUT = {
    "self_signup": "Self sign-up is off, and the person is new here.",
    "email_verified": "The provider calls the e-mail address unverified.",
    "allowed_email_domains": "The e-mail address is in none of the allowed domains.",
    "principal_claims": "No principal claim names the person in a way that can be a user's name.",
    "email_taken": (
        "The name or e-mail address is another user's, and linking by verified e-mail address is off or does not "
        "apply to that user: one who has an identity at this provider already is unlinked from it first."
    ),
    "user_disabled": "The user is disabled here.",
}
