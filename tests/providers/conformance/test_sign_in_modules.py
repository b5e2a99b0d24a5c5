"""The modules of the Basic and Form Post plans: one sign-in each, at a provider that lies in one detail."""

from django.contrib.auth import get_user_model

from providers.models import Identity
from tests.providers.conformance.registry import module
from tests.support.scripted.client import SECRET


@module()
def test_oidcc_client_test(run):
    run.judge(run.sign_in())


@module(refuses="issuer_mismatch")
def test_oidcc_client_test_invalid_iss(run):
    run.op.id_token.append("iss")
    run.judge(run.sign_in())


@module(refuses="missing_claim")
def test_oidcc_client_test_missing_sub(run):
    run.op.id_token.remove("sub")
    run.judge(run.sign_in())


@module(refuses="audience_mismatch")
def test_oidcc_client_test_invalid_aud(run):
    run.op.id_token.append("aud")
    run.judge(run.sign_in())


@module(refuses="missing_claim")
def test_oidcc_client_test_missing_iat(run):
    run.op.id_token.remove("iat")
    run.judge(run.sign_in())


@module(does="the one key that fits RS256 is taken, among others of every kind")
def test_oidcc_client_test_kid_absent_single_jwks(run):
    keys = run.op.keys
    fitting, *others = keys.rsa[0], keys.ec[0], keys.secp256k1, keys.ed25519, keys.rsa_enc, keys.ec_enc
    run.op.jwks.publish(*(key.jwk(kid=None) for key in (*others, fitting)))
    run.op.id_token.remove_header("kid")
    run.judge(run.sign_in())


@module(refuses="ambiguous_key", does="keys are not tried one after the other")
def test_oidcc_client_test_kid_absent_multiple_jwks(run):
    run.op.jwks.publish(*(key.jwk(kid=None) for key in run.op.keys.crowd))
    run.op.id_token.remove_header("kid")
    run.judge(run.sign_in())


@module()
def test_oidcc_client_test_idtoken_sig_rs256(run):
    assert run.op.metadata()["id_token_signing_alg_values_supported"] == ["RS256"]
    run.judge(run.sign_in())
    assert run.provider.signing_algs == ["RS256"]


@module(refuses="algorithm_refused", does="in every flow")
def test_oidcc_client_test_idtoken_sig_none(run):
    run.op.discovery["id_token_signing_alg_values_supported"] = ["none", "RS256"]
    run.op.id_token.alg_none()
    run.judge(run.sign_in())


@module(refuses="signature_invalid", does="also where the token came over TLS")
def test_oidcc_client_test_invalid_sig_rs256(run):
    run.op.id_token.break_signature()
    run.judge(run.sign_in())


@module(refuses="userinfo_subject_mismatch", does="none of its claims is used")
def test_oidcc_client_test_userinfo_invalid_sub(run):
    run.op.userinfo.append("sub", "invalid")
    run.judge(run.sign_in())


@module(refuses="nonce_mismatch")
def test_oidcc_client_test_nonce_invalid(run):
    run.op.id_token.append("nonce")
    run.judge(run.sign_in())


@module(does="a nonce of 43 URL-safe characters, new for each sign-in")
def test_oidcc_client_test_nonce_unless_code_flow(run):
    run.judge(run.sign_in())
    first = run.asked()["nonce"]
    run.judge(run.sign_in())
    assert run.asked()["nonce"] != first


@module(does="asks for `email`, `profile` and, at OneLogin, `groups`; reads their claims where they are")
def test_oidcc_client_test_scope_userinfo_claims(run):
    run.judge(run.sign_in())
    assert {"openid", "email", "profile"} <= set(run.asked()["scope"].split())
    user = get_user_model().objects.get()
    assert (user.email, user.username) == ("alice@corp.example", "alice@corp.example")
    assert user.get_full_name() == "Alice Example"
    assert Identity.objects.get().sub == "subject-1"


@module(does="ID and secret are form-urlencoded first")
def test_oidcc_client_test_client_secret_basic(run):
    run.op.client.token_endpoint_auth_method, run.op.client.client_secret = "client_secret_basic", SECRET
    run.judge(run.sign_in())
    [request] = run.op.requests_to("token")
    assert request.headers["authorization"].startswith("Basic ")
    assert not {"client_secret", "client_assertion"} & request.form.keys()
