"""
Ask the console in this container whether it is alive; exit 1 when it is not.

Nothing but the standard library. It asks /healthz and not /readyz: a database that is away is no reason to start
this container again.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main() -> int:
    # The console answers to its public name only.
    public = urlsplit(os.environ["BASE_URL"])
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": public.netloc})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException) as error:
        print(f"healthcheck: {type(error).__name__}", file=sys.stderr)
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
