-- Sessions end when they are not used: expires_at moves with each use, up to the end that it had at the beginning.
update sessions set expires_at = least(sessions.expires_at,
    sessions.seen_at + case when u.role = 'customer' then interval '7 days' else interval '12 hours' end)
from users u where u.id = sessions.user_id and not sessions.second_factor;
