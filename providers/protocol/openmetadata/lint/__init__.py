"""What is wrong with a configuration, line by line."""
