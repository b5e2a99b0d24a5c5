"""A word for what tokens are issued and judged by, so that a process may go by what it has read."""

from django.db import models


class RegistryVersion(models.Model):
    """
    One row, whose random `version` is another one after every change of what it stands for.

    That is every bot, credential, grant, audience and signing key, and who is disabled. Triggers change it in the
    transaction of the change itself, whoever makes that. So what was read together with a version holds as long as a
    statement still finds the version, but for what ends by the clock.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()

    def __str__(self) -> str:
        return str(self.version)
