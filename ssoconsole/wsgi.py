"""The WSGI door. A production process that would be unsafe does not get as far as serving."""

import os

from ssoconsole.plainly import plainly

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")

with plainly():
    from django.core.wsgi import get_wsgi_application

    _django = get_wsgi_application()

from ssoconsole.platform.http.doors import reading_content_types
from ssoconsole.serve.drain import closing_while_draining
from ssoconsole.serve.threads import collecting_for_new_threads
from ssoconsole.startup import refuse_unsafe_start
from tokens.oauth.direct import answering_at_once

application = collecting_for_new_threads(
    closing_while_draining(answering_at_once(reading_content_types(_django)))
)

with plainly():
    refuse_unsafe_start()
