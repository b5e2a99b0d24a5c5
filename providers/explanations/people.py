"""Who may enter."""

from ssoconsole.platform.examination.meaning import Meaning

OF_PEOPLE = {
    "denied": Meaning(
        "The person may not enter, for a reason that has no code of its own.",
        "Read the trace.",
    ),
    "principal_missing": Meaning(
        "None of the principal claims is present.",
        "Ask for the scope that brings the claim, or name another claim first. The trace lists what came.",
    ),
    "principal_unusable": Meaning(
        "The principal claim is no text, too long, or has characters that make it look like another name.",
        "Name another claim, or correct it at the provider.",
    ),
    "not_admitted": Meaning(
        "Self-signup is off and the person is new; or the e-mail address is not in an allowed "
        "domain, or is not verified.",
        "Change the admission rules, or the person's entry at the provider.",
    ),
    "email_taken": Meaning(
        "A new person has the name or e-mail address of a user who is somebody else's.",
        "Decide who it is. If it is the same person with a new `sub`, because the account was made anew or moved "
        "at the provider, unlink the old identity first, to which the trace leads: as long as it is there, nobody "
        "else is linked to that user. Then let this provider link by verified e-mail, or rename the old user. If it "
        "is somebody else, rename one of the two.",
    ),
    "user_disabled": Meaning(
        "The user is disabled here.",
        "Activate the user, if the person shall sign in.",
    ),
    "session_ended": Meaning(
        "The session was ended while the provider was asked about it, or while the person was away "
        "to connect an account; the answer changed nothing.",
        "Nothing; the event log says who ended it.",
    ),
    "identity_gone": Meaning(
        "A session was checked, and the person's identity at this provider was removed here, or is "
        "another user's now. The session ended.",
        "Nothing, if that was intended.",
    ),
    "identity_taken": Meaning(
        "A signed-in person wanted to connect an account at a provider that opens another user's "
        "account here. Nothing has changed.",
        "Decide whose it is. If both users are one person, unlink the identity from the other user first.",
    ),
}
