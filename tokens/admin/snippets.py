"""What programs do to fetch a token, ready to be pasted; braces are filled in, quoted for where they stand."""

SNIPPETS = {
    "curl": """\
read -rs BOT_CLIENT_SECRET   # paste the secret
curl -s {base}/oauth/token -u "{bot}:$BOT_CLIENT_SECRET" \\
  -d grant_type=client_credentials -d {for_shell}
""",
    "Python": """\
import pathlib

import requests

answer = requests.post(
    "{base}/oauth/token",
    auth=("{bot}", pathlib.Path("bot-client-secret").read_text().strip()),
    data={{"grant_type": "client_credentials", "resource": {quoted}}},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]
""",
    "GitHub Actions": """\
# gh secret set BOT_CLIENT_SECRET    asks for the secret
- name: Fetch a token
  env:
    BOT_CLIENT_SECRET: ${{{{ secrets.BOT_CLIENT_SECRET }}}}
  run: |
    TOKEN=$(curl -sf {base}/oauth/token -u "{bot}:$BOT_CLIENT_SECRET" \\
      -d grant_type=client_credentials -d {for_shell} | jq -r .access_token)
    echo "::add-mask::$TOKEN"
    echo "TOKEN=$TOKEN" >> "$GITHUB_ENV"
""",
    "Kubernetes": """\
# kubectl create secret generic {kubernetes_name} --from-file=client-secret=/dev/stdin    reads the secret
env:
  - name: BOT_CLIENT_SECRET
    valueFrom:
      secretKeyRef: {{name: {kubernetes_name}, key: client-secret}}
  - {{name: TOKEN_URL, value: "{base}/oauth/token"}}
  - {{name: RESOURCE, value: {quoted}}}
""",
    "OpenMetadata ingestion": """\
# The ingestion takes a token, not the secret; fetch one before each run, as with curl.
workflowConfig:
  openMetadataServerConfig:
    hostPort: {quoted}  # followed by /api
    authProvider: openmetadata
    securityConfig:
      jwtToken: ${{TOKEN}}
""",
}
