"""A file per verb: ``step(workspace, options) -> (Receipt, table or None)``. Nothing else touches a workspace."""
