"""Matrix of identities, surface and WAF probes, as cases and checks: pure."""
