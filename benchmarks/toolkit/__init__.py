"""A server of django-oauth-toolkit, set up as its documentation says, with RS256 JWTs as access tokens."""
