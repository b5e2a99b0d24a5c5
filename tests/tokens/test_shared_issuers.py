"""Each word that names an organisation at an issuer of many, one at a time; and each that names nobody."""

import pytest

from tokens.errors import RuleTooWide
from tokens.protocol.federation import check_rule
from tokens.protocol.shared_issuers import caution_about

GITHUB = "https://token.actions.githubusercontent.com"
LABELS = {
    GITHUB: (
        *("repo", "repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("enterprise", "enterprise_id"),
    ),
    "https://gitlab.com": ("project_path",),
    "https://agent.buildkite.com": ("organization",),
    "https://app.terraform.io": ("organization",),
    "https://app.eu.terraform.io": ("organization",),
    "https://api.pulumi.com/oidc": (
        *("pulumi:deploy:org", "pulumi:environments:org"),
        "pulumi:environments:pulumi.organization.login",
    ),
    "https://oidc.vercel.com": ("owner",),
    "https://oidc.codefresh.io": ("account",),
}
CLAIMS = {
    GITHUB: (
        *("repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("enterprise", "enterprise_id"),
    ),
    "https://gitlab.com": ("namespace_id", "namespace_path", "project_id", "project_path"),
    "https://agent.buildkite.com": ("organization_id", "organization_slug"),
    "https://app.terraform.io": (
        *("terraform_organization_id", "terraform_organization_name"),
        "terraform_workspace_id",
    ),
    "https://api.pulumi.com/oidc": ("org",),
    "https://oidc.vercel.com": ("owner", "owner_id", "project_id"),
    "https://oidc.codefresh.io": ("account_id", "pipeline_id"),
}
NAMES_NOBODY = (
    *("actor", "actor_id", "base_ref", "branch", "environment", "event_name", "head_ref", "job_workflow_ref"),
    *("ref", "ref_path", "ref_type", "repository_visibility", "run_phase", "runner_environment", "workflow"),
)


def cases(table):
    return [(issuer, name) for issuer, names in table.items() for name in names]


def checked(issuer, subject, claims=None):
    rule = {
        "issuer": issuer,
        "audience": "https://console.example",
        "subject": subject,
        "claims": claims or {},
    }
    return check_rule(rule, allow_http=False)


@pytest.mark.parametrize(("issuer", "label"), cases(LABELS))
def test_a_literal_after_the_label_names_the_organisation(issuer, label):
    assert checked(issuer, f"{label}:acme:x:*")
    for nobody in (f"{label}:*", f"{label}:ac*:x", f"{label}: :x", f"{label}:", f"x:{label}:acme", label):
        with pytest.raises(RuleTooWide):
            checked(issuer, nobody)


@pytest.mark.parametrize(("issuer", "claim"), cases(CLAIMS))
def test_a_claim_that_the_issuer_sets_names_the_organisation(issuer, claim):
    assert checked(issuer, "x:*", {claim: "acme"})
    for nothing in ("null", "true", "false"):
        with pytest.raises(RuleTooWide):
            checked(issuer, "x:*", {claim: nothing})


@pytest.mark.parametrize("issuer", CLAIMS)
@pytest.mark.parametrize(
    "claim", ["actor", "environment", "ref", "sub", "aud", "workflow", "job_workflow_ref"]
)
def test_a_claim_that_others_choose_does_not(issuer, claim):
    with pytest.raises(RuleTooWide):
        checked(issuer, "x:*", {claim: "acme"})


@pytest.mark.parametrize("begins", NAMES_NOBODY)
def test_at_an_issuer_that_is_not_known_a_subject_that_names_nobody_is_a_warning(begins):
    for subject in (f"{begins}:production", f"{begins}/production", begins):
        assert caution_about("https://ci.example", subject, {})
    assert not caution_about("https://ci.example", f"{begins}s:production", {})
    assert not caution_about("https://ci.example", f"{begins}:production", {"repository": "acme/infra"})


@pytest.mark.parametrize(
    "host",
    [
        *("oidc.circleci.com", "api.bitbucket.org", "vstoken.dev.azure.com", "oidc.fly.io"),
        *("login.microsoftonline.com", "sts.windows.net"),
    ],
)
def test_of_a_host_where_everybody_has_an_address_of_his_own_no_other_address_is_taken(host):
    for path in ("", "/", "/elsewhere/x/y"):
        with pytest.raises(RuleTooWide):
            checked(f"https://{host}{path}", "x:*")


@pytest.mark.parametrize(
    "subject", [":*", "/*", "://*", ":*:b", "repo::*", "repo:/*/x", "system:serviceaccount:*:x"]
)
def test_an_empty_part_names_nobody(subject):
    with pytest.raises(RuleTooWide):
        checked("https://idp.example", subject)
