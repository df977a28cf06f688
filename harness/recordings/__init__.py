"""Recorded traffic: access logs, HAR and JSON lines as requests."""
