"""manage.py: a command that uses the database is not let near one that does not fit this code."""

import sys

from django.core.management import ManagementUtility, get_commands
from django.core.management.base import BaseCommand

from ssoconsole.console.upgrade.schema import problem

# What mends a database, or says what is wrong with it, is needed most when it does not fit.
MENDING = frozenset({"backup", "restore"})
# Commands of the libraries' that read or write the console's tables.
USING = frozenset({"changepassword", "clearsessions", "createsuperuser", "dumpdata", "flush", "loaddata"})
OURS = ("ssoconsole", "providers", "tokens")


class ConsoleUtility(ManagementUtility):
    """Django's, that asks before each command whether code and database fit together."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        command = super().fetch_command(subcommand)
        asks_for_help = {"--help", "-h"} & set(self.argv)
        if uses_database(subcommand) and not asks_for_help and (error := problem()):
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1)
        return command


def uses_database(name: str) -> bool:
    """Tell whether a command reads or writes the console's tables, and takes them to be as this code knows them."""
    owner = get_commands().get(name)
    module = owner if isinstance(owner, str) else type(owner).__module__
    return name in USING or (name not in MENDING and module.split(".")[0] in OURS)
