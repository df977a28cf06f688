"""From evidence to a verdict: pure folds over events."""
