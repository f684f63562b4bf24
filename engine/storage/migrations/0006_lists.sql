-- What the cabinet's lists are read by.
create index projects_of_account_by_name on projects (account_id, name, id);
create index campaigns_of_project on campaigns (project_id, id desc);
create index on audiences (project_id, id desc);
create index on scenarios (project_id, id desc);
create index on caller_ids (account_id, id) where account_id is not null;
-- One entry a call, written at its end, when all its indexes are written anyway: until then ended_at is null.
create index calls_ended on calls (campaign_id, ended_at desc, id desc) where ended_at is not null;
