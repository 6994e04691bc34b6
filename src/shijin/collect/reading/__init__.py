"""How each kind of file becomes a table; `shijin.collect.files` chooses the kind. No file here knows a role."""
