"""The token doctor: gathers what the console knows about a token, and explains it to an administrator."""
