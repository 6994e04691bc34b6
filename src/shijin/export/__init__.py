"""Lists to send: who to treat, who to hold out. Returns tables and bytes, writes no file."""
