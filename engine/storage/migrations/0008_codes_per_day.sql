-- Codes to one number are counted in the journal: it outlives a crash, and the account that asked.
create index audit_codes on audit ((after ->> 'phone'), at desc) where action = 'user.phone_asked';
