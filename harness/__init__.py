"""cutover: prove that a new API gateway answers as the old one did."""

__version__ = "0.1.0"
