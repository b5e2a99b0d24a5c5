"""What ran when: the commands that somebody else has to start."""
