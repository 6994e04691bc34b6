"""Shops with known truth: the fixture of the tests, the demo without a download, the twin of a real shop.

`simulate(knobs, seed)` makes packed arrays and the truth behind them; `events.as_events` writes the same shop as a
table of events. This room knows no forecast and no file.
"""
