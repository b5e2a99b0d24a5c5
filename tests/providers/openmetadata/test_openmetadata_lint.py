"""Every other cause of a failing sign-in that a file shows, and files that are none."""

import json
import time

import pytest

from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.check import MOST_FINDINGS, lint
from providers.protocol.openmetadata.lint.facts import Facts, Registration
from providers.protocol.openmetadata.schema import OTHER_VARIABLES
from tests.providers.openmetadata.conftest import registration, run
from tests.providers.openmetadata.right_files import (
    COMPOSE,
    COMPOSE_LIST,
    ENV,
    FILE,
    HELM,
    PUBLIC_ENV,
    found,
    with_line,
    without_line,
)
from tests.support.leaks import assert_without

OWN = "https://metadata.example/api/v1/system/config/jwks"
KEYS = f"AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/certs,{OWN}]"
SECRET = "s3cret-of-the-client"
HERE = Registration(
    issuer="https://idp.example",
    client_id="console",
    callback_url="https://console.example/callback/corp",
    jwks_uri="https://idp.example/certs",
    signing_algs=["RS256"],
    principal_claims=["email", "sub"],
    allowed_email_domains=["corp.example", "b.example"],
)
FACTS = Facts([HERE], base_url="https://console.example")


@pytest.mark.parametrize(
    ("old", "new", "code", "fix"),
    [
        (KEYS, "AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/certs]", "own_jwks_missing", KEYS),
        (
            KEYS,
            f"AUTHENTICATION_PUBLIC_KEYS=[{OWN}]",
            "provider_jwks_missing",
            f'AUTHENTICATION_PUBLIC_KEYS=["<the jwks_uri of the provider>","{OWN}"]',
        ),
        (KEYS, f"AUTHENTICATION_PUBLIC_KEYS=[http://idp.example/certs,{OWN}]", "jwks_plain_http", KEYS),
        (
            KEYS,
            "AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/certs,http://localhost:8585/api/v1/system/config/jwks]",
            "jwks_local",
            KEYS.replace("[", '["')
            .replace(",", '","')
            .replace("]", '"]')
            .replace("https://metadata.example", "https://<a name that the server can reach>"),
        ),
        (
            KEYS,
            f"AUTHENTICATION_PUBLIC_KEYS=[https://127.0.0.1/certs,{OWN}]",
            "jwks_local",
            f'AUTHENTICATION_PUBLIC_KEYS=["https://<a name that the server can reach>/certs","{OWN}"]',
        ),
        (
            KEYS,
            f"AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/oauth2/v1/keys,{OWN}]\nAUTHENTICATION_X=",
            "unknown_key",
            "# AUTHENTICATION_X has no meaning",
        ),
        (KEYS, f"AUTHENTICATION_PUBLIC_KEYS=https://idp.example/certs,{OWN}", "wrong_type", KEYS),
        (
            "JWT_KEY_ID=7f1d2c1e-0000-4000-8000-000000000001",
            "JWT_KEY_ID=Gb389a-9f76-gdjs-a92j-0242bk94356",
            "demo_key_id",
            "JWT_KEY_ID=<a UUID of your own>",
        ),
        (
            "RSA_PUBLIC_KEY_FILE_PATH=/etc/openmetadata/jwtkeys/public_key.der",
            "RSA_PUBLIC_KEY_FILE_PATH=./conf/public_key.der",
            "key_path_relative",
            "RSA_PUBLIC_KEY_FILE_PATH=/opt/openmetadata/conf/public_key.der",
        ),
        (
            "OIDC_PROMPT_TYPE=select_account",
            "OIDC_PROMPT_TYPE=none",
            "prompt_none",
            "OIDC_PROMPT_TYPE=select_account",
        ),
        (
            'OIDC_SCOPE="openid email profile"',
            "OIDC_SCOPE=profile",
            "scope_missing",
            'OIDC_SCOPE="openid email profile"',
        ),
        *(
            ('OIDC_SCOPE="openid email profile"', wrong, "scope_missing", 'OIDC_SCOPE="openid email profile"')
            for wrong in ("OIDC_SCOPE=openid+email+profile", 'OIDC_SCOPE="openid, email, profile"')
        ),
        (KEYS, KEYS.replace(",", " "), "wrong_value", KEYS),
        *(
            (
                "JWT_ISSUER=corp.example",
                f"JWT_ISSUER=corp.example\nAUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING={wrong}",
                "wrong_type",
                "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING=[username:sub,email:mail]",
            )
            for wrong in (
                "[username: sub, email: mail]",
                "{username: sub, email: mail}",
                "username:sub,email:mail",
            )
        ),
        (KEYS, KEYS.replace(",", " ").replace("[", "").replace("]", ""), "wrong_type", KEYS),
        (
            "OIDC_CALLBACK=https://metadata.example/callback",
            "OIDC_CALLBACK=https://other.example/callback",
            "callbacks_differ",
            "OIDC_CALLBACK=https://metadata.example/callback",
        ),
        (
            "AUTHENTICATION_CALLBACK_URL=https://metadata.example/callback",
            "AUTHENTICATION_CALLBACK_URL=https://metadata.example/callback/",
            "callback_path",
            "AUTHENTICATION_CALLBACK_URL=https://metadata.example/callback",
        ),
        (
            "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration",
            "OIDC_DISCOVERY_URI=https://other.example/.well-known/openid-configuration",
            "discovery_of_another",
            "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration",
        ),
        (
            "AUTHORIZER_ADMIN_PRINCIPALS=[alice]",
            "AUTHORIZER_ADMIN_PRINCIPALS=[admin,alice]",
            "default_admin",
            "AUTHORIZER_ADMIN_PRINCIPALS=[alice]",
        ),
        (
            "AUTHORIZER_PRINCIPAL_DOMAIN=corp.example",
            "AUTHORIZER_PRINCIPAL_DOMAIN=open-metadata.org",
            "default_domain",
            "AUTHORIZER_PRINCIPAL_DOMAIN='\"<your domain>\"'",
        ),
        (
            "AUTHENTICATION_PROVIDER=custom-oidc",
            "AUTHENTICATION_PROVIDER=one-login",
            "provider_onelogin",
            "AUTHENTICATION_PROVIDER=custom-oidc",
        ),
        (
            "AUTHENTICATION_CLIENT_TYPE=confidential",
            "AUTHENTICATION_CLIENT_TYPE=Confidential",
            "wrong_value",
            "AUTHENTICATION_CLIENT_TYPE=confidential",
        ),
        (
            "OIDC_DISABLE_PKCE=false",
            "OIDC_DISABLE_PKCE=no",
            "wrong_type",
            "OIDC_DISABLE_PKCE=false",
        ),
        ("OIDC_TYPE=custom-oidc", "OIDC_TYPO=custom-oidc", "unknown_key", "OIDC_TYPE=custom-oidc"),
        ("OIDC_TYPE=custom-oidc", "this is no assignment", "malformed_line", "NAME=value"),
        ("OIDC_TYPE=custom-oidc", 'OIDC_TYPE="custom-oidc" x', "malformed_line", "NAME=value"),
        ("OIDC_TYPE=custom-oidc", "OIDC_SESSION_EXPIRY=60", "wrong_value", "OIDC_SESSION_EXPIRY=3600"),
        (
            "OIDC_TYPE=custom-oidc",
            "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING=[username:upn,mail:mail]",
            "claims_mapping_invalid",
            "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING=[username:upn,email:email]",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=HS256",
            "wrong_value",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=RS256",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "OIDC_PREFERRED_JWS=ES256",
            "algorithm_mismatch",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=ES256",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "FORCE_SECURE_SESSION_COOKIE=false",
            "cookie_not_secure",
            "FORCE_SECURE_SESSION_COOKIE=true",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "FERNET_KEY=jJ/9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA=",
            "demo_fernet_key",
            "FERNET_KEY=<a Fernet key of your own>",
        ),
        ("OIDC_TYPE=custom-oidc", "export OIDC_SCOPE='openid'", "duplicate_key", None),
    ],
)
def test_what_is_wrong_with_a_line_is_named_there_with_what_to_write(old, new, code, fix):
    text, number = with_line(ENV, old, new)
    told = found(text)
    lines = {number, *(line for line, other, _ in told if other in ("algorithm_mismatch", "duplicate_key"))}
    matching = [item for item in told if item[1] == code and item[0] in (*lines, number + 1)]
    assert matching, told
    assert fix is None or matching[0][2] == fix


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (ENV, "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration", "discovery_missing"),
        (ENV, "OIDC_CLIENT_SECRET=s3cret-of-the-client", "missing_key"),
        (ENV, "AUTHENTICATION_AUTHORITY=https://idp.example", "missing_key"),
        (PUBLIC_ENV, KEYS, "missing_key"),
        (ENV, "JWT_KEY_ID=7f1d2c1e-0000-4000-8000-000000000001", "key_id_missing"),
        (ENV, "AUTHORIZER_ADMIN_PRINCIPALS=[alice]", "default_admin"),
        (ENV, "AUTHORIZER_PRINCIPAL_DOMAIN=corp.example", "default_domain"),
        (FILE, 'principalDomain: "corp.example"', "default_domain"),
        (HELM, 'clientId: "console"', "missing_key"),
    ],
)
def test_what_is_missing_is_named_with_the_line_to_add(text, line, code):
    told = found(without_line(text, line))
    assert [other for _, other, _ in told] == [code]
    assert told[0][2].strip().split("=")[0].split(":")[0] in line


@pytest.mark.parametrize(
    ("text", "old", "new", "code", "fix"),
    [
        (HELM, 'tokenValidity: "3600"', "tokenValidity: 3600", "wrong_type", 'tokenValidity: "3600"'),
        (HELM, "disablePkce: false", 'disablePkce: "false"', "wrong_type", "disablePkce: false"),
        (
            HELM,
            'authority: "https://idp.example"',
            'authority: "https://idp.example"\n      publicKeyUrls: ["https://idp.example/certs"]',
            "unknown_key",
            "# publicKeyUrls has no meaning, and publicKeys is here",
        ),
        (HELM, 'initialAdmins: ["alice"]', "initialAdmins: alice", "wrong_type", 'initialAdmins: ["alice"]'),
        (
            HELM,
            'initialAdmins: ["alice"]',
            "initialAdmins: [10042]",
            "wrong_type",
            'initialAdmins: ["10042"]',
        ),
        (
            FILE,
            'adminPrincipals: ["alice"]',
            'initialAdmins: ["alice"]',
            "unknown_key",
            'adminPrincipals: ["alice"]',
        ),
        (
            FILE,
            'providerName: "KeyCloak"',
            'providrName: "KeyCloak"',
            "unknown_key",
            'providerName: "KeyCloak"',
        ),
        (
            FILE,
            'secret: ${OIDC_CLIENT_SECRET:-""}',
            f"secret: {SECRET}",
            "secret_in_clear",
            'secret: ${OIDC_CLIENT_SECRET:-""}',
        ),
        (
            HELM,
            "clientSecret: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-secret}",
            f'clientSecret: "{SECRET}"',
            "secret_in_clear",
            "clientSecret: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-secret}",
        ),
        (
            HELM,
            'value: "KeyCloak"',
            f'value: "KeyCloak"\n  - name: OIDC_CLIENT_SECRET\n    value: "{SECRET}"',
            "wrong_type",
            None,
        ),
    ],
)
def test_the_yaml_forms_are_held_to_their_own_names_and_types(text, old, new, code, fix):
    if fix is None:
        text = without_line(
            text, "clientSecret: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-secret}"
        )
        code = "secret_in_clear"
    spoilt, _ = with_line(text, old, new)
    told = found(spoilt)
    assert any(other == code and (fix is None or shown.strip() == fix) for _, other, shown in told), told
    assert_without(str(told), SECRET)


@pytest.mark.parametrize(
    ("old", "new", "code", "fix"),
    [
        (
            "AUTHENTICATION_CALLBACK_URL=https://metadata.example/callback",
            "AUTHENTICATION_CALLBACK_URL=https://console.example/callback",
            "callback_not_registered",
            "AUTHENTICATION_CALLBACK_URL=https://console.example/callback/corp",
        ),
        (
            KEYS,
            f"AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/other,{OWN}]",
            "provider_jwks_mismatch",
            KEYS,
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS=[sub,email]",
            "claim_order",
            "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS=[email,sub]",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN=true",
            "domain_not_allowed",
            "AUTHORIZER_ALLOWED_DOMAINS=[corp.example,b.example]",
        ),
        (
            "OIDC_TYPE=custom-oidc",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=ES256",
            "algorithm_mismatch",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=RS256",
        ),
    ],
)
def test_a_file_is_held_against_the_registration_with_its_issuer_and_client(old, new, code, fix):
    text, number = with_line(ENV, old, new)
    assert found(ENV, FACTS) == []
    assert found(text, FACTS) == [(number, code, fix)]
    assert code not in [other for _, other, _ in found(text.replace("=console\n", "=other\n"), FACTS)]


def test_okta_publishes_the_keys_of_each_authorization_server_apart():
    text = PUBLIC_ENV.replace("https://idp.example/certs", "https://acme.okta.com/oauth2/v1/keys").replace(
        "AUTHORITY=https://idp.example", "AUTHORITY=https://acme.okta.com/oauth2/default"
    )
    ((line, code, fix),) = found(text)
    assert (line, code) == (8, "provider_jwks_mismatch")
    assert "[https://acme.okta.com/oauth2/default/v1/keys," in fix


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unrecognised"),
        (b"\x00\x01\x02", "malformed"),
        (b"A=1\n\xff\xfe", "malformed"),
        (b"a: [", "malformed"),
        (b"a: b\n---\nc: d\n", "malformed"),
        (b"[" * 50, "malformed"),
        (b"A=1\n" * 300_000, "malformed"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nopenmetadata: " + b"[*b, *b]", "unrecognised"),
        (b"openmetadata: !!python/object/apply:os.system [id]\n", "malformed"),
        (b"authenticationConfiguration:\n  provider: basic\n  provider: saml\n", "duplicate_key"),
        (b"A='", "malformed_line"),
        (b"provider: custom-oidc\n", "unrecognised"),
        (b"authenticationConfiguration: 7\nauthorizerConfiguration: [1]\n", "unrecognised"),
        (b"openmetadata:\n  config: [1]\nextraEnvs: [1, {name: 2}, {name: OIDC_SCOPE}]\n", None),
        (
            b"services: {a: 1, b: {environment: [1, OIDC_SCOPE]}, c: {environment: {OIDC_SCOPE: null}}}\n",
            None,
        ),
    ],
)
def test_what_is_no_configuration_is_a_finding_and_never_an_error(content, code):
    told = lint(content)
    assert [finding.code.value for finding in told] == ([code] if code else [])


def test_a_bomb_of_aliases_is_defused():
    layers = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    layers += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert [finding.code.value for finding in lint("\n".join(layers).encode())] == ["malformed"]


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize("end", ["", "\nSOMETHING={mark}quoted{mark}\n"])
def test_behind_an_unclosed_quotation_mark_the_other_lines_are_read(mark, end):
    text = ENV.replace(f"OIDC_CLIENT_SECRET={SECRET}", f"OIDC_CLIENT_SECRET={mark}{SECRET}")
    told = found(text + end.format(mark=mark))
    assert [(line, code) for line, code, _ in told] == [(13, "missing_key"), (14, "malformed_line")]
    wrong = found(text.replace("[alice]", "[admin]").replace("openid email profile", "profile"))
    assert {"default_admin", "scope_missing"} < {code for _, code, _ in wrong}
    assert_without(str(told), SECRET)


def test_an_unclosed_quotation_mark_does_not_cost_more_than_the_file():
    told = lint(b'A="' + b"\\\n" * 400_000)
    assert [finding.code.value for finding in told] == ["malformed_line"]


@pytest.mark.parametrize(
    "line",
    [
        "eyJ" * 300_000,
        "AUTHENTICATION_PUBLIC_KEYS=[" + ",".join(["http://localhost"] * 50_000) + "]",
        "\n".join(f"AUTHENTICATION_X{number}=1" for number in range(40_000)),
        "AUTHENTICATION_AUTHORITY=" + "{" * 900_000,
        "AUTHENTICATION_AUTHORITY=" + "${" * 400_000,
        "OIDC_CLIENT_SECRET=" + "\\" * 900_000,
        'A="' + "\\" * 900_000,
        " " * 900_000 + "export",
    ],
    ids=["tokens", "urls", "strays", "braces", "dollars", "secret", "backslashes", "blanks"],
)
def test_no_line_costs_more_than_its_length(line):
    before = time.process_time()
    lint(f"A=1\n{line}\n".encode())
    assert time.process_time() - before < 20


@pytest.mark.parametrize(
    "environment",
    [
        "*x",
        "{AUTHENTICATION_PROVIDER: custom-oidc}",
        "{AUTHENTICATION_A%d: 1, OIDC_B%d: 2, AUTHORIZER_C%d: 3}",
    ],
    ids=["one block", "one setting", "strays"],
)
def test_very_many_services_cost_no_more_than_the_file(environment):
    block = "".join(COMPOSE.splitlines(keepends=True)[3:12]).replace("[alice]", "[admin]")

    def seconds(number):
        services = (f"  s{n}: {{environment: {environment.replace('%d', str(n))}}}\n" for n in range(number))
        before = time.process_time()
        assert lint(f"x: &x\n{block}services:\n{''.join(services)}".encode())
        return time.process_time() - before

    assert (
        seconds(1_500) < 15 * seconds(150) + 0.3
    )  # what grows with the square takes a hundred times as long


@pytest.mark.parametrize(
    "line",
    [
        "AUTHENTICATION_PUBLIC_KEYS=[http://user:hunter2hunter2@idp.example/certs]",
        "AUTHENTICATION_AUTHORITY={https://idp.example/?client_secret=hunter2hunter2}",
        "OIDC_CLIENT_SECERT=hunter2hunter2",
        "OIDC_SECRET=hunter2hunter2",
        "OIDC_CLIENT_SERCET=pa${X}hunter2hunter2",
        "OIDC_CLIENT_SERCET=${X:?hunter2hunter2}",
        "OIDC_CLIENT_SERCET=${X}\nOIDC_CLIENT_SECRET='hunter2 hunter2'\nOIDC_CLIENT_SECRET=x\nOIDC_TYP=hunter2 hunter2",
        "services: {a: {environment: {OIDC_CLIENT_SERCET: 'hunter2hunter2$X'}}}",
        "AUTHENTICATION_PASSWORD=hunter2hunter2",
        "OIDC_CLIENT_SECRET=hunter2hunter2\nOIDC_CLIENT_SECRET=x\nAUTHENTICATION_PROVIDER=hunter2hunter2",
        "authenticationConfiguration: {oidcConfiguration: {secret: {hunter2hunter2: x}, Secret: hunter2hunter2}}",
        "openmetadata: {config: {authentication: {oidcConfiguration: {clientSecret: {value: hunter2hunter2}}}}}",
        "authenticationConfiguration: {oidcConfiguration: {secret: pa$hunter2hunter2}}",
        "authenticationConfiguration: {oidcConfiguration: {secret: [hunter2hunter2]}}",
        "authenticationConfiguration: {oidcConfiguration: {secret: '${S:-hunter2hunter2}'}}",
    ],
)
def test_no_finding_repeats_a_secret(line):
    told = found(f"{line}\n")
    assert told
    assert_without(lint(f"{line}\n".encode()), "hunter2")


@pytest.mark.parametrize(
    ("block", "codes"),
    [
        ("authority: {}", {"wrong_type"}),
        ("enableSelfSignup: 'on'", {"wrong_type"}),
        ("publicKeyUrls: [{public key url}, {your domain}]", {"braces_left"}),
        ("publicKeyUrls: '{public key url}, x'", {"braces_left"}),
        ("clientId: 7\n  callbackUrl: '${URL}/callback'\n  authority: '${A:?}'", set()),
        ("sessionExpiry: soon\n  maxActiveSessionsPerUser: true", {"wrong_type"}),
        ("jwtPrincipalClaimsMapping: [username]", {"claims_mapping_invalid"}),
        ("publicKeyUrls: ['http://[::1/x', 'https://a.localhost/x']", {"jwks_local", "own_jwks_missing"}),
        ("principalDomain: x", {"unknown_key"}),
    ],
)
def test_odd_values_of_openmetadata_yaml_are_findings(block, codes):
    text = f"authenticationConfiguration:\n  provider: okta\n  {block}\n"
    assert {code for _, code, _ in found(text)} == codes


def test_the_chart_takes_the_client_id_of_the_flow_from_a_secret_too():
    text, number = with_line(HELM, 'oidcType: "custom-oidc"', "clientId: console")
    fix = "        clientId: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-id}"
    assert found(text) == [(number, "wrong_type", fix)]


def test_a_name_that_the_chart_has_no_value_for_is_added_as_a_variable():
    ((_, code, fix),) = found(HELM.split("extraEnvs:")[0])
    assert code == "provider_name_missing"
    assert fix == 'extraEnvs:\n  - name: CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME\n    value: "SSO"'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTHENTICATION_ENABLE_AUTO_REDIRECT", "true"),
        ("OIDC_SESSION_EXPIRY", "86400"),
        ("AUTHENTICATION_MAX_ACTIVE_SESSIONS_PER_USER", "9"),
    ],
)
def test_kubernetes_takes_no_variable_that_is_not_a_text(name, value):
    text = HELM + f"  - name: {name}\n    value: "
    assert found(f'{text}"{value}"\n') == []
    assert found(f"{text}{value}\n") == [(27, "wrong_type", f'    value: "{value}"')]


def test_of_a_variable_that_the_chart_is_given_twice_the_first_can_go_whole():
    pair = '  - name: OIDC_SCOPE\n    value: "openid email"\n'
    assert found(HELM + pair + pair) == [(26, "duplicate_key", "# one OIDC_SCOPE is enough")]


def test_a_wrong_variable_keeps_its_way_of_being_written():
    helm = "extraEnvs:\n  - name: OIDC_TYPO\n    value: custom-oidc\n"
    compose = "services: {a: {environment: {OIDC_TYPO: 7, AUTHORIZER_ADMIN_PRINCIPALS: true}, b: 1}}\n"
    assert found(helm) == [(2, "unknown_key", '  - name: OIDC_TYPE\n    value: "custom-oidc"')]
    assert [code for _, code, _ in found(compose)] == ["unknown_key", "wrong_type"]


def test_of_very_many_findings_the_first_are_told():
    told = lint(b"A=1\n" + b"no assignment\n" * 1000)
    assert len(told) == MOST_FINDINGS + 1
    assert told[-1].code == Code.MORE_FINDINGS


def test_env_lines_are_read_as_docker_reads_them():
    lines = [
        "# a comment",
        "export AUTHENTICATION_PROVIDER='custom-oidc' # and another",
        'OIDC_SCOPE="openid',
        ' profile"',
        "AUTHENTICATION_CLIENT_ID=${CLIENT_ID}",
        "AUTHENTICATION_AUTHORITY",
        r'CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME="a \"b\" \\"',
    ]
    told = lint("\r\n".join(lines).encode())
    missing = [finding.message.split()[0] for finding in told if finding.code == Code.MISSING_KEY]
    assert missing == ["AUTHENTICATION_CALLBACK_URL", "AUTHENTICATION_PUBLIC_KEYS"]
    assert {finding.code for finding in told} == {Code.MISSING_KEY, Code.DEFAULT_ADMIN, Code.DEFAULT_DOMAIN}


def test_a_map_in_a_list_of_variables_is_no_variable():
    line = '      - "AUTHORIZER_ENABLE_SECURE_SOCKET=false"'
    assert line in COMPOSE_LIST
    told = found(COMPOSE_LIST.replace(line, "      - AUTHORIZER_ENABLE_SECURE_SOCKET: true"))
    assert told == [(25, "malformed_line", "# in a list: - NAME=value")]


def test_variables_of_a_compose_file_are_read_too():
    text = (
        "services:\n  openmetadata-server:\n    environment:\n"
        f"      AUTHORIZER_ADMIN_PRINCIPALS: '[admin]'\n      OIDC_CLIENT_SECRET: {SECRET}\n"
        f"  other:\n    environment:\n      - AUTHORIZER_PRINCIPAL_DOMAIN=openmetadata.org\n"
    )
    told = found(text)
    assert [(line, code) for line, code, _ in told] == [
        (4, "default_admin"),
        (5, "secret_in_clear"),
        (8, "default_domain"),
    ]
    assert told[1][2] == '      OIDC_CLIENT_SECRET: "${OIDC_CLIENT_SECRET}"'


@pytest.mark.parametrize("name", ["DB_HOST", "ELASTICSEARCH_HOST", *sorted(OTHER_VARIABLES)])
def test_other_settings_of_the_server_are_none_of_the_linters_business(name):
    assert found(f"{PUBLIC_ENV}{name}=x\n") == []


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("AUTHENTICATION_LDAP_HOTS=ldap.example", "AUTHENTICATION_LDAP_HOST=ldap.example"),
        ("AUTHORIZER_ENABLE_SMPT=true", "AUTHORIZER_ENABLE_SMTP=true"),
        ("export SMTP_SERVER_PROT='465' # TLS", "export SMTP_SERVER_PORT=465"),
        ("SMTP_SERVER_PASSWD=hunter2hunter2", "SMTP_SERVER_PWD='\"…\"'"),
        ("SAML_DEBUG_MODUS=${DEBUG}", "SAML_DEBUG_MODE=${DEBUG}"),
    ],
)
def test_a_misspelt_one_of_them_is_named(line, fix):
    assert found(f"{PUBLIC_ENV}{line}\n") == [(12, "unknown_key", fix)]


@pytest.mark.django_db
def test_the_command_prints_the_contracts_shape_and_fails(tmp_path):
    registration()
    file = tmp_path / "om.env"
    file.write_text(PUBLIC_ENV.replace("[alice]", "[admin]"))
    out, status = run("openmetadata_lint", str(file), json=True)
    (item,) = json.loads(out)
    assert status == 1
    assert item | {"message": ""} == {
        "file": str(file),
        "line": 4,
        "code": "default_admin",
        "message": "",
        "fix": 'AUTHORIZER_ADMIN_PRINCIPALS=["<a user name>"]',
    }
    out, status = run("openmetadata_lint", str(file))
    assert status == 1
    assert f"{file}:4: default_admin: " in out
    file.write_text(PUBLIC_ENV)
    assert run("openmetadata_lint", str(file)) == ("Nothing to put right.\n", 0)
    assert run("openmetadata_lint", str(file), json=True) == ("[]\n", 0)
