"""The WSGI door. A production process that would be unsafe does not get as far as serving."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from ssoconsole.serve.drain import closing_while_draining

try:
    application = closing_while_draining(get_wsgi_application())
except ImproperlyConfigured as unusable:  # it says what and how to mend it: frames would hide that
    sys.exit(str(unusable))

from ssoconsole.startup import refuse_unsafe_start

refuse_unsafe_start()
