"""Files of others, as they are written in the field: read as their own readers read them."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from providers.models import Provider
from ssoconsole.console.configuration import apply
from tests.providers.openmetadata.conftest import linted
from tests.providers.openmetadata.fixing import fixed
from tests.providers.openmetadata.right_files import COMPOSE, COMPOSE_LIST, ENV, FILE, HELM, PUBLIC_ENV, found
from tests.support.leaks import assert_without

FOREIGN = Path(__file__).parent / "foreign"
SECRET = "s3cret-of-the-client"
OWN = "https://metadata.example/api/v1/system/config/jwks"
TENANT = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555"

FOUND = {
    "azure-v2-discovery.env": [],
    "compose-merge-key.yml": [(10, "secure_socket_enabled")],
    "compose-two-services.yml": [
        (14, "provider_onelogin"),
        (14, "provider_name_missing"),
        (15, "jwks_local"),
        (15, "own_jwks_missing"),
        (16, "braces_left"),
        (17, "missing_key"),
        (18, "callback_path"),
        (19, "default_admin"),
        (19, "admin_is_email"),
        (20, "default_domain"),
        (21, "secure_socket_enabled"),
    ],
    "compose-unbraced-reference.yml": [],
    "discovery-variable-twice.env": [
        (2, "jwks_local"),
        (4, "unknown_key"),
        (5, "discovery_variable"),
        (7, "pkce_disabled"),
    ],
    "helm-enabled-and-endpoint-as-authority.yaml": [
        (10, "provider_name_missing"),
        (17, "authority_not_issuer"),
        (19, "callbacks_differ"),
        (44, "pkce_disabled"),
        (48, "wrong_type"),
        (49, "wrong_type"),
    ],
    "openmetadata-yaml-edited-defaults.yaml": [],
}


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch):
    """Registering asks the provider for its metadata; these addresses are nobody's."""
    monkeypatch.setattr(apply, "_fetch_discovery", lambda *args, **kwargs: None)


def imported(path, **options):
    """The registration that comes of a file, and all that the command says."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("openmetadata_import", str(path), stdout=out, stderr=err, **options)
    except CommandError as error:
        err.write(str(error))
    return Provider.objects.first(), out.getvalue() + err.getvalue()


def written(tmp_path, text):
    path = tmp_path / "given"
    path.write_text(text)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("name", FOUND)
def test_what_is_wrong_with_a_file_is_found_and_nothing_else(name):
    assert [(item["line"], item["code"]) for item in linted(FOREIGN / name)] == FOUND[name]


def test_every_file_of_others_has_its_findings_here():
    assert sorted(FOUND) == sorted(path.name for path in FOREIGN.iterdir())


# Merges, and services each for itself


@pytest.mark.parametrize(
    "merge",
    [
        "x: &x\n{block}services:\n  openmetadata-server:\n    environment:\n      <<: *x\n",
        "x: &x\n{block}services:\n  openmetadata-server:\n    environment: *x\n",
        "x:\n  environment: &x\n{block}services:\n  openmetadata-server:\n    environment:\n      <<: [*x]\n",
        "x: &x\n  environment:\n{block}services:\n  openmetadata-server:\n    <<: *x\n",
    ],
    ids=["merged", "an alias", "a list of merges", "the service"],
)
def test_a_merged_setting_is_judged_where_it_stands(merge):
    block = "".join(line for line in COMPOSE.splitlines(keepends=True)[3:])
    wrong = block.replace("[alice]", "[admin,alice]")
    text = merge.replace("{block}", wrong)
    line = 1 + text[: text.index("[admin,alice]")].count("\n")
    assert found(merge.replace("{block}", block)) == []
    assert [(number, code) for number, code, _ in found(text)] == [(line, "default_admin")]


TWO = COMPOSE + "  {name}:\n    environment:\n      AUTHENTICATION_PROVIDER: custom-oidc\n"


@pytest.mark.parametrize("name", ["other", "a-openmetadata-server", "execute-migrate-all"])
def test_a_setting_of_one_service_is_missing_in_another(name):
    codes = {code for line, code, _ in found(TWO.replace("{name}", name)) if line > len(COMPOSE.splitlines())}
    assert {"missing_key", "default_admin", "default_domain", "provider_name_missing"} == codes


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["before", "behind"])
@pytest.mark.parametrize(
    "server",
    [
        "openmetadata-server:\n",
        "openmetadata_server:\n",
        "om:\n    image: docker.example/openmetadata/server:1.12\n",
    ],
)
def test_the_server_is_the_service_that_is_taken_over(tmp_path, server, where):
    block = COMPOSE.replace("services:\n", "").replace("openmetadata-server:\n", server)
    other = (
        "  migrate:\n    image: docker.example/openmetadata/server:1.12\n    command: ./ops.sh migrate\n"
        "    environment:\n      AUTHENTICATION_PROVIDER: custom-oidc\n"
        "      AUTHENTICATION_AUTHORITY: https://wrong.example\n      AUTHENTICATION_CLIENT_ID: wrong\n"
    )
    text = "services:\n" + (other + block if where == "before" else block + other)
    provider, _ = imported(written(tmp_path, text.replace("${OM_SECRET}", SECRET)))
    assert (provider.issuer, provider.client_id) == ("https://idp.example", "console")


@pytest.mark.django_db
def test_where_nothing_tells_the_server_nothing_is_taken_over(tmp_path):
    provider, said = imported(
        written(tmp_path, TWO.replace("openmetadata-server", "a").replace("{name}", "b"))
    )
    assert provider is None
    assert "which of these services is the server cannot be told; leave one of them: a, b" in said


@pytest.mark.parametrize("more", ["env_file: [./om.env]", "extends: {service: base}"])
def test_what_another_file_may_hold_is_not_called_missing(more):
    text = f"services:\n  om:\n    {more}\n    environment:\n      AUTHENTICATION_PROVIDER: custom-oidc\n"
    assert found(text) == []
    assert [code for _, code, _ in found(text.replace("custom-oidc", "one-login"))] == ["provider_onelogin"]


# References

REFERENCES = ["$MY_SECRET", "${MY_SECRET}", "${MY_SECRET:?}", "a${MY_SECRET}b", "pre-$MY_SECRET", "${A}${B}"]
# As those write them who make such files with a program.
OF_PROGRAMS = [
    "{{ vault_om_secret }}",
    "ref+vault://data/om#/secret",
    "vault:secret/data/om#secret",
    "op://data/om/secret",
    "<path:secret/data/om#secret>",
    "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]",
]


@pytest.mark.parametrize("reference", [*REFERENCES, *OF_PROGRAMS, "${A:-{{ om_secret }}}", "${A:-${B:-}}"])
@pytest.mark.parametrize("text", [COMPOSE, COMPOSE_LIST, ENV.replace(SECRET, "${OM_SECRET}")])
def test_a_reference_is_no_secret_in_clear(text, reference):
    assert found(text.replace("${OM_SECRET}", reference)) == []


@pytest.mark.parametrize("names", [100, 50_000])
def test_a_value_behind_very_many_names_is_read_to_an_end(names):
    text = "AUTHENTICATION_PROVIDER=custom-oidc\nOIDC_CLIENT_SECRET=" + "${A:-" * names + "x" + "}" * names
    assert "missing_key" in [item[1] for item in found(text)]


@pytest.mark.parametrize("form", ["${A:-${B:-{value}}}", "${A-${B-{value}}}", "${A:-${B:-${C:-{value}}}}"])
def test_a_default_behind_a_default_is_the_value(form):
    """Compose looks for one variable behind the other, and takes what stands behind the last."""
    for old, wrong, code in [
        ("${OM_SECRET}", SECRET, "secret_in_clear"),
        ("[alice]", "[admin,alice]", "default_admin"),
        ("https://idp.example/certs", "http://idp.example/certs", "jwks_plain_http"),
    ]:
        value = wrong if old in ("${OM_SECRET}", "[alice]") else f"[{wrong},{OWN}]"
        there = old if old in ("${OM_SECRET}", "[alice]") else f"[{old},{OWN}]"
        told = found(COMPOSE.replace(there, form.replace("{value}", value)))
        assert [item[1] for item in told] == [code]
        assert_without(str(told), SECRET)


def test_a_name_that_is_passed_on_is_no_secret_in_clear():
    line = '      - "OIDC_CLIENT_SECRET=${OM_SECRET}"\n'
    assert found(COMPOSE_LIST.replace(line, "      - OIDC_CLIENT_SECRET\n")) == []
    assert found(COMPOSE.replace('"${OM_SECRET}"', "")) == []


@pytest.mark.parametrize("secret", [SECRET, "pa$$word-of-the-client", "1$", "$1abcdef"])
def test_a_secret_with_a_dollar_sign_that_begins_no_reference_is_one_in_clear(secret):
    ((_, code, fix),) = found(COMPOSE.replace("${OM_SECRET}", secret))
    assert (code, fix) == ("secret_in_clear", '      OIDC_CLIENT_SECRET: "${OIDC_CLIENT_SECRET}"')


@pytest.mark.django_db
@pytest.mark.parametrize("reference", [*REFERENCES, *OF_PROGRAMS, "$OIDC_CLIENT_SECRET_X"])
def test_a_reference_is_never_taken_over_for_a_secret(tmp_path, reference):
    provider, said = imported(written(tmp_path, COMPOSE.replace("${OM_SECRET}", reference)))
    assert provider is None
    assert "client_secret: is not in this file" in said


@pytest.mark.django_db
@pytest.mark.parametrize("reference", ["$OM_CLIENT_SECRET", "${OM_CLIENT_SECRET}", "${OM_CLIENT_SECRET:?}"])
def test_a_whole_reference_says_where_the_secret_is(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("OM_CLIENT_SECRET", "from-the-environment-0123456789")
    provider, said = imported(written(tmp_path, COMPOSE.replace("${OM_SECRET}", reference)))
    assert provider.client_secret == "from-the-environment-0123456789"
    assert_without(said, "from-the-environment-0123456789")


@pytest.mark.django_db
def test_a_name_that_is_passed_on_says_where_the_secret_is(tmp_path, monkeypatch):
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "from-the-environment-0123456789")
    text = COMPOSE_LIST.replace('      - "OIDC_CLIENT_SECRET=${OM_SECRET}"', "      - OIDC_CLIENT_SECRET")
    provider, _ = imported(written(tmp_path, text))
    assert provider.client_secret == "from-the-environment-0123456789"


@pytest.mark.django_db
def test_in_single_quotes_of_an_env_file_a_dollar_sign_is_one(tmp_path):
    provider, _ = imported(written(tmp_path, ENV.replace(f"={SECRET}", "='pa$word-of-the-client'")))
    assert provider.client_secret == "pa$word-of-the-client"


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (COMPOSE, '"https://idp.example"', '"https://$HOST"'),
        (COMPOSE, "https://idp.example/certs", "https://${HOST}/certs"),
        (ENV, "AUTHORITY=https://idp.example\n", "AUTHORITY=https://${HOST}\n"),
        (HELM, '"https://idp.example/certs"', '"${KEYS}"'),
        (HELM, '"alice"', '"${ADMIN}"'),
        (HELM, 'value: "KeyCloak"', "value: $(NAME_OF_IT)"),
        (FILE, '["https://idp.example/certs"', '["https://${HOST}/certs"'),
    ],
)
def test_what_is_elsewhere_in_part_is_not_judged(text, old, new):
    assert old in text
    assert found(text.replace(old, new)) == []


# Values of the chart in files of others


WITHIN = {
    "a chart that has it among its own": "platform:\n  {values}other: {{openmetadata: {{host: x}}}}\n",
    "under the same name": "openmetadata:\n  {values}",
    "Flux": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    {values}",
}


def within(frame, values):
    before = WITHIN[frame].partition("{values}")[0]
    indent = before[before.rindex("\n") + 1 :]
    return WITHIN[frame].format(
        values="".join(f"{indent}{line}\n" for line in values.splitlines())[len(indent) :]
    )


@pytest.mark.django_db
@pytest.mark.parametrize("frame", WITHIN)
def test_values_of_the_chart_are_found_where_another_file_has_them(tmp_path, frame):
    assert found(within(frame, HELM)) == []
    wrong = HELM.replace('"alice"', '"admin","alice"').replace("enabled: true", "enabled: false")
    lines_before = within(frame, HELM).partition("config:")[0].count("\n") - 1
    told = [(line - lines_before, code) for line, code, _ in found(within(frame, wrong))]
    assert told == [(line, code) for line, code, _ in found(wrong)]
    unnamed = wrong.split("extraEnvs:")[0]
    assert "provider_name_missing" in [code for _, code, _ in found(within(frame, unnamed))]
    assert found(fixed(within(frame, unnamed))) == []
    public = HELM.replace('clientType: "confidential"', 'clientType: "public"')
    provider, said = imported(written(tmp_path, within(frame, public)))
    assert provider is not None, said
    assert (provider.issuer, provider.name) == ("https://idp.example", "KeyCloak")


# The chart's switches, the authority and the callbacks


@pytest.mark.parametrize("block", ["authentication", "authorizer", "jwtTokenConfiguration"])
@pytest.mark.parametrize(("value", "codes"), [("true", []), ("false", ["helm_section_off"])])
def test_the_switch_of_a_block_is_read(block, value, codes):
    keys = '    jwtTokenConfiguration:\n      jwtissuer: "corp.example"\n      keyId: "mine"\n'
    text = HELM.replace("extraEnvs:", f"{keys}extraEnvs:").replace(
        f"{block}:\n", f"{block}:\n      enabled: {value}\n"
    )
    told = found(text)
    assert [code for _, code, _ in told] == codes
    assert all(fix == "      enabled: true" for _, _, fix in told)


@pytest.mark.django_db
def test_what_is_switched_off_is_not_taken_over(tmp_path):
    helm = HELM.replace('clientType: "confidential"', 'clientType: "public"')
    off = helm.replace("authorizer:\n", "authorizer:\n      enabled: false\n")
    provider, _ = imported(written(tmp_path, off))
    assert provider.admin_principals == []
    Provider.objects.all().delete()
    off = helm.replace("authentication:\n", "authentication:\n      enabled: false\n")
    provider, said = imported(written(tmp_path, off))
    assert provider is None
    assert ":9: authenticationConfiguration.enabled: is false" in said


ENDPOINTS = {
    "https://idp.example/realms/x/protocol/openid-connect/auth": "https://idp.example/realms/x",
    "https://idp.example/realms/x/protocol/openid-connect/token": "https://idp.example/realms/x",
    "https://idp.example/oauth2/default/v1/authorize": "https://idp.example/oauth2/default",
    "https://idp.example/connect/authorize": "https://idp.example",
    "https://idp.example/oauth2/userinfo/": "https://idp.example",
    "https://idp.example/.well-known/openid-configuration": "https://idp.example",
    "https://acme.onelogin.com/oidc/2/auth": "https://acme.onelogin.com/oidc/2",
    f"{TENANT}/oauth2/v2.0/authorize": f"{TENANT}/v2.0",
    f"{TENANT}/v2.0/.well-known/openid-configuration": f"{TENANT}/v2.0",
    "https://accounts.google.com/o/oauth2/v2/auth": "https://accounts.google.com",
    "https://hydra.example/oauth2/auth": "https://hydra.example",
    "https://idp.example/oauth2/v1/introspect": "https://idp.example",
    "https://idp.example/oidc/logout": "https://idp.example/oidc",
    "https://idp.example/connect/endsession": "https://idp.example",
    "https://idp.example/realms/x/protocol/openid-connect/auth?prompt=login": "https://idp.example/realms/x",
    "https://idp.example/?tenant=x": "https://idp.example",
}


@pytest.mark.django_db
@pytest.mark.parametrize(("endpoint", "issuer"), ENDPOINTS.items())
def test_an_endpoint_is_named_and_not_taken_for_the_issuer(tmp_path, endpoint, issuer):
    text = PUBLIC_ENV.replace("AUTHORITY=https://idp.example", f"AUTHORITY={endpoint}")
    assert found(text) == [(9, "authority_not_issuer", f"AUTHENTICATION_AUTHORITY={issuer}")]
    provider, said = imported(written(tmp_path, text))
    assert provider.issuer == issuer
    assert "The authority is an endpoint" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("provider", "endpoint", "issuer"),
    [
        ("auth0", "https://acme.eu.auth0.com/authorize", "https://acme.eu.auth0.com/"),
        ("auth0", "https://acme.eu.auth0.com/oauth/token", "https://acme.eu.auth0.com/"),
        ("azure", f"{TENANT}/oauth2/v2.0/token", f"{TENANT}/v2.0"),
        ("azure", f"{TENANT}/v2.0/.well-known/openid-configuration", f"{TENANT}/v2.0"),
        ("google", "https://accounts.google.com/o/oauth2/v2/auth", "https://accounts.google.com"),
        ("okta", "https://acme.okta.com/oauth2/default/v1/authorize", "https://acme.okta.com/oauth2/default"),
        ("okta", "https://acme.okta.com/oauth2/default/", "https://acme.okta.com/oauth2/default"),
    ],
)
def test_so_is_one_of_a_provider_that_has_a_kind_of_its_own(tmp_path, provider, endpoint, issuer):
    text = PUBLIC_ENV.replace("PROVIDER=custom-oidc", f"PROVIDER={provider}")
    path = written(tmp_path, text.replace("AUTHORITY=https://idp.example", f"AUTHORITY={endpoint}"))
    assert imported(path)[0].issuer == issuer


@pytest.mark.django_db
@pytest.mark.parametrize("base", ["https://wso2.example:9443", "https://api.asgardeo.example/t/corp"])
def test_an_issuer_that_is_called_as_its_token_endpoint_is_known_by_its_keys(tmp_path, base):
    keys, issuer = f"{base}/oauth2/jwks", f"{base}/oauth2/token"
    text = PUBLIC_ENV.replace("AUTHORITY=https://idp.example", f"AUTHORITY={issuer}")
    assert [code for _, code, _ in found(text)] == ["authority_not_issuer"]
    right = text.replace("https://idp.example/certs", keys)
    assert found(right) == []
    assert imported(written(tmp_path, right))[0].issuer == issuer


@pytest.mark.django_db
def test_behind_an_endpoint_the_discovery_document_names_the_issuer(tmp_path, monkeypatch):
    monkeypatch.setenv("OM_SECRET", "from-the-environment-0123456789")
    provider, _ = imported(
        FOREIGN / "helm-enabled-and-endpoint-as-authority.yaml", client_secret_env="OM_SECRET"
    )
    assert provider.issuer == "https://sso.corp.example/realms/data"
    assert provider.admin_principals == ["platform-admin@corp.example"]


@pytest.mark.parametrize(
    "issuer", ["https://idp.example/auth", "https://idp.example/keys/of/x", "https://auth.example"]
)
def test_an_issuer_with_a_path_is_no_endpoint(issuer):
    text = PUBLIC_ENV.replace("AUTHORITY=https://idp.example", f"AUTHORITY={issuer}")
    assert found(text) == []


@pytest.mark.parametrize(
    ("main", "other", "kept"),
    [
        ("http://localhost:8585/callback", "https://om.example/callback", "https://om.example/callback"),
        ("https://om.example/callback", "http://localhost:8585/callback", "https://om.example/callback"),
        ("http://om.example/callback", "https://om.example/callback", "https://om.example/callback"),
        ("http://127.0.0.1:8585/callback", "http://om.example/callback", "http://om.example/callback"),
        ("https://a.example/callback", "https://b.example/callback", "https://a.example/callback"),
        ("https://openmetadata:8585/callback", "http://om.example/callback", "http://om.example/callback"),
        ("http://om.example/callback", "https://om.data.svc/callback", "http://om.example/callback"),
        ("http://[::1]:8585/callback", "http://10.0.0.5/callback", "http://10.0.0.5/callback"),
    ],
)
def test_of_two_callbacks_the_one_that_others_reach_is_kept(main, other, kept):
    text = ENV.replace("CALLBACK_URL=https://metadata.example/callback", f"CALLBACK_URL={main}").replace(
        "OIDC_CALLBACK=https://metadata.example/callback", f"OIDC_CALLBACK={other}"
    )
    ((_, code, fix),) = found(text)
    name = "OIDC_CALLBACK" if kept == main else "AUTHENTICATION_CALLBACK_URL"
    assert (code, fix) == ("callbacks_differ", f"{name}={kept}")


@pytest.mark.parametrize(
    "authority", [TENANT, f"{TENANT}/v2.0", f"{TENANT}/", f"{TENANT.upper().replace('HTTPS', 'https')}"]
)
@pytest.mark.parametrize("discovery", [TENANT, f"{TENANT}/v2.0"])
@pytest.mark.parametrize("provider", ["azure", "custom-oidc"])
def test_both_names_of_a_tenant_are_one_issuer(provider, authority, discovery):
    text = (
        ENV.replace("PROVIDER=custom-oidc", f"PROVIDER={provider}")
        .replace("AUTHORITY=https://idp.example", f"AUTHORITY={authority}")
        .replace("DISCOVERY_URI=https://idp.example", f"DISCOVERY_URI={discovery}")
    )
    assert found(text) == []
    another = text.replace(f"DISCOVERY_URI={discovery}", f"DISCOVERY_URI={discovery.replace('1111', '9999')}")
    assert [code for _, code, _ in found(another)] == ["discovery_of_another"]


@pytest.mark.django_db
@pytest.mark.parametrize("client_id", ["4e10", "0123", "123456789012345678901", "2026-01-01", "no", "1:30"])
def test_a_client_id_that_looks_like_something_else_is_taken_over_as_it_is(tmp_path, client_id):
    provider, said = imported(
        written(tmp_path, PUBLIC_ENV.replace("CLIENT_ID=console", f"CLIENT_ID={client_id}"))
    )
    assert provider is not None, said
    assert provider.client_id == client_id


ENTRA_BY_NAME = "https://login.microsoftonline.com/corp.onmicrosoft.com"


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["azure", "custom-oidc"])
@pytest.mark.parametrize("authority", [TENANT, f"{TENANT}/", f"{TENANT}/v2.0", ENTRA_BY_NAME])
@pytest.mark.parametrize("discovery", [TENANT, f"{TENANT}/v2.0"])
def test_of_entra_only_the_second_versions_issuer_is_taken_over(tmp_path, provider, authority, discovery):
    text = (
        ENV.replace("PROVIDER=custom-oidc", f"PROVIDER={provider}")
        .replace("AUTHORITY=https://idp.example", f"AUTHORITY={authority}")
        .replace("DISCOVERY_URI=https://idp.example", f"DISCOVERY_URI={discovery}")
    )
    assert found(text) == []
    assert imported(written(tmp_path, text))[0].issuer == f"{TENANT}/v2.0"


@pytest.mark.django_db
@pytest.mark.parametrize("authority", [ENTRA_BY_NAME, "https://login.microsoftonline.com/common/v2.0"])
def test_a_tenant_whose_id_is_not_in_the_file_is_not_taken_over(tmp_path, authority):
    text = PUBLIC_ENV.replace("PROVIDER=custom-oidc", "PROVIDER=azure")
    provider, said = imported(
        written(tmp_path, text.replace("AUTHORITY=https://idp.example", f"AUTHORITY={authority}"))
    )
    assert (provider, "names no single tenant" in said) == (None, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "scope", ["openid+email+profile", '"openid, email, profile"', "openid,email,profile"]
)
def test_scopes_without_a_blank_between_them_are_taken_over_apart(tmp_path, scope):
    text = ENV.replace('SCOPE="openid email profile"', f"SCOPE={scope}")
    assert imported(written(tmp_path, text))[0].scopes == ["openid", "email", "profile"]


@pytest.mark.django_db
def test_parameters_are_taken_over_as_the_server_sends_them(tmp_path):
    text = ENV + 'OIDC_CUSTOM_PARAMS=\'{"hd":"corp.example","offline":true,"level":2}\'\n'
    provider, _ = imported(written(tmp_path, text))
    assert provider.extra_params == {"hd": "corp.example", "offline": "true", "level": "2"}


# Defaults behind variables


@pytest.mark.django_db
def test_what_somebody_wrote_behind_a_variable_is_taken_over_with_a_note(monkeypatch):
    monkeypatch.setenv("OM_SECRET", "from-the-environment-0123456789")
    provider, said = imported(
        FOREIGN / "openmetadata-yaml-edited-defaults.yaml", client_secret_env="OM_SECRET"
    )
    assert provider.signing_algs == ["RS512"]
    assert (provider.response_type, provider.pkce) == ("code", True)
    assert (provider.leeway, provider.max_age, provider.prompt) == (30, 900, "login")
    assert provider.token_endpoint_auth_method == "client_secret_basic"
    assert provider.admin_principals == ["platform-admin@corp.example"]
    assert "OIDC_MAX_AGE" in said
    assert "OIDC_SCOPE" not in said


@pytest.mark.django_db
def test_what_is_shipped_behind_a_variable_is_nobodys_choice(tmp_path):
    shipped = FILE.replace(
        "    disablePkce: false\n", "    disablePkce: ${OIDC_DISABLE_PKCE:-true}\n"
    ).replace(
        '    tenant: ""\n',
        '    maxAge: ${OIDC_MAX_AGE:-"0"}\n    prompt: ${OIDC_PROMPT_TYPE:-"consent"}\n    tenant: ""\n',
    )
    provider, _ = imported(written(tmp_path, shipped.replace(':-""}', f':-"{SECRET}"}}')))
    assert (provider.pkce, provider.max_age, provider.prompt) == (True, None, "")
    assert provider.client_secret == SECRET


# A file of which nothing is read


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "A=1\nDB_HOST=db\n",
        "services: {mysql: {environment: {MYSQL_USER: om}}}\n",
        "services: {openmetadata-server: {image: x}}\n",
        "openmetadata: {config: {elasticsearch: {host: x}}}\n",
        "extraEnvs: [{name: A, value: b}]\n",
        "authenticationConfiguration:\n",
        "authorizerConfiguration: {}\n",
        "#!/bin/sh\necho hello\n",
        "#!/bin/sh\nexport A=1\n",
    ],
)
def test_where_nothing_is_recognised_the_linter_says_so(tmp_path, text):
    (item,) = linted(written(tmp_path, text))
    assert (item["line"], item["code"]) == (1, "unrecognised")
    assert "othing was recognised" in item["message"]


def test_a_script_that_sets_variables_is_read():
    script = "#!/bin/sh\nset -e\n" + "".join(f"export {line}\n" for line in ENV.splitlines()[1:])
    assert found(script) == []
    assert [code for _, code, _ in found(script.replace("[alice]", "[admin]"))] == ["default_admin"]
