"""Whether this code and the database fit together, told before either touches the other."""
