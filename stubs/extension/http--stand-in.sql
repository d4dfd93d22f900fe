-- A stand-in for pgsql-http: its types and functions (as of 1.6). Functions that would send something raise PGR01.

create domain http_method as text;
create domain content_type as text check (value operator(pg_catalog.~) '^\S+\/\S+');
create type http_header as (field varchar, value varchar);
create type http_response as (status integer, content_type varchar, headers http_header[], content varchar);
create type http_request as (method http_method, uri varchar, headers http_header[], content_type varchar,
  content varchar);

create function http_header(field varchar, value varchar) returns http_header language sql
  return row($1, $2)::http_header;
create function http_set_curlopt(curlopt varchar, value varchar) returns boolean language sql return true;
create function http_reset_curlopt() returns boolean language sql return true;
create function http_list_curlopt() returns table (curlopt text, value text) language sql
  begin atomic
    select null::text, null::text where false;
  end;
create function urlencode(string bytea) returns text language plpgsql immutable strict set search_path = pg_catalog as
  $$ begin raise exception using errcode = 'PGR01', message = 'urlencode() is a stand-in'; end $$;
create function text_to_bytea(data text) returns bytea language sql immutable strict
  return pg_catalog.convert_to($1, 'UTF8');
create function bytea_to_text(data bytea) returns text language sql immutable strict
  return pg_catalog.convert_from($1, 'UTF8');

do $functions$
declare signature text;
begin
  foreach signature in array array[
    'urlencode(string varchar) returns text', 'urlencode(data jsonb) returns text',
    'http(request http_request) returns http_response', 'http_get(uri varchar) returns http_response',
    'http_get(uri varchar, data jsonb) returns http_response',
    'http_post(uri varchar, content varchar, content_type varchar) returns http_response',
    'http_post(uri varchar, data jsonb) returns http_response',
    'http_put(uri varchar, content varchar, content_type varchar) returns http_response',
    'http_patch(uri varchar, content varchar, content_type varchar) returns http_response',
    'http_delete(uri varchar) returns http_response',
    'http_delete(uri varchar, content varchar, content_type varchar) returns http_response',
    'http_head(uri varchar) returns http_response'
  ] loop
    execute pg_catalog.format($sql$
      create function %s language plpgsql set search_path = pg_catalog as $body$
        begin raise exception using errcode = 'PGR01', message = %L; end $body$
    $sql$, signature, pg_catalog.split_part(signature, '(', 1) || '() is a stand-in: nothing is sent');
  end loop;
end $functions$;
