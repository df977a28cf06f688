"""Statistics of load and of decisions: histograms, intervals, sequential tests. Pure; numpy and scipy live here."""
