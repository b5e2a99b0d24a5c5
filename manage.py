#!/usr/bin/env python
"""Run a management command of the console."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
    from django.core.exceptions import ImproperlyConfigured

    from ssoconsole.console.upgrade.commands import ConsoleUtility

    try:
        ConsoleUtility(sys.argv).execute()
    except ImproperlyConfigured as unusable:  # it says what and how to mend it: frames would hide that
        sys.exit(str(unusable))


if __name__ == "__main__":
    main()
