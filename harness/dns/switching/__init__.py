"""What moves the callers, as its control plane tells it, held against the plan."""
