-- A stand-in for pg_cron: its schema, tables and functions (as of 1.6). Jobs are written down and never run.

create schema cron;
create sequence cron.jobid_seq;
create sequence cron.runid_seq;
create table cron.job (
  jobid bigint primary key default pg_catalog.nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default 5432,
  database text not null default pg_catalog.current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default pg_catalog.nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username operator(pg_catalog.=) current_user);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username operator(pg_catalog.=) current_user);

create function cron.schedule(schedule text, command text) returns bigint language sql
  begin atomic
    insert into cron.job (schedule, command) values ($1, $2) returning jobid;
  end;
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql
  begin atomic
    insert into cron.job (jobname, schedule, command) values ($1, $2, $3)
      on conflict on constraint jobname_username_uniq
      do update set schedule = excluded.schedule, command = excluded.command
      returning jobid;
  end;
create function cron.schedule_in_database(job_name text, schedule text, command text, database text,
    username text default null, active boolean default true) returns bigint language sql
  begin atomic
    insert into cron.job (jobname, schedule, command, database, username, active)
      values ($1, $2, $3, $4, coalesce($5, current_user), $6)
      on conflict on constraint jobname_username_uniq
      do update set schedule = excluded.schedule, command = excluded.command, database = excluded.database,
                    active = excluded.active
      returning jobid;
  end;
create function cron.alter_job(job_id bigint, schedule text default null, command text default null,
    database text default null, username text default null, active boolean default null) returns void language sql
  begin atomic
    update cron.job set schedule = coalesce($2, job.schedule), command = coalesce($3, job.command),
                        database = coalesce($4, job.database), username = coalesce($5, job.username),
                        active = coalesce($6, job.active)
     where jobid = $1;
  end;
-- production has the jobs that somebody scheduled by hand, so one that is not here is no error
create function cron.unschedule(job_id bigint) returns boolean language sql
  begin atomic
    delete from cron.job where jobid = $1;
    select true;
  end;
create function cron.unschedule(job_name text) returns boolean language sql
  begin atomic
    delete from cron.job where jobname = $1;
    select true;
  end;

do $grants$
begin
  -- pg_cron leaves that to the superuser who creates it: the one here is nobody else than the migrator
  execute pg_catalog.format('grant usage on schema cron to %I with grant option', session_user);
  execute pg_catalog.format('grant all on all tables in schema cron to %I with grant option', session_user);
  execute pg_catalog.format('grant all on all sequences in schema cron to %I with grant option', session_user);
  grant usage on schema cron to public;
  grant select, insert, update, delete on cron.job to public;
  grant select, update, delete on cron.job_run_details to public;
  grant usage on sequence cron.jobid_seq to public;
end $grants$;
