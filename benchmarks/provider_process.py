"""
The other side of the sign-in benchmark: the scripted provider as a process of its own.

Everybody who comes is the next of PEOPLE persons, so that the console does not meet one person only. Prints
its issuer and the client secret as one line of JSON, and ends with its standard input.
"""

import json
import sys

from tests.support.scripted.keys import KeyRing
from tests.support.scripted_provider import ScriptedProvider

PEOPLE = 30


class Crowd(ScriptedProvider):
    """One person after the other, and no memory that grows."""

    visits = 0

    def answer(self, request):
        if request.path.endswith("/authorize"):
            self.visits += 1
            name = f"person-{self.visits % PEOPLE}"
            self.person.update(
                sub=name, email=f"{name}@corp.example", preferred_username=name, name=name.title()
            )
            del self.requests[:-5], self.grants[:-5], self.issued_tokens[:-5]
        return super().answer(request)


def main():
    provider = Crowd(KeyRing())
    provider.client.id_token_signed_response_alg = "RS256"  # what most providers sign with
    sys.stdout.write(
        json.dumps({"issuer": provider.issuer, "client_secret": provider.client.client_secret}) + "\n"
    )
    sys.stdout.flush()
    sys.stdin.read()
    provider.close()


if __name__ == "__main__":
    main()
