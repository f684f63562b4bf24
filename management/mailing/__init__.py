"""Letters and short messages: ``messages`` writes them down with the fact that causes them, ``delivery`` is the worker's
part, ``letters`` has the texts. What cannot be sent for want of a mail server or SMS gateway stays in the outbox.
"""
