"""A provider that refuses without the state of the attempt is heard: what it said is kept, and nothing is touched."""

import pytest

from tests.providers.signin.journey import Browser, assert_refused, outcome_of, register, trace_of


def came_back(visitor, query, path="/callback/corp"):
    return visitor.client.get(f"{path}?{query}")


@pytest.mark.parametrize(
    "query", ["error=access_denied", "error=access_denied&state=", "error=access_denied&state=x"]
)
def test_what_the_provider_said_is_kept_for_the_administrator(op, provider, visitor, query):
    visitor.leave()
    response = came_back(visitor, f"{query}&error_description=the%20person%20said%20no")
    assert (outcome_of(response), response.status_code) == ("provider_error", 403)
    trace = trace_of(response)
    assert trace.received == "access_denied: the person said no"
    assert trace.provider == provider


SAID = {
    "only a description": ({"error_description": "User declined to consent"}, "User declined to consent"),
    "an empty name": ({"error": "", "error_description": "cancelled"}, "cancelled"),
    "a page about it": (
        {"error": "access_denied", "error_uri": "https://idp.example/error?code=65004"},
        "access_denied: https://idp.example/error?code=65004",
    ),
    "several lines": (
        {"error": "access_denied", "error_description": "AADSTS50105: not assigned.\r\nTrace ID: 1"},
        "access_denied: AADSTS50105: not assigned. Trace ID: 1",
    ),
    "members of its own": (
        {"error": "access_denied", "error_subcode": "cancel", "session_state": "x"},
        "access_denied",
    ),
    "a code beside it": ({"error": "access_denied", "code": "x"}, "access_denied"),
}


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize("with_state", [True, False], ids=["with state", "without"])
@pytest.mark.parametrize(("answer", "received"), SAID.values(), ids=SAID.keys())
def test_however_it_says_so_its_words_are_kept(op, visitor, answer, received, with_state, mode):
    register(op, extra_params={"response_mode": mode} if mode == "form_post" else {})
    op.refuse()
    op.callback_params.update({"error": None, "error_description": None} | answer)
    callback = op.visit(visitor.leave())
    if with_state:
        response = visitor.arrive(callback)
    elif callback.form is None:
        response = visitor.client.get("/callback/corp", answer)
    else:
        response = Browser().client.post("/callback/corp", answer)
    assert (outcome_of(response), response.status_code) == ("provider_error", 403)
    assert trace_of(response).received == received


@pytest.mark.parametrize(
    ("iss", "outcome", "received"),
    [
        (None, "iss_parameter_missing", "absent, and the answer says access_denied: the person said no"),
        (
            "https://attacker.example",
            "iss_parameter_mismatch",
            "https://attacker.example, and the answer says access_denied: the person said no",
        ),
    ],
)
def test_so_they_are_where_the_issuer_is_not_named_as_announced(
    op, provider, visitor, iss, outcome, received
):
    op.refuse()
    op.callback_params["iss"] = iss
    response = visitor.sign_in(op)
    assert_refused(response, outcome, 400)
    assert trace_of(response).received == received


def test_a_description_beside_a_code_is_no_refusal(op, provider, visitor):
    op.callback_params["error_description"] = "nothing is wrong"
    assert visitor.sign_in(op).status_code == 302


def test_the_person_reads_that_it_was_cancelled_and_can_try_that_provider_again(op, provider, visitor):
    page = came_back(visitor, "error=access_denied").content.decode()
    assert "cancelled at your sign-in provider" in page
    assert '<a class="button primary" href="/signin/corp">Try Corp SSO again</a>' in page


def test_so_he_can_after_an_answer_with_the_state_and_comes_to_where_he_wanted(op, provider, visitor):
    op.refuse()
    page = visitor.sign_in(op, next="/account").content.decode()
    assert 'href="/signin/corp?next=/account"' in page or 'href="/signin/corp?next=%2Faccount"' in page


@pytest.mark.parametrize(
    ("query", "outcome", "status"),
    [
        ("error=server_error", "provider_unavailable", 503),
        ("error=temporarily_unavailable", "provider_unavailable", 503),
        ("code=x", "state_unknown", 400),
        ("", "state_unknown", 400),
        ("error=", "state_unknown", 400),
        ("error=a&error=b", "answer_refused", 400),
    ],
)
def test_each_answer_is_what_it_says(op, provider, visitor, query, outcome, status):
    assert_refused(came_back(visitor, query), outcome, status)


def test_the_attempt_under_way_is_neither_finished_nor_spoilt(op, provider, visitor):
    callback = op.visit(visitor.leave())
    came_back(Browser(), "error=access_denied")
    came_back(visitor, "error=access_denied")
    assert visitor.arrive(callback).status_code == 302


@pytest.mark.parametrize("path", ["/callback", "/callback/nobody", "/callback/off"])
def test_where_no_provider_is_known_or_enabled_none_is_offered(op, provider, visitor, path):
    register(op, slug="off", enabled=False)
    response = came_back(visitor, "error=access_denied", path=path)
    assert outcome_of(response) == "provider_error"
    assert "Try again" in response.content.decode()
    assert trace_of(response).provider is None


def test_at_the_shared_callback_the_issuer_says_who_refused(op, provider, visitor):
    register(op, slug="other", issuer="https://other.example")
    response = came_back(visitor, f"error=access_denied&iss={op.issuer}", path="/callback")
    assert 'href="/signin/corp">Try Corp SSO again</a>' in response.content.decode()
    assert trace_of(response).provider == provider


@pytest.mark.parametrize("iss", ["https://nobody.example", "%00", "x" * 5000, "https://off.example"])
def test_an_issuer_that_nobody_has_registered_or_enabled_says_nothing(op, provider, visitor, iss):
    register(op, slug="off", issuer="https://off.example", enabled=False)
    response = came_back(visitor, f"error=access_denied&iss={iss}", path="/callback")
    assert (outcome_of(response), trace_of(response).provider) == ("provider_error", None)


def test_a_posted_one_is_heard_too(op, visitor):
    register(op, extra_params={"response_mode": "form_post"})
    response = Browser().client.post("/callback/corp", {"error": "access_denied"})
    assert outcome_of(response) == "provider_error"
