"""Signed-in browsers: started by a sign-in, checked at every request, ended for good."""
