"""Members that forecast, the stack that combines them, and the backtest that judges them."""
