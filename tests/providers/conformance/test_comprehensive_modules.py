"""Modules of the comprehensive plan that no other plan here has."""

from django.contrib.auth import get_user_model

from tests.providers.conformance.profiles import CUSTOM
from tests.providers.conformance.registry import module
from tests.support.leaks import assert_without


@module(refuses="missing_claim")
def test_oidcc_client_test_missing_aud(run):
    run.op.id_token.remove("aud")
    run.judge(run.sign_in())


@module(refuses="signature_invalid", only=CUSTOM)
def test_oidcc_client_test_invalid_sig_hs256(run):
    run.op.client.id_token_signed_response_alg = "HS256"
    run.op.id_token.break_signature()
    run.judge(run.sign_in())


@module(refuses="signature_invalid", only=CUSTOM)
def test_oidcc_client_test_invalid_sig_es256(run):
    run.op.client.id_token_signed_response_alg = "ES256"
    run.op.id_token.break_signature()
    run.judge(run.sign_in())


@module(refuses="provider_error", does="the posted error comes without cookies and is understood")
def test_oidcc_client_test_form_post_error(run):
    run.fields |= {"prompt": "none"}
    run.op.refuse("login_required", "nobody is signed in here")
    run.judge(run.sign_in())


@module(does="in the `Authorization` header and nowhere else")
def test_oidcc_client_test_userinfo_bearer_header(run):
    run.judge(run.sign_in())
    [request] = run.op.requests_to("userinfo")
    [grant] = run.op.grants
    assert request.headers["authorization"] == f"Bearer {grant.access_token}"
    assert_without(request.target, grant.access_token)
    assert request.body == b""


@module(does="signature, `iss`, `aud` and `sub` are checked")
def test_oidcc_client_test_userinfo_signed(run):
    run.op.userinfo.signed()
    run.judge(run.sign_in())


@module(does="what another party asserts is not used")
def test_oidcc_client_test_aggregated_claims(run):
    foreign = run.op.logout_token.issue({"iss": "https://claims.example", "name": "Mallory"})
    run.op.userinfo.claims |= {"_claim_names": {"name": "src1"}, "_claim_sources": {"src1": {"JWT": foreign}}}
    run.judge(run.sign_in())
    assert get_user_model().objects.get().get_full_name() == "Alice Example"


@module(does="no endpoint that a claim names is ever called")
def test_oidcc_client_test_distributed_claims(run):
    source = {"endpoint": f"{run.op.issuer}/claims", "access_token": "secret"}
    run.op.userinfo.claims |= {"_claim_names": {"name": "src1"}, "_claim_sources": {"src1": source}}
    run.judge(run.sign_in())  # a request to that path would be a violation
