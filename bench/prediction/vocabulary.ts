/**
 * Words and sentences that loaders draw from, so that texts repeat, compress and sort as people's do. It is in a
 * schema of its own, which is dropped when the shape is loaded.
 */

const words = `the of and to a in for is on that by this with you it not or be are from at as your all have new more
  an was we will home can us about if page my has search free but our one other do no information time they site
  he up may what which their news out use any there see only so his when contact here business who web also now help
  get view online first been would how were services some these click its like service than find price date back top
  people had list name just over state year day into email two health world next used go work last most products
  music buy data make them should product system post her city add policy number such please available copyright
  support message after best software then good video well where info rights public books high school through each
  links she review years order very privacy book items company read group need many user said does set under general
  research university january mail full map reviews program life know games way days management part could great
  united hotel real item international center ebay must store travel comments made development report off member
  details line terms before hotels did send right type because local those using results office education national
  car design take posted internet address community within states area want phone shipping reserved subject between
  forum family long based code show even black check special prices website index being women much sign file link
  open today technology south case project same pages version section own found sports house related security`

const firstNames = `Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen James Robert John Michael
  David William Richard Joseph Thomas Charles Anna Lukas Sofia Mateo Giulia Hiroshi Yuki Fatima Omar Ngozi Ines Björn
  Chloé Étienne Zoë Łukasz Maria José Ana Luis Wei Li Arjun Priya Olga Dmitri`

const lastNames = `Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez
  Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
  Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell
  Mitchell Carter Roberts Müller Schmidt Schneider Fischer Weber Rossi Ferrari Bianchi Novák Kowalski Tanaka Suzuki`

const cities = `Berlin Hamburg München Köln Frankfurt Paris Lyon Marseille Madrid Barcelona Valencia Lisboa Porto Roma
  Milano Torino London Manchester Leeds Glasgow Dublin Amsterdam Rotterdam Utrecht Bruxelles Antwerpen Wien Graz Zürich
  Genève Praha Brno Warszawa Kraków Stockholm Göteborg Oslo Bergen København Aarhus Helsinki Athens Istanbul`

const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0',
  'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
  'python-requests/2.32.3',
  'curl/8.5.0',
]

function literal(values: readonly string[]): string {
  return `array[${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')}]`
}

function list(text: string): string {
  return literal(text.split(/\s+/))
}

/**
 * `corpus.sentences(id 1 … 20000, text)`, `corpus.paragraphs(id 1 … 4000, text)`, and functions: `zipf(n, skew)`
 * gives 1 … n, small ones more often; `first_name()`, `last_name()`, `city()`, `agent()`.
 */
export const vocabulary: readonly string[] = [
  'create schema corpus',
  `create function corpus.zipf(n float8, skew float8) returns int language sql volatile
     as 'select 1 + floor(n * power(random(), skew))::int'`,
  ...Object.entries({
    word: [list(words), 3],
    first_name: [list(firstNames), 1.6],
    last_name: [list(lastNames), 1.8],
    city: [list(cities), 2],
    agent: [literal(agents), 2],
  } as const).map(
    ([name, [values, skew]]) =>
      `create function corpus.${name}() returns text language sql volatile as $$
         select (${values})[1 + floor(cardinality(${values}) * power(random(), ${skew}))::int] $$`,
  ),
  `create table corpus.sentences as
     select id, (select initcap(left(min(t), 1)) || substr(string_agg(t, ' '), 2) || '.'
                   from (select corpus.word() || case when random() < 0.04 then ' ' || (random() * 5000)::int else '' end
                           as t from generate_series(1, 4 + (id * 7919 % 11))) as drawn) as text
       from generate_series(1, 20000) as id`,
  'create unique index on corpus.sentences (id)',
  'analyze corpus.sentences',
  `create table corpus.paragraphs as
     select id, (select string_agg(text, ' ') from corpus.sentences
                  where sentences.id between id_from and id_from + 4 + p.id % 8) as text
       from (select id, corpus.zipf(19980, 1) as id_from from generate_series(1, 4000) as id) as p`,
  'create unique index on corpus.paragraphs (id)',
  'analyze corpus.paragraphs',
]
