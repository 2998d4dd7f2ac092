"""Reports: one module for each format, and one visible table of them."""
