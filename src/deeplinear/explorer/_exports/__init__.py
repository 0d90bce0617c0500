"""What a run can be taken away as: files, Python lines, drawings."""
