"""Running the console: what ran when, who may read the metrics, and the gauges that are asked of the database."""
