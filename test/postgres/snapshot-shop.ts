/** What must never be in a snapshot without --with-values. */
export const secret = 'SECRETMARK'
export const secretNumber = '424242'

/** A schema and a table that every level of quoting trips over. */
export const hostile = { schema: 'we"ird\'s\nschema', name: 'tä\\b:le {"x"} $$ 🐘' }
const hostileSql = `"we""ird's\nschema"."tä\\b:le {""x""} $$ 🐘"`

/** Production, as small as it may be: everything that a snapshot tells apart. */
export const shopSql = `
create extension pg_stat_statements schema public;
create schema "we""ird's\nschema";
create table ${hostileSql} ("c:ol""'" text, "1" int);
insert into ${hostileSql} select '${secret}' || i % 3, ${secretNumber} from generate_series(1, 200) i;
create index odd on ${hostileSql} (lower("c:ol""'"));
create type mood as enum ('${secret} mood');
create domain address as text;
create table everything (
  id bigint generated always as identity primary key, t text, v varchar(40), c char(20), n numeric(12,2), i int, f float8,
  d date, ts timestamptz, iv interval, b bytea, j jsonb, x xml, u uuid, a text[], ia int[], m mood, r int4range, bi bit(20),
  net inet, bx box, tv tsvector, ad address, nul text);
insert into everything (t, v, c, n, i, f, d, ts, iv, b, j, x, u, a, ia, m, r, bi, net, bx, tv, ad)
select '${secret}', '${secret}', '${secret}', ${secretNumber}.25, ${secretNumber}, ${secretNumber}.5, '2042-04-24', '2042-04-24',
       '${secretNumber} hours', '${secret}', '{"${secret}": "${secret}"}', '<${secret}/>', '42424242-4242-4242-4242-424242424242',
       array['${secret}'], array[${secretNumber}], '${secret} mood', '[1,${secretNumber})', ${secretNumber}::bit(20), '42.42.42.42',
       '((42,42),(4242,4242))', '${secret}', '${secret}' from generate_series(1, 300) i;
create table parts (k int, v text, primary key (k)) partition by range (k);
create table parts_low partition of parts for values from (0) to (100);
create table parts_rest partition of parts default;
insert into parts select i, repeat('x', 3000) from generate_series(1, 200) i;
create materialized view summary as select k % 10 as ten, count(*) from parts group by 1;
create unlogged table scratch (a int primary key) with (fillfactor = 70);
create view not_a_table as select 1;
create temporary table temporary_one (a int);
analyze;
create table never_counted (t text);
insert into never_counted select '${secret}' from generate_series(1, 5000);
`

/** Statements whose texts hold literals in every form. */
export const trafficSql = [
  `select 1 from everything where t = '${secret}' and i = ${secretNumber} -- ${secret}`,
  `select /* ${secret} /* it's ${secret} */ */ t from everything where f > ${secretNumber}.5 order by 1 limit 3`,
  `select E'${secret}\\'x', $$${secret}$$, $a$${secret}$a$, U&'${secret}', B'101', x'ff', N'${secret}' from everything limit 1`,
  `select "1" from ${hostileSql} where "c:ol""'" = '${secret}'`,
  `select k from parts where k in (1, 2, 3)`,
  `select k from parts where k in (1, 2, 3)`,
  `update parts set v = '${secret}' where k = 5`,
  `create role leaky password '${secret}'`,
  `do $$ begin perform '${secret}'; end $$`,
  `begin; declare c cursor for select '${secret}'; commit`,
  `explain select '${secret}'`,
] as const
