"""
Issuers whose tokens many organisations get, and what in a token says which of them it is about.

At such an issuer a stranger has a pipeline, a branch `main` and an environment `production` too. A rule must name the
organisation by a literal: at the beginning of the subject, after one of the labels that the issuer writes there
itself, or in a claim that the issuer alone sets. What the owner of a workload chooses (an environment, a branch, a
custom property), who started it (`actor`) and whose reusable workflow it calls (`job_workflow_ref`) say nothing about
whose workload it is.

An issuer that has the organisation in its own address needs no more than that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class SharedIssuer:
    """
    One platform.

    `labels` are what a subject begins with before the organisation, without the colon; `claims` name it too. With
    `exact`, a subject without an asterisk names its workload by itself. `source` is where the platform documents it.
    """

    name: str
    issuer: re.Pattern[str]
    source: str
    labels: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    exact: bool = False


def _issuer(pattern: str) -> re.Pattern[str]:
    """Host and path of an issuer; matched as a whole, against an issuer that is 512 characters at most."""
    return re.compile(rf"\A(?:{pattern})")


_SEGMENT = r"[^/]+"
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

SHARED = (
    SharedIssuer(
        # One of an enterprise's own (…/acme) is shared by the organisations of the enterprise.
        "GitHub Actions",
        _issuer(r"token\.actions\.(githubusercontent\.com|[^./]+\.ghe\.com)(/.*)?"),
        "https://docs.github.com/en/actions/reference/security/oidc",
        labels=(
            "repo",
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "enterprise",
            "enterprise_id",
        ),
        claims=(
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "enterprise",
            "enterprise_id",
        ),
    ),
    SharedIssuer(
        "GitLab.com",
        _issuer(r"gitlab\.com(/.*)?"),
        "https://docs.gitlab.com/ci/secrets/id_token_authentication/",
        labels=("project_path",),
        claims=("namespace_id", "namespace_path", "project_id", "project_path"),
    ),
    SharedIssuer(
        "Buildkite",
        _issuer(r"agent\.buildkite\.com(/.*)?"),
        "https://buildkite.com/docs/apis/workload-identity-federation/buildkite-agents",
        labels=("organization",),
        claims=("organization_id", "organization_slug"),
    ),
    SharedIssuer(
        "HCP Terraform",
        _issuer(r"app\.(eu\.)?terraform\.io(/.*)?"),
        "https://developer.hashicorp.com/terraform/cloud-docs/dynamic-provider-credentials/workload-identity-tokens",
        labels=("organization",),
        claims=("terraform_organization_id", "terraform_organization_name", "terraform_workspace_id"),
    ),
    SharedIssuer(
        "Pulumi Cloud",
        _issuer(r"api\.pulumi\.com(/.*)?"),
        "https://www.pulumi.com/docs/pulumi-cloud/oidc/",
        labels=(
            "pulumi:deploy:org",
            "pulumi:environments:org",
            "pulumi:environments:pulumi.organization.login",
        ),
        claims=("org",),
    ),
    SharedIssuer(
        "Vercel (issuer mode Global)",
        _issuer(r"oidc\.vercel\.com/?"),
        "https://vercel.com/docs/oidc/reference",
        labels=("owner",),
        claims=("owner", "owner_id", "project_id"),
    ),
    SharedIssuer(
        "Codefresh",
        _issuer(r"oidc\.codefresh\.io(/.*)?"),
        "https://codefresh.io/docs/docs/integrations/oidc-pipelines/",
        labels=("account",),
        claims=("account_id", "pipeline_id"),
    ),
    SharedIssuer(
        # A subject is the number of one account.
        "Google",
        _issuer(r"accounts\.google\.com(/.*)?"),
        "https://developers.google.com/identity/openid-connect/reference",
        exact=True,
    ),
    SharedIssuer(
        "env zero",
        _issuer(r"login\.app\.env0\.com(/.*)?"),
        "https://docs.envzero.com/guides/integrations/oidc-integrations/oidc-retrieving-your-subject-identifier",
        exact=True,
    ),
    SharedIssuer(
        # The tenant that everybody's personal account belongs to.
        "Microsoft accounts",
        _issuer(
            r"(login\.microsoftonline\.com|sts\.windows\.net)/(9188040d-6c67-4c5b-b112-36a304b66dad|common|organizations|consumers)(/.*)?"
        ),
        "https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference",
        exact=True,
    ),
)

# Platforms that give every organisation, account or cluster an issuer of its own.
OWN = (
    # https://circleci.com/docs/openid-connect-tokens/
    ("CircleCI", _issuer(rf"oidc\.circleci\.com/org/{_SEGMENT}/?")),
    # https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
    (
        "Bitbucket Pipelines",
        _issuer(rf"api\.bitbucket\.org/2\.0/workspaces/{_SEGMENT}/pipelines-config/identity/oidc/?"),
    ),
    # https://learn.microsoft.com/en-us/azure/devops/pipelines/release/convert-service-connections
    ("Azure DevOps", _issuer(rf"vstoken\.dev\.azure\.com/{_GUID}/?")),
    # https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
    ("Microsoft Entra ID", _issuer(rf"(login\.microsoftonline\.com|sts\.windows\.net)/{_GUID}(/v2\.0)?/?")),
    # https://fly.io/docs/reference/openid-connect/
    ("Fly.io", _issuer(rf"oidc\.fly\.io/{_SEGMENT}/?")),
    # https://vercel.com/docs/oidc/reference
    ("Vercel", _issuer(rf"oidc\.vercel\.com/{_SEGMENT}/?")),
    # https://docs.spacelift.io/integrations/cloud-providers/oidc/
    ("Spacelift", _issuer(r"[^./]+\.app\.(us\.)?spacelift\.io/?")),
    # https://docs.semaphore.io/using-semaphore/openid
    ("Semaphore", _issuer(r"[^./]+\.semaphoreci\.com/?")),
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html
    ("AWS STS", _issuer(r"[^./]+\.tokens\.sts\.global\.api\.aws/?")),
    # https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
    ("Amazon EKS", _issuer(rf"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/{_SEGMENT}/?")),
    # https://azure.github.io/azure-workload-identity/docs/installation/managed-clusters.html
    ("Azure AKS", _issuer(rf"[a-z0-9-]+\.oic\.prod-aks\.azure\.com/{_SEGMENT}/{_SEGMENT}/?")),
    # https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
    (
        "Google GKE",
        _issuer(
            rf"container\.googleapis\.com/v1/projects/{_SEGMENT}/(locations|zones)/{_SEGMENT}/clusters/{_SEGMENT}/?"
        ),
    ),
)

# Hosts above at any other address: nobody knows whose tokens those would be.
_OWN_HOSTS = frozenset(
    {
        "oidc.circleci.com",
        "api.bitbucket.org",
        "vstoken.dev.azure.com",
        "oidc.fly.io",
        "login.microsoftonline.com",
        "sts.windows.net",
    }
)

# What other platforms of the same make (GitHub Enterprise Server, GitLab on one's own host) begin a subject with
# although it names nobody.
_NAMES_NOBODY = frozenset(
    {
        "actor",
        "actor_id",
        "base_ref",
        "branch",
        "environment",
        "event_name",
        "head_ref",
        "job_workflow_ref",
        "ref",
        "ref_path",
        "ref_type",
        "repository_visibility",
        "run_phase",
        "runner_environment",
        "workflow",
    }
)
LABELS = frozenset(label for each in SHARED for label in each.labels)
# As JSON writes them; a token that has the claim without a value would fit.
_NO_NAMES = frozenset({"null", "true", "false"})


def why_too_wide(issuer: str, subject: str, claims: Mapping[str, str]) -> str:
    """Return what a rule at a shared issuer lacks, as a sentence; "" if it names whose workloads it means."""
    place = _place(issuer)
    # Of the tenants at Microsoft, which look alike, one is everybody's.
    for shared in SHARED:
        if shared.issuer.fullmatch(place):
            return "" if _is_pinned(shared, subject, claims) else _lacking(shared)
    if any(pattern.fullmatch(place) for _, pattern in OWN):
        return ""
    if place.partition("/")[0] in _OWN_HOSTS:
        return (
            "At this host every organisation has an issuer of its own, with its name or number in the path."
        )
    return ""


def caution_about(issuer: str, subject: str, claims: Mapping[str, str]) -> str:
    """Return what to think of before trusting a rule at an issuer that is not known here; "" for nothing."""
    place = _place(issuer)
    if any(pattern.fullmatch(place) for _, pattern in OWN) or any(
        shared.issuer.fullmatch(place) for shared in SHARED
    ):
        return ""
    begins = re.split("[:/]", subject, maxsplit=1)[0]
    if begins not in _NAMES_NOBODY and "*" not in subject:
        return ""
    if any(name in claims for shared in SHARED for name in shared.claims):
        return ""
    if begins not in _NAMES_NOBODY and (
        subject.startswith(("system:serviceaccount:", "spiffe://"))
        or any(_names_after(label, subject) for label in LABELS)
    ):
        return ""
    return (
        f"Of {issuer} it is not known whether others get tokens of it. If they do, name your organisation in the "
        "subject or in a claim: this subject may fit theirs too."
    )


def _place(issuer: str) -> str:
    """Host and path in the spelling of the table; neither user, port nor a dot at the end makes another issuer."""
    parts = urlsplit(issuer)
    return f"{(parts.hostname or '').rstrip('.')}{parts.path}"


def _is_pinned(shared: SharedIssuer, subject: str, claims: Mapping[str, str]) -> bool:
    if any(claims.get(name, "null") not in _NO_NAMES for name in shared.claims):
        return True
    if shared.exact and "*" not in subject:
        return True
    return any(_names_after(label, subject) for label in shared.labels)


def _names_after(label: str, subject: str) -> bool:
    """
    Tell whether a literal follows the label, which is the first thing in the subject: further on, its text could be
    part of a value that somebody else chose.
    """
    if not subject.startswith(f"{label}:"):
        return False
    named = re.split("[:/]", subject[len(label) + 1 :], maxsplit=1)[0]
    return bool(named.strip()) and "*" not in named


def _lacking(shared: SharedIssuer) -> str:
    ways = []
    if shared.labels:
        ways.append(
            f"begin the subject with {', '.join(f'{label}:' for label in shared.labels)} and its name or number"
        )
    if shared.exact:
        ways.append("spell the subject out")
    if shared.claims:
        ways.append(f"add one of the claims {', '.join(shared.claims)}")
    return (
        f"{shared.name} gives tokens to many organisations, and this rule fits those of strangers. "
        f"Name yours: {', or '.join(ways)}."
    )
