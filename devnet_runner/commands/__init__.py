"""Commands: one module for each verb, called by the command line with explicit keywords."""
