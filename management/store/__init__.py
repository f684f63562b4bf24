"""Uploads: ``kinds`` says what may come in, ``content`` looks what it is, ``media`` keeps it, ``links`` lets it out, and
``images`` makes avatars.
"""
