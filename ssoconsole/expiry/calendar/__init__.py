"""The private calendar: what ends, where people plan their weeks."""
