"""
What is counted and timed, for Prometheus: how often and how long, never who.

A label is a name out of this code or an administrator's short name of a provider, each of a bounded number. No
person, address, token, client id or path ever is one.
"""
