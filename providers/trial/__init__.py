"""
A change on trial: unless an administrator signs in through it in time, the version before comes back by itself.

The row carries the deadline, and whoever reads the row after it has the version before put back first: no process has
to be running for that, and a restart changes nothing.
"""
