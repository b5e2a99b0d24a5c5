"""After the file is kept, and only then, the providers are asked for their discovery documents."""

import pytest

from providers.models import Provider

pytestmark = pytest.mark.django_db

TEXT = """providers:
  - slug: local
    name: Local
    issuer: {issuer}
    client_id: c
    token_endpoint_auth_method: none
"""


@pytest.fixture
def text(scripted_provider):
    return TEXT.format(issuer=scripted_provider.issuer)


def test_the_document_of_a_new_provider_is_fetched(apply, text, scripted_provider):
    answer = apply(text)

    assert answer.code == 0
    assert Provider.objects.get().endpoint("issuer") == scripted_provider.issuer


def test_a_provider_that_stays_as_it_is_is_not_asked_again(apply, text, scripted_provider):
    apply(text)
    asked = len(scripted_provider.requests)

    apply(text)

    assert len(scripted_provider.requests) == asked


def test_neither_a_dry_run_nor_a_refused_file_asks(apply, text, scripted_provider):
    apply(text, "--dry-run")
    apply(text + "bots: [{name: -b}]\n")

    assert scripted_provider.requests == []


def test_a_disabled_provider_is_not_asked(apply, text, scripted_provider):
    apply(text + "    enabled: false\n")

    assert scripted_provider.requests == []


def test_a_provider_that_does_not_answer_is_a_warning(apply, contract):
    answer = apply(contract)

    assert answer.code == 0
    assert any(
        line.startswith("5: providers[0].issuer: warning: the discovery document could not be fetched yet")
        for line in answer.problems
    )


def test_a_document_of_another_issuer_is_told_loudly_and_not_adopted(apply, text, scripted_provider):
    scripted_provider.discovery.fields["issuer"] = "https://mallory.example"

    answer = apply(text)

    assert answer.code == 0
    assert any("NOBODY CAN SIGN IN" in line and "mallory.example" in line for line in answer.problems)
    assert Provider.objects.get().discovery is None


def test_other_endpoints_than_those_in_use_are_told_and_not_adopted(apply, text, scripted_provider):
    apply(text)
    in_use = Provider.objects.get().endpoint("authorization_endpoint")
    scripted_provider.discovery.fields["authorization_endpoint"] = "https://mallory.example/authorize"

    answer = apply(text + "    leeway: 30\n")

    assert answer.code == 0
    assert any("names other endpoints than those in use" in line for line in answer.problems)
    assert Provider.objects.get().endpoint("authorization_endpoint") == in_use
