"""The start page: the sign-in page to a stranger, an overview to everybody else."""
