"""Shijin: what every customer is worth, why, and what to do next."""

__version__ = "0.1.0"
