"""The audit log to be read: everybody's for the staff, his own for the customer."""
