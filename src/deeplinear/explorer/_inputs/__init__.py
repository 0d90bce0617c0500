"""What users bring: uploads and run files, read within limits and kept by content.

`_uploads` parses, `_store` keeps, `_suggestions` finds settings to begin with.
"""
