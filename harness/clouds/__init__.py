"""Clients of token services and of the clouds: bounded, without proxies, each failure one clear line."""
