"""What ends before long, in both apps, and who is told in time."""
