"""The providers' part of the REST API; who may call is the console's rule for every resource."""
