"""The ground: what both apps stand on, and what knows neither."""
