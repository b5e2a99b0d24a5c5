"""HTTP to others: the only place that opens sockets to identity providers and their like."""
