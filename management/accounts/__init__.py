"""Getting in: registration, confirmation, signing in, the second factor, recovery, and the operator's first people.

``registration`` ``recovery`` ``signing_in`` ``two_factor``: the rules. ``notices``: their letters. ``holders``: whose account it
is. ``documents``: what one agrees to. ``jobs``: letters whose writing must not show whether an address is known. ``commands``:
the command line's part. ``controllers`` and ``security_pages``: HTTP.
"""
