"""A file per verb, each ``step(workspace, options) -> (Receipt, table or None)``; only this room touches a workspace."""
