"""Simulated shops with known truth: for pre-training, for tests, and for a demo without a download.

`simulate(knobs, seed)` makes packed arrays and the truth behind them; `events.as_events` writes the same shop as a
table of events. This package knows neither forecasts nor files.
"""
