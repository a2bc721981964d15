"""The figures and the table of a planned study."""
