#!/usr/bin/env python
"""Run a management command of the console."""

import os
import sys

from ssoconsole.plainly import plainly


@plainly()
def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
    from ssoconsole.console.upgrade.commands import ConsoleUtility

    ConsoleUtility(sys.argv).execute()


if __name__ == "__main__":
    main()
