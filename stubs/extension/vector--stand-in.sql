-- A stand-in for pgvector: its types, functions, operators, casts and operator classes (as of 0.8.0), so that
-- migrations which use them can be replayed where it is not installed. Values are texts that nothing checks. Arithmetic
-- on vector and halfvec works; the rest raises PGR01. Indexes of hnsw and ivfflat are hash indexes: they are built and
-- locked like any other, and find nothing.

do $types$
declare name text;
begin
  foreach name in array array['vector', 'halfvec', 'sparsevec'] loop
    execute pg_catalog.format($sql$
      create type %1$I;
      create function %1$s_in(cstring, oid, integer) returns %1$I
        language internal immutable strict parallel safe as 'textin';
      create function %1$s_out(%1$I) returns cstring
        language internal immutable strict parallel safe as 'textout';
      create function %1$s_recv(internal, oid, integer) returns %1$I
        language internal immutable strict parallel safe as 'textrecv';
      create function %1$s_send(%1$I) returns bytea
        language internal immutable strict parallel safe as 'textsend';
      create function %1$s_typmod_in(cstring[]) returns integer
        language internal immutable strict parallel safe as 'bittypmodin';
      create function %1$s_typmod_out(integer) returns cstring
        language internal immutable strict parallel safe as 'bittypmodout';
      create type %1$I (input = %1$s_in, output = %1$s_out, receive = %1$s_recv, send = %1$s_send,
        typmod_in = %1$s_typmod_in, typmod_out = %1$s_typmod_out, storage = external);

      create function %1$s_lt(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'bytealt';
      create function %1$s_le(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteale';
      create function %1$s_eq(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteaeq';
      create function %1$s_ne(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteane';
      create function %1$s_ge(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteage';
      create function %1$s_gt(%1$I, %1$I) returns boolean language internal immutable strict parallel safe as 'byteagt';
      create function %1$s_cmp(%1$I, %1$I) returns integer language internal immutable strict parallel safe as 'byteacmp';
      create function %1$s_hash(%1$I) returns integer language internal immutable strict parallel safe as 'hashvarlena';
      create operator < (leftarg = %1$I, rightarg = %1$I, function = %1$s_lt, commutator = >, negator = >=,
        restrict = scalarltsel, join = scalarltjoinsel);
      create operator <= (leftarg = %1$I, rightarg = %1$I, function = %1$s_le, commutator = >=, negator = >,
        restrict = scalarlesel, join = scalarlejoinsel);
      create operator = (leftarg = %1$I, rightarg = %1$I, function = %1$s_eq, commutator = =, negator = <>,
        restrict = eqsel, join = eqjoinsel);
      create operator <> (leftarg = %1$I, rightarg = %1$I, function = %1$s_ne, commutator = <>, negator = =,
        restrict = neqsel, join = neqjoinsel);
      create operator >= (leftarg = %1$I, rightarg = %1$I, function = %1$s_ge, commutator = <=, negator = <,
        restrict = scalargesel, join = scalargejoinsel);
      create operator > (leftarg = %1$I, rightarg = %1$I, function = %1$s_gt, commutator = <, negator = <=,
        restrict = scalargtsel, join = scalargtjoinsel);
      create operator class %1$s_ops default for type %1$I using btree as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 %1$s_cmp(%1$I, %1$I);
    $sql$, name);
  end loop;

  -- two of them as lists of numbers: [1,2,3]
  foreach name in array array['vector', 'halfvec'] loop
    execute pg_catalog.format($sql$
      create function %1$s_numbers(%1$I) returns double precision[] language sql immutable strict parallel safe
        return pg_catalog.translate($1::text, '[]', '{}')::double precision[];
      create function l2_distance(%1$I, %1$I) returns double precision language sql immutable strict parallel safe
        return (select pg_catalog.sqrt(pg_catalog.sum((a - b) * (a - b)))
                  from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b));
      create function %1$s_l2_squared_distance(%1$I, %1$I) returns double precision
        language sql immutable strict parallel safe
        return (select pg_catalog.sum((a - b) * (a - b))
                  from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b));
      create function l1_distance(%1$I, %1$I) returns double precision language sql immutable strict parallel safe
        return (select pg_catalog.sum(pg_catalog.abs(a - b))
                  from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b));
      create function inner_product(%1$I, %1$I) returns double precision language sql immutable strict parallel safe
        return (select pg_catalog.sum(a * b) from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b));
      create function %1$s_negative_inner_product(%1$I, %1$I) returns double precision
        language sql immutable strict parallel safe return - inner_product($1, $2);
      create function cosine_distance(%1$I, %1$I) returns double precision language sql immutable strict parallel safe
        return 1 - inner_product($1, $2) /
          nullif(pg_catalog.sqrt(inner_product($1, $1)) * pg_catalog.sqrt(inner_product($2, $2)), 0);
      create function vector_dims(%1$I) returns integer language sql immutable strict parallel safe
        return pg_catalog.cardinality(%1$s_numbers($1));
      create function %2$s(%1$I) returns double precision language sql immutable strict parallel safe
        return pg_catalog.sqrt(inner_product($1, $1));
      create function %1$s_of(double precision[]) returns %1$I language sql immutable strict parallel safe
        return pg_catalog.translate($1::text, '{}', '[]')::%1$I;
      create function subvector(%1$I, integer, integer) returns %1$I language sql immutable strict parallel safe
        return %1$s_of((%1$s_numbers($1))[$2 : $2 + $3 - 1]);
      create function l2_normalize(%1$I) returns %1$I language sql immutable strict parallel safe
        return %1$s_of(array(select a / nullif(%2$s($1), 0) from pg_catalog.unnest(%1$s_numbers($1)) as n (a)));
      create function %1$s_add(%1$I, %1$I) returns %1$I language sql immutable strict parallel safe
        return %1$s_of(array(select a + b from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b)));
      create function %1$s_sub(%1$I, %1$I) returns %1$I language sql immutable strict parallel safe
        return %1$s_of(array(select a - b from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b)));
      create function %1$s_mul(%1$I, %1$I) returns %1$I language sql immutable strict parallel safe
        return %1$s_of(array(select a * b from rows from (pg_catalog.unnest(%1$s_numbers($1)), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b)));
      create function %1$s_concat(%1$I, %1$I) returns %1$I language sql immutable strict parallel safe
        return %1$s_of(%1$s_numbers($1) || %1$s_numbers($2));
      create function binary_quantize(%1$I) returns bit language sql immutable strict parallel safe
        return (select pg_catalog.string_agg(case when a > 0 then '1' else '0' end, '')
                  from pg_catalog.unnest(%1$s_numbers($1)) as n (a))::bit varying::bit;
      create operator + (leftarg = %1$I, rightarg = %1$I, function = %1$s_add, commutator = +);
      create operator - (leftarg = %1$I, rightarg = %1$I, function = %1$s_sub);
      create operator * (leftarg = %1$I, rightarg = %1$I, function = %1$s_mul, commutator = *);
      create operator || (leftarg = %1$I, rightarg = %1$I, function = %1$s_concat);
      create function %1$s_accum(double precision[], %1$I) returns double precision[]
        language sql immutable strict parallel safe
        return array[$1[1] + 1] || array(
          select coalesce(a, 0) + b from rows from (pg_catalog.unnest($1[2:]), pg_catalog.unnest(%1$s_numbers($2))) as n (a, b));
      create function %1$s_avg(double precision[]) returns %1$I language sql immutable strict parallel safe
        return case when $1[1] > 0 then %1$s_of(array(select a / $1[1] from pg_catalog.unnest($1[2:]) as n (a))) end;
      create aggregate avg(%1$I) (sfunc = %1$s_accum, stype = double precision[], finalfunc = %1$s_avg,
        initcond = '{0}');
      create aggregate sum(%1$I) (sfunc = %1$s_add, stype = %1$I);
      create function %1$s(%1$I, integer, boolean) returns %1$I language plpgsql immutable strict parallel safe
        set search_path = pg_catalog as $body$
        declare dimensions integer := cardinality(translate($1::text, '[]', '{}')::double precision[]);
        begin
          if $2 <> -1 and $2 <> dimensions then
            raise data_exception using message = format('expected %%s dimensions, not %%s', $2, dimensions);
          end if;
          return $1;
        end $body$;
      create function %1$s_to_float4(%1$I, integer, boolean) returns real[] language sql immutable strict parallel safe
        return %1$s_numbers($1)::real[];
      create cast (%1$I as %1$I) with function %1$s(%1$I, integer, boolean) as implicit;
    $sql$, name, case name when 'vector' then 'vector_norm' else 'l2_norm' end);
  end loop;

  foreach name in array array['l2_distance', 'l1_distance', 'inner_product', 'cosine_distance',
                              'sparsevec_l2_squared_distance', 'sparsevec_negative_inner_product'] loop
    execute pg_catalog.format($sql$
      create function %1$s(sparsevec, sparsevec) returns double precision language plpgsql immutable strict parallel safe
        set search_path = pg_catalog as $body$
        begin raise exception using errcode = 'PGR01', message = '%1$s(sparsevec, sparsevec) is a stand-in'; end $body$;
    $sql$, name);
  end loop;

  foreach name in array array['vector', 'halfvec', 'sparsevec'] loop
    execute pg_catalog.format($sql$
      create operator <-> (leftarg = %1$I, rightarg = %1$I, function = l2_distance, commutator = <->);
      create operator <#> (leftarg = %1$I, rightarg = %1$I, function = %1$s_negative_inner_product, commutator = <#>);
      create operator <=> (leftarg = %1$I, rightarg = %1$I, function = cosine_distance, commutator = <=>);
      create operator <+> (leftarg = %1$I, rightarg = %1$I, function = l1_distance, commutator = <+>);
    $sql$, name);
  end loop;
end $types$;

create function l2_norm(sparsevec) returns double precision language plpgsql immutable strict parallel safe
  set search_path = pg_catalog as
  $$ begin raise exception using errcode = 'PGR01', message = 'l2_norm(sparsevec) is a stand-in'; end $$;
create function l2_normalize(sparsevec) returns sparsevec language plpgsql immutable strict parallel safe
  set search_path = pg_catalog as
  $$ begin raise exception using errcode = 'PGR01', message = 'l2_normalize(sparsevec) is a stand-in'; end $$;
create function sparsevec(sparsevec, integer, boolean) returns sparsevec language plpgsql immutable strict parallel safe
  set search_path = pg_catalog as $$ begin return $1; end $$;
create cast (sparsevec as sparsevec) with function sparsevec(sparsevec, integer, boolean) as implicit;

-- casts between them, and from and to arrays: integer[] as vector, …
do $casts$
declare source text; target text; kind text;
begin
  foreach source in array array['integer[]', 'real[]', 'double precision[]', 'numeric[]'] loop
    foreach target in array array['vector', 'halfvec'] loop
      execute pg_catalog.format($sql$
        create function array_to_%2$s(%1$s, integer, boolean) returns %2$I language sql immutable strict parallel safe
          return %2$s(%2$s_of($1::double precision[]), $2, $3);
        create cast (%1$s as %2$I) with function array_to_%2$s(%1$s, integer, boolean) as assignment;
      $sql$, source, target);
    end loop;
    execute pg_catalog.format($sql$
      create function array_to_sparsevec(%1$s, integer, boolean) returns sparsevec
        language sql immutable strict parallel safe
        return ('{' || (select pg_catalog.string_agg(pg_catalog.concat(at, ':', a), ',' order by at)
                          from pg_catalog.unnest($1) with ordinality as n (a, at) where a <> 0)
                || '}/' || pg_catalog.cardinality($1))::sparsevec;
      create cast (%1$s as sparsevec) with function array_to_sparsevec(%1$s, integer, boolean) as assignment;
    $sql$, source);
  end loop;
  for source, target, kind in values ('vector', 'halfvec', 'implicit'), ('halfvec', 'vector', 'assignment') loop
    execute pg_catalog.format($sql$
      create function %1$s_to_%2$s(%1$I, integer, boolean) returns %2$I language sql immutable strict parallel safe
        return %2$s($1::text::%2$I, $2, $3);
      create cast (%1$I as %2$I) with function %1$s_to_%2$s(%1$I, integer, boolean) as %3$s;
    $sql$, source, target, kind);
  end loop;
  for source, target, kind in values ('vector', 'sparsevec', 'implicit'), ('halfvec', 'sparsevec', 'implicit'),
                                     ('sparsevec', 'vector', 'assignment'), ('sparsevec', 'halfvec', 'assignment') loop
    execute pg_catalog.format($sql$
      create function %1$s_to_%2$s(%1$I, integer, boolean) returns %2$I language plpgsql immutable strict parallel safe
        set search_path = pg_catalog as $body$
        begin raise exception using errcode = 'PGR01', message = 'the cast of %1$s to %2$s is a stand-in'; end $body$;
      create cast (%1$I as %2$I) with function %1$s_to_%2$s(%1$I, integer, boolean) as %3$s;
    $sql$, source, target, kind);
  end loop;
end $casts$;
create cast (vector as real[]) with function vector_to_float4(vector, integer, boolean) as implicit;
create cast (halfvec as real[]) with function halfvec_to_float4(halfvec, integer, boolean) as assignment;

create function hamming_distance(bit, bit) returns double precision language sql immutable strict parallel safe
  return pg_catalog.length(pg_catalog.replace(($1 # $2)::text, '0', ''));
create function jaccard_distance(bit, bit) returns double precision language sql immutable strict parallel safe
  return 1 - pg_catalog.length(pg_catalog.replace(($1 & $2)::text, '0', ''))::double precision /
             nullif(pg_catalog.length(pg_catalog.replace(($1 | $2)::text, '0', '')), 0);
create operator <~> (leftarg = bit, rightarg = bit, function = hamming_distance, commutator = <~>);
create operator <%> (leftarg = bit, rightarg = bit, function = jaccard_distance, commutator = <%>);
create function vector_bit_hash(bit) returns integer language internal immutable strict parallel safe as 'hashvarlena';

create access method ivfflat type index handler hashhandler;
create access method hnsw type index handler hashhandler;
comment on access method ivfflat is 'stand-in of pgrehearse for ivfflat: a hash index';
comment on access method hnsw is 'stand-in of pgrehearse for hnsw: a hash index';

do $classes$
declare method text; name text; measure text; is_default text;
begin
  for method, name, measure in
    select m, t, d from pg_catalog.unnest(array['ivfflat', 'hnsw']) m, pg_catalog.unnest(array['vector', 'halfvec', 'sparsevec']) t,
           pg_catalog.unnest(array['l2', 'ip', 'cosine', 'l1']) d
     where not (m = 'ivfflat' and (t = 'sparsevec' or d = 'l1'))
  loop
    is_default := case when method = 'ivfflat' and name = 'vector' and measure = 'l2' then 'default' else '' end;
    execute pg_catalog.format('create operator class %2$s_%3$s_ops %4$s for type %2$I using %1$I as function 1 %2$s_hash(%2$I)',
      method, name, measure, is_default);
  end loop;
  execute 'create operator class bit_hamming_ops for type bit using ivfflat as function 1 vector_bit_hash(bit)';
  execute 'create operator class bit_hamming_ops for type bit using hnsw as function 1 vector_bit_hash(bit)';
  execute 'create operator class bit_jaccard_ops for type bit using hnsw as function 1 vector_bit_hash(bit)';
end $classes$;
