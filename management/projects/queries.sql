-- name: mine
-- Three statements and not one with a choice in it: so each is read in the order of its index, and no further than the page.
select p.id, p.name, p.description, p.created_at, p.archived_at, p.version, 'own' as access, '' as owner
from projects p
where p.account_id = $1 and p.archived_at is null and ($2::text = '' or p.name ilike '%' || $2 || '%')

-- name: archived
select p.id, p.name, p.description, p.created_at, p.archived_at, p.version, 'own' as access, '' as owner
from projects p
where p.account_id = $1 and p.archived_at is not null and ($2::text = '' or p.name ilike '%' || $2 || '%')

-- name: shared
select p.id, p.name, p.description, p.created_at, p.archived_at, p.version, m."right"::text as access, a.name as owner
from project_members m join projects p on p.id = m.project_id join accounts a on a.id = p.account_id
where m.user_id = $1 and p.archived_at is null and ($2::text = '' or p.name ilike '%' || $2 || '%')

-- name: one
-- $1 project, $2 account, $3 user, $4 whether he sees all. No row: it does not exist for him.
select p.id, p.name, p.description, p.created_at, p.archived_at, p.version, p.account_id,
       case when p.account_id = $2 then 'own' else coalesce(m."right"::text, 'view') end as access,
       case when p.account_id = $2 then '' else a.name end as owner
from projects p join accounts a on a.id = p.account_id
left join project_members m on m.project_id = p.id and m.user_id = $3
where p.id = $1 and (p.account_id = $2 or m.user_id is not null or $4)

-- name: lock
select version, name, description from projects where id = $1 for no key update

-- name: create
insert into projects (account_id, name, description) values ($1, $2, $3)
returning id, name, description, created_at, archived_at, version, account_id, 'own' as access, '' as owner

-- name: change
update projects set name = $2, description = $3, version = version + 1 where id = $1 returning version

-- name: archive
update projects set archived_at = now(), version = version + 1 where id = $1 and archived_at is null returning archived_at

-- name: restore
update projects set archived_at = null, version = version + 1 where id = $1 and archived_at is not null returning id

-- name: active_campaigns
select count(*) from campaigns where project_id = $1 and state = 'running'

-- name: fields
select id, name, variable, type from project_fields where project_id = $1 order by id

-- name: add_field
insert into project_fields (project_id, name, variable, type) values ($1, $2, $3, $4)
on conflict (project_id, variable) do nothing returning id, name, variable, type

-- name: rename_field
with was as (select id, name from project_fields where id = $2 and project_id = $1 for update)
update project_fields f set name = $3 from was where f.id = was.id
returning f.id, f.name, f.variable, f.type, was.name as former

-- name: remove_field
delete from project_fields where project_id = $1 and id = $2 returning name, variable

-- name: tags
select id, name from project_tags where project_id = $1 order by lower(name)

-- name: add_tag
insert into project_tags (project_id, name) values ($1, $2) on conflict (project_id, lower(name)) do nothing returning id, name

-- name: rename_tag
with was as (select id, name from project_tags where id = $2 and project_id = $1 for update)
update project_tags t set name = $3 from was where t.id = was.id
returning t.id, t.name, was.name as former

-- name: remove_tag
delete from project_tags where project_id = $1 and id = $2 returning name

-- name: members
select m.user_id as user, u.surname, u.name, u.email, m."right", m.created_at
from project_members m join users u on u.id = m.user_id where m.project_id = $1
union all
select null, '', '', i.email, i."right", i.created_at from project_invitations i where i.project_id = $1
order by created_at, email

-- name: user_by_email
select id, name, language, account_id from users where email = $1 and email_confirmed_at is not null and deleted_at is null

-- name: add_member
insert into project_members (project_id, user_id, "right") values ($1, $2, $3::text::project_right)
on conflict (project_id, user_id) do nothing returning user_id

-- name: invite
insert into project_invitations (project_id, email, "right", invited_by) values ($1, $2, $3::text::project_right, $4)
on conflict (project_id, email) do nothing returning email

-- name: change_right
update project_members m set "right" = $3::text::project_right from project_members was, users u
where m.project_id = $1 and m.user_id = $2 and was.project_id = $1 and was.user_id = $2 and u.id = $2
returning was."right" as former, u.email

-- name: revoke
delete from project_members m using users u where m.project_id = $1 and m.user_id = $2 and u.id = $2 returning u.email, m."right"

-- name: uninvite
delete from project_invitations where project_id = $1 and email = $2 returning email, "right"
