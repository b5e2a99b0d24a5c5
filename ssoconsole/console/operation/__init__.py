"""Who may read the metrics, and the gauges that are asked of the database."""
