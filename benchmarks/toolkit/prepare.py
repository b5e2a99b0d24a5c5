"""Migrate, and register one client: `python -m toolkit.prepare CLIENT_ID CLIENT_SECRET`."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "toolkit.settings"
django.setup()

from django.core.management import call_command
from oauth2_provider.models import get_application_model


def main(client_id, client_secret):
    call_command("migrate", verbosity=0)
    get_application_model().objects.create(
        client_id=client_id,
        client_secret=client_secret,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name=client_id,
        hash_client_secret=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
