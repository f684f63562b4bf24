"""What the engine needs from the machine it runs on: folders, Asterisk, PostgreSQL, ports, and the doctor.

Standard library only (and ``engine.domain``): the launcher runs parts of it before the virtual environment exists.

paths           where everything of one installation lies
debian          a private apt state, and packages unpacked from it without root
asterisk_tree   finds or fetches an Asterisk that is new enough
instance_files  pure: the generated part of one Asterisk's configuration
asterisk        runs one Asterisk
ports           free and busy ports
postgres        the embedded PostgreSQL
doctor          looks at all of the above and says what is wrong and what to do
"""
