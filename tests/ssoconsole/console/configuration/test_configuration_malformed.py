"""Every fault in a file is told with its path and its line, and nothing is changed."""

import pytest

pytestmark = pytest.mark.django_db

TRUST = "bots:\n  - name: b\n    federation:\n      - issuer: https://k8s.example\n"

MALFORMED = {
    "nothing at all": ("", ["1: (file): expected a mapping with providers, audiences, bots"]),
    "a list": ("- a\n", ["1: (file): expected a mapping with providers, audiences, bots"]),
    "an unknown section": ("bots: []\nbot: []\n", ["2: bot: unknown key; did you mean bots?"]),
    "a section of nothing": ("bots:\n", ["1: bots: is required and cannot be null"]),
    "a section that is no list": ("bots: {name: b}\n", ["1: bots: expected a list, found a mapping"]),
    "an item that is no mapping": ("bots:\n  - b\n", ["2: bots[0]: expected a mapping, found text"]),
    "an unknown key": (
        "providers:\n  - slug: corp\n    isuer: https://idp.example\n",
        ["3: providers[0].isuer: unknown key; did you mean issuer?"],
    ),
    "an unknown key inside": (
        "providers:\n  - slug: corp\n    session:\n      lifetme: 5\n",
        ["4: providers[0].session.lifetme: unknown key; did you mean lifetime?"],
    ),
    "a key of another kind of provider": (
        "providers:\n  - slug: corp\n    name: C\n    client_id: c\n    subdomain: acme\n",
        ["5: providers[0].subdomain: is not for a provider of kind custom-oidc"],
    ),
    "an unknown kind": (
        "providers:\n  - {slug: corp, name: C, client_id: c,\n     kind: saml}\n",
        [
            (
                "3: providers[0].kind: No provider has this name or issuer; "
                "expected custom-oidc or onelogin; "
                "received kind saml"
            )
        ],
    ),
    "a missing key": ("bots:\n  - description: d\n", ["2: bots[0].name: is required"]),
    "a key that cannot be null": (
        "bots:\n  - name: ~\n",
        ["2: bots[0].name: is required and cannot be null"],
    ),
    "a number for text": (
        "bots:\n  - name: b\n    owner: 12\n",
        ["3: bots[0].owner: expected text, found a number; put it in quotes"],
    ),
    "a flag for text": (
        "bots:\n  - name: b\n    owner: true\n",
        ["3: bots[0].owner: expected text, found true or false; put it in quotes"],
    ),
    "a text for a flag": (
        "providers:\n  - slug: corp\n    pkce: yes\n",
        ["3: providers[0].pkce: expected true or false, found text"],
    ),
    "a flag for a number": (
        "providers:\n  - slug: corp\n    leeway: true\n",
        ["3: providers[0].leeway: expected a whole number, found true or false"],
    ),
    "a fraction for a number": (
        "providers:\n  - slug: corp\n    leeway: 1.5\n",
        ["3: providers[0].leeway: expected a whole number, found a number"],
    ),
    "a text for a mapping": (
        "providers:\n  - slug: corp\n    mapping: email\n",
        ["3: providers[0].mapping: expected a mapping, found text"],
    ),
    "null in a list": (
        "bots:\n  - name: b\n    allowed_networks:\n      - 10.0.0.0/8\n      -\n",
        ["5: bots[0].allowed_networks[1]: expected text, found null"],
    ),
    "a wrong value in a mapping of one's own keys": (
        "providers:\n  - slug: corp\n    mapping:\n      e mail: [email]\n",
        ['4: providers[0].mapping["e mail"]: expected text, found a list'],
    ),
    "the same object twice": (
        "bots:\n  - name: b\n  - name: b\n",
        ["3: bots[1].name: is the same as that of bots[0]"],
    ),
    "the same key twice": (
        "bots:\n  - name: b\n    owner: a\n    owner: c\n",
        ["4: bots[0].owner: is given twice, first on line 3"],
    ),
    "a tag": (
        "bots:\n  - name: !!python/name:os.system b\n",
        ["2: bots[0].name: tags (!…) are not supported"],
    ),
    "a merge key": (
        "bots:\n  - &a {name: b}\n  - <<: *a\n    name: c\n",
        ["3: bots[1]: a key must be text; put it in quotes"],
    ),
    "a key that is a list": (
        "bots:\n  - name: b\n    [a]: c\n",
        ["3: bots[0]: a key must be text; put it in quotes"],
    ),
    "a key that is a huge number": (f"{'9' * 30}: c\n", ["1: (file): a key must be text; put it in quotes"]),
    "a huge number": (
        f"providers:\n  - slug: corp\n    leeway: {'9' * 30}\n",
        ["3: providers[0].leeway: is too large a number; put it in quotes if it is text"],
    ),
    "an infinite number": (
        "providers:\n  - slug: corp\n    leeway: 1e999\n",
        ["3: providers[0].leeway: is too large a number; put it in quotes if it is text"],
    ),
    "NUL": (
        'bots:\n  - name: b\n    owner: "a\\0"\n',
        ["3: bots[0].owner: holds a character that cannot be stored (NUL or half of a surrogate pair)"],
    ),
    "half of a surrogate pair": (
        'bots:\n  - name: b\n    owner: "\\uD800"\n',
        ["3: bots[0].owner: holds a character that cannot be stored (NUL or half of a surrogate pair)"],
    ),
    "no character": (
        'bots:\n  - name: "\\UFFFFFFFF"\n',
        ["2: (file): an escape sequence names no character"],
    ),
    "a control character": (
        "bots:\n  - name: \x07b\n",
        ["2: (file): not valid YAML: a control character"],
    ),
    "no UTF-8": (b"bots:\n  - name: \xff\n", ["2: (file): the file is not UTF-8"]),
    "broken YAML": (
        "bots:\n  - name: b\n   owner: c\n",
        ["3: (file): not valid YAML: expected <block end>, but found '<block mapping start>'"],
    ),
    "an unclosed quotation": (
        'bots:\n  - name: "b\n',
        ["3: (file): not valid YAML: found unexpected end of stream"],
    ),
    "two documents": ("bots: []\n---\nbots: []\n", ["2: (file): the file holds more than one document"]),
    "a second document of a word": (
        "bots: []\n---\n~\n",
        ["2: (file): the file holds more than one document"],
    ),
    "a third document": (
        "bots: []\n---\n---\nbots: []\n",
        ["3: (file): the file holds more than one document"],
    ),
    "an alias of nothing": ("bots:\n  - *b\n", ["2: (file): an alias names no anchor before it"]),
    "an alias within itself": ("bots: &b\n  - *b\n", ["2: (file): an alias stands within what it names"]),
    "too deep": ("bots: " + "[" * 25, ["1: (file): nested deeper than 20 levels"]),
    "too large": ("# " + "x" * 1_048_576, ["1: (file): the file is larger than 1048576 bytes"]),
    "a federation without audience": (
        TRUST + "        subject: s\n",
        ["4: bots[0].federation[0].audience: is required"],
    ),
    "a federation for an empty audience": (
        TRUST + "        subject: s\n        audience: ''\n",
        ["6: bots[0].federation[0].audience: Without an audience, tokens meant for others would be accepted"],
    ),
    "a federation for every subject": (
        TRUST + "        audience: a\n        subject: '*'\n",
        ["6: bots[0].federation[0].subject: This subject matches every workload of the issuer; received *"],
    ),
    "a federation with nobody": (
        TRUST.replace("https://k8s.example", "k8s") + "        audience: a\n        subject: s\n",
        [
            (
                "4: bots[0].federation[0].issuer: "
                "A federation rule needs an issuer, an audience and a subject, "
                "all of "
                "them texts; expected issuer, an https URL; received k8s"
            )
        ],
    ),
    "a grant at an unknown audience": (
        "bots:\n  - name: b\n    grants:\n      - audience: urn:nowhere\n",
        ["4: bots[0].grants[0].audience: names no audience of this file or the database"],
    ),
    "a grant of an unknown scope": (
        (
            "audiences: [{identifier: urn:a, name: A, scopes: [r]}]\n"
            "bots:\n  - name: b\n    grants:\n      - audience: urn:a\n        scopes: [w]\n"
        ),
        [
            (
                "6: bots[0].grants[0].scopes: A scope is unknown at this audience or beyond what is granted; "
                "expected r; received w"
            )
        ],
    ),
    "a role that is none": (
        (
            "audiences: [{identifier: urn:a, name: A}]\n"
            "bots:\n  - name: b\n    grants:\n      - audience: urn:a\n        roles: ['']\n"
        ),
        ["6: bots[0].grants[0].roles: A role is a text of 1 to 100 printable characters; received ''"],
    ),
    "two grants at one audience": (
        (
            "audiences: [{identifier: urn:a, name: A}]\n"
            "bots:\n  - name: b\n    grants: [{audience: urn:a}, {audience: urn:a}]\n"
        ),
        ["4: bots[0].grants: Two grants name the same audience"],
    ),
    "a key set with nothing in it": (
        "bots:\n  - name: b\n    jwks: {keys: []}\n",
        ["3: bots[0].jwks: The key set is empty"],
    ),
    "an address of a key set that is none": (
        "bots:\n  - name: b\n    jwks_uri: ftp://a.example\n",
        ["3: bots[0].jwks_uri: The address of a key set is an https URL; received ftp://a.example"],
    ),
    "a name that no bot may have": (
        "bots:\n  - name: -b\n",
        ["2: bots[0].name: Letters, digits, dot, hyphen and underscore; a letter or digit first."],
    ),
    "a lifetime beyond the longest": (
        "audiences:\n  - {identifier: urn:a, name: A, max_token_lifetime: 5,\n     token_lifetime: 6}\n",
        [
            (
                "3: audiences[0].token_lifetime: The usual lifetime is longer than the longest; "
                "expected up to 5 seconds; received 6 seconds"
            )
        ],
    ),
    "a session too short": (
        (
            "providers:\n  - {slug: corp, name: C, client_id: c, issuer: https://idp.example, "
            "token_endpoint_auth_method: none,\n     session: {refresh: none,\n       lifetime: 5}}\n"
        ),
        ["4: providers[0].session.lifetime: Ensure this value is greater than or equal to 60."],
    ),
    "a subdomain that is none": (
        "providers:\n  - {slug: one, kind: onelogin, client_id: c,\n     subdomain: acme.example}\n",
        [
            (
                "3: providers[0].subdomain: Only the first part: acme for https://acme.onelogin.com. With a domain of "
                "your own, type the issuer instead, in the form that has everything."
            )
        ],
    ),
    "a provider without an issuer": (
        "providers:\n  - {slug: one, kind: onelogin, client_id: c}\n",
        ["2: providers[0].issuer: This field cannot be blank."],
    ),
    "a secret too short for its method": (
        (
            "providers:\n  - {slug: corp, name: C, client_id: c, client_secret: s, issuer: https://idp.example,\n"
            "     token_endpoint_auth_method: client_secret_jwt}\n"
        ),
        ["2: providers[0].client_secret: client_secret_jwt needs a client secret of at least 32 bytes."],
    ),
}


@pytest.mark.parametrize(("text", "problems"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_fault_is_told_with_path_and_line_and_changes_nothing(apply, everything, text, problems):
    before = everything()

    answer = apply(text)

    assert answer.problems == problems
    assert (answer.code, answer.out) == (1, "")
    assert everything() == before


def test_all_faults_are_told_at_once_in_the_order_of_lines(apply):
    answer = apply(
        "bots:\n  - owner: 5\n    client_secret: {env: NOT_SET_ANYWHERE}\n"
        "    wrong: 1\n    grants: [{scopes: x}]\n"
    )

    assert [line.split(": ")[:2] for line in answer.problems] == [
        ["2", "bots[0].name"],
        ["2", "bots[0].owner"],
        ["3", "bots[0].client_secret"],
        ["4", "bots[0].wrong"],
        ["5", "bots[0].grants[0].audience"],
        ["5", "bots[0].grants[0].scopes"],
    ]


def test_a_billion_laughs_are_cut_short(apply):
    laughs = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert apply("\n".join(laughs)).problems[0].endswith("(file): holds too many values")


def test_an_alias_within_bounds_means_what_it_names(apply):
    answer = apply(
        "bots:\n  - name: a\n    allowed_networks: &office [10.0.0.0/8]\n"
        "  - {name: b, allowed_networks: *office}\n"
    )

    assert answer.summary == "2 created, 0 changed, 0 unchanged, 0 disabled"
