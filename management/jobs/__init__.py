"""Background work on PgQueuer: ``queue`` puts jobs in, ``worker`` runs them, ``tasks`` shows people how far long ones
are, ``dead`` is for the staff.
"""
