"""Status lists: which issued tokens still count, for APIs that never call the console."""

import uuid

from django.db import models

from ssoconsole.platform.encryption.field import EncryptedTextField


class StatusList(models.Model):
    """
    One list of the status of as many tokens as it has places (IETF Token Status List).

    `number` is the list's place in the row of lists: a token's own number says in which list it is. `seed` is the key
    of the permutation that turns the number into the index; it never changes, because the index is written into tokens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    seed = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return str(self.number)
