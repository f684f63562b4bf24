"""Pages for the operator's people: users, background jobs, the outbox. (The journal is a feature of its own.)

``users``   whom there is, blocking, roles, invitations        ``user_pages``
``work``    background jobs: how many, which are dead          ``work_pages``
``outbox``  messages, and those that could not be sent         ``outbox_pages``
"""
