-- A stand-in for PostGIS: the types geometry, geography, box2d and box3d with their modifiers, operators and operator
-- classes, and the functions that schemas use most, with the signatures of 3.5. Values are texts that nothing checks, as
-- they were written: EWKT, or EWKB in hexadecimal. What a function can tell of EWKT it tells; the rest raises PGR01.

-- A modifier is a number to Postgres; for geometry(Point,4326) it is the oid of the label (Point,4326) here.
do $modifiers$
declare labels text;
begin
  select pg_catalog.string_agg(pg_catalog.format('''(%s%s%s)''', kind, dimension, srid), ',' order by kinds.at, dims.at, srids.at)
    into labels
    from pg_catalog.unnest(array['Geometry', 'Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString',
           'MultiPolygon', 'GeometryCollection', 'CircularString', 'CompoundCurve', 'CurvePolygon', 'MultiCurve',
           'MultiSurface', 'PolyhedralSurface', 'Triangle', 'Tin']) with ordinality as kinds (kind, at),
         pg_catalog.unnest(array['', 'Z', 'M', 'ZM']) with ordinality as dims (dimension, at),
         pg_catalog.unnest(array['', ',4326', ',3857', ',4269', ',4258', ',4979', ',3035', ',900913', ',2056', ',21781',
           ',2154', ',25830', ',25831', ',25832', ',25833', ',27700', ',28992', ',31370', ',31287', ',3067', ',3006',
           ',3301', ',5514', ',2180', ',3763', ',3879', ',2193', ',7844', ',28355', ',28356', ',4674', ',31983', ',5070',
           ',2163', ',26910', ',26911', ',26917', ',26918', ',32610', ',32611', ',32617', ',32618', ',32632', ',32633',
           ',32643', ',4490', ',6668']) with ordinality as srids (srid, at);
  execute pg_catalog.format('create type postgis_modifier as enum (%s)', labels);
end $modifiers$;

-- Postgres lets no function in SQL take cstring[]. It is declared with text[] and made to take what CREATE TYPE asks for;
-- array_to_string() reads either. A spatial reference that the labels lack is left out of the modifier.
create function postgis_modifier_in(text[]) returns integer language sql stable strict parallel safe
  set search_path = pg_catalog as $body$
  select coalesce(
    (select oid::integer from pg_enum where enumtypid = '@extschema@.postgis_modifier'::regtype
        and lower(enumlabel) = lower(replace('(' || replace(array_to_string($1, ','), ' ', '') || ')', ',0)', ')'))),
    (select oid::integer from pg_enum where enumtypid = '@extschema@.postgis_modifier'::regtype
        and lower(enumlabel) = lower('(' || split_part(replace(array_to_string($1, ','), ' ', ''), ',', 1) || ')')),
    ('Invalid geometry type modifier: ' || array_to_string($1, ','))::integer)
$body$;
set local allow_system_table_mods = on;
update pg_catalog.pg_proc set proargtypes = '1263'::pg_catalog.oidvector
 where oid operator(pg_catalog.=) '@extschema@.postgis_modifier_in'::pg_catalog.regproc;
set local allow_system_table_mods = off;
create function postgis_modifier_out(integer) returns cstring language internal stable strict parallel safe as 'enum_out';

do $types$
declare name text; modifiers text;
begin
  foreach name in array array['geometry', 'geography', 'box2d', 'box3d'] loop
    modifiers := case when name operator(pg_catalog.~) '^geo'
      then ', typmod_in = postgis_modifier_in, typmod_out = postgis_modifier_out' else '' end;
    execute pg_catalog.format($sql$
      create type %1$I;
      create function %1$s_in(cstring, oid, integer) returns %1$I
        language internal immutable strict parallel safe as 'textin';
      create function %1$s_out(%1$I) returns cstring language internal immutable strict parallel safe as 'textout';
      create function %1$s_recv(internal, oid, integer) returns %1$I
        language internal immutable strict parallel safe as 'textrecv';
      create function %1$s_send(%1$I) returns bytea language internal immutable strict parallel safe as 'textsend';
      create type %1$I (input = %1$s_in, output = %1$s_out, receive = %1$s_recv, send = %1$s_send%2$s,
        storage = main, delimiter = ':');
    $sql$, name, modifiers);
  end loop;
  foreach name in array array['geometry', 'geography'] loop
    execute pg_catalog.format($sql$
      create function %1$s(%1$I, integer, boolean) returns %1$I language plpgsql immutable strict parallel safe
        set search_path = pg_catalog as $body$ begin return $1; end $body$;
      create cast (%1$I as %1$I) with function %1$s(%1$I, integer, boolean) as implicit;
      create function %1$s_lt(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'bytealt';
      create function %1$s_le(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteale';
      create function %1$s_eq(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteaeq';
      create function %1$s_ge(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteage';
      create function %1$s_gt(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteagt';
      create function %1$s_cmp(%1$I, %1$I) returns integer language internal immutable strict parallel safe as 'byteacmp';
      create function %1$s_hash(%1$I) returns integer language internal immutable strict parallel safe as 'hashvarlena';
      create operator < (leftarg = %1$I, rightarg = %1$I, function = %1$s_lt, commutator = >, negator = >=,
        restrict = contsel, join = contjoinsel);
      create operator <= (leftarg = %1$I, rightarg = %1$I, function = %1$s_le, commutator = >=, negator = >,
        restrict = contsel, join = contjoinsel);
      create operator = (leftarg = %1$I, rightarg = %1$I, function = %1$s_eq, commutator = =,
        restrict = contsel, join = contjoinsel, hashes, merges);
      create operator >= (leftarg = %1$I, rightarg = %1$I, function = %1$s_ge, commutator = <=, negator = <,
        restrict = contsel, join = contjoinsel);
      create operator > (leftarg = %1$I, rightarg = %1$I, function = %1$s_gt, commutator = <, negator = <=,
        restrict = contsel, join = contjoinsel);
      create operator class btree_%1$s_ops default for type %1$I using btree as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 %1$s_cmp(%1$I, %1$I);
      create operator class hash_%1$s_ops default for type %1$I using hash as
        operator 1 =, function 1 %1$s_hash(%1$I);
      create operator class brin_%1$s_inclusion_ops%2$s default for type %1$I using brin as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >,
        function 1 pg_catalog.brin_minmax_opcinfo(internal),
        function 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
        function 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
        function 4 pg_catalog.brin_minmax_union(internal, internal, internal);
    $sql$, name, case name when 'geometry' then '_2d' else '' end);
  end loop;
end $types$;

create type geometry_dump as (path integer[], geom geometry);
create type valid_detail as (valid boolean, reason varchar, location geometry);
create table spatial_ref_sys (
  srid integer not null primary key check (srid operator(pg_catalog.>) 0 and srid operator(pg_catalog.<=) 998999),
  auth_name varchar(256),
  auth_srid integer,
  srtext varchar(2048),
  proj4text varchar(2048)
);
insert into spatial_ref_sys (srid, auth_name, auth_srid) values (4326, 'EPSG', 4326), (3857, 'EPSG', 3857);
grant select on spatial_ref_sys to public;

-- what can be told of texts
create function postgis_wkt(geometry) returns text language sql immutable strict parallel safe
  return pg_catalog.regexp_replace($1::text, '^SRID=\d+;', '', 'i');
create function postgis_with_srid(text, integer) returns geometry language sql immutable strict parallel safe
  return (case when $2 > 0 then 'SRID=' || $2 || ';' else '' end
          || pg_catalog.regexp_replace($1, '^SRID=\d+;', '', 'i'))::geometry;
create function st_srid(geom geometry) returns integer language sql immutable strict parallel safe
  return coalesce(pg_catalog.substring($1::text, '(?i)^SRID=(\d+);')::integer, 0);
create function st_srid(geog geography) returns integer language sql immutable strict parallel safe return 4326;
create function st_setsrid(geom geometry, srid integer) returns geometry language sql immutable strict parallel safe
  return postgis_with_srid($1::text, $2);
create function geometrytype(geometry) returns text language sql immutable strict parallel safe
  return pg_catalog.upper(pg_catalog.substring(postgis_wkt($1), '^\s*([a-zA-Z]+)'));
create function st_geometrytype(geometry) returns text language sql immutable strict parallel safe
  return 'ST_' || pg_catalog.initcap(geometrytype($1));
create function st_ndims(geometry) returns smallint language sql immutable strict parallel safe
  return case when postgis_wkt($1) ~* '^\w+\s*zm' then 4 when postgis_wkt($1) ~* '^\w+\s*[zm]' then 3 else 2 end;
create function st_coorddim(geometry geometry) returns smallint language sql immutable strict parallel safe
  return st_ndims($1);
create function st_isempty(rast geometry) returns boolean language sql immutable strict parallel safe
  return postgis_wkt($1) ~* '\mempty\M';
create function st_isvalid(geometry) returns boolean language sql immutable strict parallel safe return true;
create function st_isvalid(geometry, integer) returns boolean language sql immutable strict parallel safe return true;
create function st_issimple(geometry) returns boolean language sql immutable strict parallel safe return true;
create function st_x(geometry) returns double precision language sql immutable strict parallel safe
  return pg_catalog.substring(postgis_wkt($1), '(?i)^\s*point\s*[zm]*\s*\(\s*([-+.\deE]+)')::double precision;
create function st_y(geometry) returns double precision language sql immutable strict parallel safe
  return pg_catalog.substring(postgis_wkt($1), '(?i)^\s*point\s*[zm]*\s*\(\s*[-+.\deE]+\s+([-+.\deE]+)')::double precision;
create function st_astext(geometry) returns text language sql immutable strict parallel safe return postgis_wkt($1);
create function st_astext(geography) returns text language sql immutable strict parallel safe
  return pg_catalog.regexp_replace($1::text, '^SRID=\d+;', '', 'i');
create function st_astext(text) returns text language sql immutable strict parallel safe return $1;
create function st_asewkt(geometry) returns text language sql immutable strict parallel safe return $1::text;
create function st_makepoint(double precision, double precision) returns geometry
  language sql immutable strict parallel safe return pg_catalog.concat('POINT(', $1, ' ', $2, ')')::geometry;
create function st_makepoint(double precision, double precision, double precision) returns geometry
  language sql immutable strict parallel safe return pg_catalog.concat('POINT Z (', $1, ' ', $2, ' ', $3, ')')::geometry;
create function st_point(double precision, double precision) returns geometry
  language sql immutable strict parallel safe return st_makepoint($1, $2);
create function st_point(double precision, double precision, srid integer) returns geometry
  language sql immutable strict parallel safe return st_setsrid(st_makepoint($1, $2), $3);
create function postgis_version() returns text language sql immutable return '3.5 stand-in';
create function postgis_lib_version() returns text language sql immutable return '3.5.0';
create function postgis_full_version() returns text language sql immutable return 'POSTGIS="3.5.0" stand-in of pgrehearse';
do $texts$
declare name text;
begin
  foreach name in array array['st_geomfromtext', 'st_geometryfromtext', 'st_pointfromtext', 'st_linefromtext',
      'st_polygonfromtext', 'st_mpointfromtext', 'st_mlinefromtext', 'st_mpolyfromtext', 'st_geomcollfromtext',
      'st_wkttosql'] loop
    execute pg_catalog.format('create function %1$s(text) returns geometry language sql immutable strict parallel safe
      return $1::geometry', name);
    execute pg_catalog.format('create function %1$s(text, integer) returns geometry language sql immutable strict
      parallel safe return postgis_with_srid($1, $2)', name);
  end loop;
  execute 'create function st_geomfromewkt(text) returns geometry language sql immutable strict parallel safe
    return $1::geometry';
  foreach name in array array['st_geogfromtext', 'st_geographyfromtext'] loop
    execute pg_catalog.format('create function %1$s(text) returns geography language sql immutable strict parallel safe
      return $1::geography', name);
  end loop;
end $texts$;

create function geometry(text) returns geometry language sql immutable strict parallel safe return $1::geometry;
create function text(geometry) returns text language sql immutable strict parallel safe return $1::text;
create function geography(geometry) returns geography language sql immutable strict parallel safe
  return $1::text::geography;
create function geometry(geography) returns geometry language sql immutable strict parallel safe
  return $1::text::geometry;
create cast (text as geometry) with function geometry(text) as implicit;
create cast (geometry as text) with function text(geometry) as implicit;
create cast (geometry as geography) with function geography(geometry) as implicit;
create cast (geography as geometry) with function geometry(geography);

-- the rest can be named, and not be run
do $functions$
declare signature text; result text;
begin
  for signature, result in values
    ('st_area(geometry)', 'double precision'), ('st_area(geog geography, use_spheroid boolean = true)', 'double precision'),
    ('st_length(geometry)', 'double precision'), ('st_length(geog geography, use_spheroid boolean = true)', 'double precision'),
    ('st_perimeter(geometry)', 'double precision'), ('st_distance(geom1 geometry, geom2 geometry)', 'double precision'),
    ('st_distance(geog1 geography, geog2 geography, use_spheroid boolean = true)', 'double precision'),
    ('st_distancesphere(geom1 geometry, geom2 geometry)', 'double precision'),
    ('st_azimuth(geom1 geometry, geom2 geometry)', 'double precision'), ('st_z(geometry)', 'double precision'),
    ('st_m(geometry)', 'double precision'), ('st_xmin(box3d)', 'double precision'), ('st_xmax(box3d)', 'double precision'),
    ('st_ymin(box3d)', 'double precision'), ('st_ymax(box3d)', 'double precision'),
    ('st_dwithin(geom1 geometry, geom2 geometry, double precision)', 'boolean'),
    ('st_dwithin(geog1 geography, geog2 geography, tolerance double precision, use_spheroid boolean = true)', 'boolean'),
    ('st_intersects(geom1 geometry, geom2 geometry)', 'boolean'), ('st_intersects(geog1 geography, geog2 geography)', 'boolean'),
    ('st_contains(geom1 geometry, geom2 geometry)', 'boolean'), ('st_within(geom1 geometry, geom2 geometry)', 'boolean'),
    ('st_covers(geom1 geometry, geom2 geometry)', 'boolean'), ('st_covers(geog1 geography, geog2 geography)', 'boolean'),
    ('st_coveredby(geom1 geometry, geom2 geometry)', 'boolean'), ('st_overlaps(geom1 geometry, geom2 geometry)', 'boolean'),
    ('st_touches(geom1 geometry, geom2 geometry)', 'boolean'), ('st_crosses(geom1 geometry, geom2 geometry)', 'boolean'),
    ('st_equals(geom1 geometry, geom2 geometry)', 'boolean'), ('st_disjoint(geom1 geometry, geom2 geometry)', 'boolean'),
    ('st_isclosed(geometry)', 'boolean'), ('st_isring(geometry)', 'boolean'),
    ('st_transform(geometry, integer)', 'geometry'), ('st_buffer(geom geometry, radius double precision, options text = '''')', 'geometry'),
    ('st_buffer(geography, double precision)', 'geography'), ('st_centroid(geometry)', 'geometry'),
    ('st_pointonsurface(geometry)', 'geometry'), ('st_envelope(geometry)', 'geometry'), ('st_convexhull(geometry)', 'geometry'),
    ('st_union(geom1 geometry, geom2 geometry)', 'geometry'), ('st_union(geometry[])', 'geometry'),
    ('st_intersection(geom1 geometry, geom2 geometry, gridsize double precision = -1)', 'geometry'),
    ('st_difference(geom1 geometry, geom2 geometry, gridsize double precision = -1)', 'geometry'),
    ('st_symdifference(geom1 geometry, geom2 geometry, gridsize double precision = -1)', 'geometry'),
    ('st_simplify(geometry, double precision)', 'geometry'), ('st_simplifypreservetopology(geometry, double precision)', 'geometry'),
    ('st_makevalid(geometry)', 'geometry'), ('st_multi(geometry)', 'geometry'), ('st_collect(geom1 geometry, geom2 geometry)', 'geometry'),
    ('st_collect(geometry[])', 'geometry'), ('st_makeline(geom1 geometry, geom2 geometry)', 'geometry'),
    ('st_makeline(geometry[])', 'geometry'), ('st_makepolygon(geometry)', 'geometry'), ('st_polygon(geometry, integer)', 'geometry'),
    ('st_makeenvelope(double precision, double precision, double precision, double precision, integer = 0)', 'geometry'),
    ('st_tileenvelope(zoom integer, x integer, y integer, bounds geometry = null, margin double precision = 0)', 'geometry'),
    ('st_force2d(geometry)', 'geometry'), ('st_force3d(geom geometry, zvalue double precision = 0.0)', 'geometry'),
    ('st_flipcoordinates(geometry)', 'geometry'), ('st_reverse(geometry)', 'geometry'), ('st_snaptogrid(geometry, double precision)', 'geometry'),
    ('st_startpoint(geometry)', 'geometry'), ('st_endpoint(geometry)', 'geometry'), ('st_pointn(geometry, integer)', 'geometry'),
    ('st_geometryn(geometry, integer)', 'geometry'), ('st_exteriorring(geometry)', 'geometry'), ('st_boundary(geometry)', 'geometry'),
    ('st_closestpoint(geom1 geometry, geom2 geometry)', 'geometry'), ('st_lineinterpolatepoint(geometry, double precision)', 'geometry'),
    ('st_translate(geometry, double precision, double precision)', 'geometry'), ('st_expand(geometry, double precision)', 'geometry'),
    ('st_subdivide(geom geometry, maxvertices integer = 256, gridsize double precision = -1.0)', 'setof geometry'),
    ('st_dump(geometry)', 'setof geometry_dump'), ('st_npoints(geometry)', 'integer'), ('st_numpoints(geometry)', 'integer'),
    ('st_numgeometries(geometry)', 'integer'), ('st_dimension(geometry)', 'integer'), ('st_isvalidreason(geometry)', 'text'),
    ('st_geohash(geom geometry, maxchars integer = 0)', 'text'), ('st_geomfromwkb(bytea)', 'geometry'),
    ('st_geomfromwkb(bytea, integer)', 'geometry'), ('st_geomfromewkb(bytea)', 'geometry'), ('st_geomfromgeojson(text)', 'geometry'),
    ('st_geomfromgeojson(json)', 'geometry'), ('st_geomfromgeojson(jsonb)', 'geometry'), ('st_pointfromgeohash(text, integer = null)', 'geometry'),
    ('st_asbinary(geometry)', 'bytea'), ('st_asewkb(geometry)', 'bytea'), ('st_ashexewkb(geometry)', 'text'),
    ('st_asgeojson(geom geometry, maxdecimaldigits integer = 9, options integer = 8)', 'text'),
    ('st_asgeojson(geog geography, maxdecimaldigits integer = 9, options integer = 0)', 'text'),
    ('st_asmvtgeom(geom geometry, bounds box2d, extent integer = 4096, buffer integer = 256, clip_geom boolean = true)', 'geometry'),
    ('box2d(geometry)', 'box2d'), ('box3d(geometry)', 'box3d'), ('geometry(bytea)', 'geometry'), ('bytea(geometry)', 'bytea'),
    ('geography(bytea)', 'geography'), ('bytea(geography)', 'bytea'), ('geometry(point)', 'geometry'), ('point(geometry)', 'point'),
    ('geometry_distance(geometry, geometry)', 'double precision'), ('geography_distance(geography, geography)', 'double precision'),
    ('geometry_related(geometry, geometry)', 'boolean'), ('geography_related(geography, geography)', 'boolean')
  loop
    execute pg_catalog.format($sql$
      create function %s returns %s language plpgsql immutable strict parallel safe set search_path = pg_catalog as $body$
        begin raise exception using errcode = 'PGR01', message = %L; end $body$
    $sql$, signature, result, pg_catalog.split_part(signature, '(', 1) operator(pg_catalog.||) '() is a stand-in of pgrehearse');
  end loop;
end $functions$;
create cast (geometry as box2d) with function box2d(geometry) as implicit;
create cast (geometry as box3d) with function box3d(geometry) as implicit;
create cast (bytea as geometry) with function geometry(bytea) as implicit;
create cast (geometry as bytea) with function bytea(geometry) as implicit;
create cast (bytea as geography) with function geography(bytea) as implicit;
create cast (geography as bytea) with function bytea(geography) as implicit;
create cast (geometry as point) with function point(geometry);
create cast (point as geometry) with function geometry(point);
create aggregate st_union(geometry) (sfunc = st_union, stype = geometry);
create aggregate st_collect(geometry) (sfunc = st_collect, stype = geometry);
create aggregate st_makeline(geometry) (sfunc = st_makeline, stype = geometry);
create aggregate st_extent(geometry) (sfunc = st_union, stype = geometry);

do $operators$
declare sign text; commutator text;
begin
  for sign, commutator in values ('&&', '&&'), ('~=', '~='), ('@', '~'), ('~', '@'), ('<<', '>>'), ('>>', '<<'), ('&<', null),
      ('&>', null), ('<<|', '|>>'), ('|>>', '<<|'), ('&<|', null), ('|&>', null), ('&&&', '&&&') loop
    execute pg_catalog.format('create operator %1$s (leftarg = geometry, rightarg = geometry, function = geometry_related,
      restrict = contsel, join = contjoinsel%2$s)', sign,
      case when commutator is not null then pg_catalog.format(', commutator = %s', commutator) else '' end);
  end loop;
end $operators$;
create operator <-> (leftarg = geometry, rightarg = geometry, function = geometry_distance, commutator = <->);
create operator <#> (leftarg = geometry, rightarg = geometry, function = geometry_distance, commutator = <#>);
create operator && (leftarg = geography, rightarg = geography, function = geography_related, commutator = &&,
  restrict = contsel, join = contjoinsel);
create operator <-> (leftarg = geography, rightarg = geography, function = geography_distance, commutator = <->);

-- GiST asks its functions only once a page is full or the index is searched; then this one refuses.
create function postgis_gist(internal) returns internal language internal immutable parallel safe as 'internal_in';
create operator class gist_geometry_ops_2d default for type geometry using gist as
  operator 1 <<, operator 2 &<, operator 3 &&, operator 4 &>, operator 5 >>, operator 6 ~=, operator 7 ~, operator 8 @,
  operator 9 &<|, operator 10 <<|, operator 11 |>>, operator 12 |&>,
  operator 13 <-> for order by pg_catalog.float_ops, operator 14 <#> for order by pg_catalog.float_ops,
  function 1 postgis_gist(internal), function 2 postgis_gist(internal), function 5 postgis_gist(internal),
  function 6 postgis_gist(internal), function 7 postgis_gist(internal), function 8 postgis_gist(internal);
create operator class gist_geometry_ops_nd for type geometry using gist as
  operator 3 &&&, function 1 postgis_gist(internal), function 2 postgis_gist(internal), function 5 postgis_gist(internal),
  function 6 postgis_gist(internal), function 7 postgis_gist(internal);
create operator class gist_geography_ops default for type geography using gist as
  operator 3 &&, operator 13 <-> for order by pg_catalog.float_ops,
  function 1 postgis_gist(internal), function 2 postgis_gist(internal), function 5 postgis_gist(internal),
  function 6 postgis_gist(internal), function 7 postgis_gist(internal), function 8 postgis_gist(internal);

create view geography_columns as
  select pg_catalog.current_database() as f_table_catalog, n.nspname as f_table_schema, c.relname as f_table_name,
         a.attname as f_geography_column, 2 as coord_dimension, 4326 as srid,
         pg_catalog.format_type(a.atttypid, a.atttypmod) as type
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) a.attrelid
    join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
   where a.atttypid operator(pg_catalog.=) '@extschema@.geography'::pg_catalog.regtype and not a.attisdropped;
create view geometry_columns as
  select pg_catalog.current_database()::varchar(256) as f_table_catalog, n.nspname as f_table_schema,
         c.relname as f_table_name, a.attname as f_geometry_column, 2 as coord_dimension, 0 as srid,
         pg_catalog.format_type(a.atttypid, a.atttypmod)::varchar(30) as type
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) a.attrelid
    join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
   where a.atttypid operator(pg_catalog.=) '@extschema@.geometry'::pg_catalog.regtype and not a.attisdropped;
grant select on geography_columns, geometry_columns to public;
