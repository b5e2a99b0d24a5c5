"""The WSGI door. A production process that would be unsafe does not get as far as serving."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")

from django.core.wsgi import get_wsgi_application

from ssoconsole.serve.drain import closing_while_draining

application = closing_while_draining(get_wsgi_application())

from ssoconsole.startup import refuse_unsafe_start

refuse_unsafe_start()
