-- name: user
insert into users (account_id, role, email, email_confirmed_at) values ($1, 'customer', $2, now()) returning id

-- name: key
insert into api_keys (user_id, name, prefix, token, scopes) values ($1, 'bench', 'dzv_', $2, '{read,write}')

-- name: projects
insert into projects (account_id, name) select $1, 'Project ' || number from generate_series(1, $2) as number returning id

-- name: count
select count(*) from projects

-- name: analyze
vacuum analyze
