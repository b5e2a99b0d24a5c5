"""What the first page of the admin tells in numbers, and how these are had without counting millions of rows."""
