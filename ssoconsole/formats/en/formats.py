"""How Django writes what a template does not format itself: the one form that every page has."""

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i e"
DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
