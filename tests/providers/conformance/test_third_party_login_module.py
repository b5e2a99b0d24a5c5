"""The module of third-party-initiated login (OpenID Connect Core 1.0 section 4)."""

from tests.providers.conformance.registry import module


@module(does="an issuer that nobody registered is never contacted")
def test_oidcc_client_test_3rd_party_init_login(run):
    client, issuer = run.browser.client, run.provider.issuer
    assert client.get("/signin", {"iss": f"{issuer}1"}).status_code == 403
    assert run.seen("authorization") == []

    response = client.get("/signin", {"iss": issuer})
    leaving = client.get(response["Location"])
    run.judge(run.browser.arrive(run.op.visit(leaving["Location"])))
