"""The engines that sort, join and group tables."""
