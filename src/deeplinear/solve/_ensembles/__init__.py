"""Many members: from their starts, through threads, to arrays in memory or a store on disk.

`_ensemble` is what users call. `_starts` are read in units, `_pipeline` hands them to threads, and
`_runs` integrates them, in lanes or one by one (`_unfinished`: first one, then the other).
`_members` are the resulting arrays; they go to `_memory`, or to a `_store`, for `_reading` later.
"""
