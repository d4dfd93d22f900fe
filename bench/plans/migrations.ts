/** Migrations under review, each on its own after the history. */
export interface BenchMigration {
  readonly name: string
  readonly sql: string
  /** It leaves plans as they are: any effect is a false alarm. */
  readonly harmless?: true
  /** Columns that it leaves without statistics, as `table (column)`: production has analysed them by the next day. */
  readonly analyze?: readonly string[]
}

export const migrations: readonly BenchMigration[] = [
  { name: 'noop', sql: "comment on table orders is 'Orders of customers'", harmless: true },
  { name: 'drop index', sql: 'drop index orders_customer_created_idx' },
  {
    name: 'replace index, second column lost',
    sql: 'create index orders_customer_idx on orders (customer_id);\ndrop index orders_customer_created_idx',
  },
  { name: 'drop partial index', sql: 'drop index orders_pending_idx' },
  { name: 'drop covering index', sql: 'drop index order_items_product_idx' },
  { name: 'drop trigram index', sql: 'drop index products_name_idx' },
  {
    name: 'int to bigint',
    sql: 'alter table orders alter column customer_id type bigint',
    analyze: ['orders (customer_id)'],
  },
  {
    name: 'varchar widened',
    sql: 'alter table products alter column sku type varchar(100)',
    analyze: ['products (sku)'],
  },
  {
    name: 'varchar to text',
    sql: 'alter table orders alter column coupon type text',
    analyze: ['orders (coupon)'],
  },
  {
    name: 'small table rewritten',
    sql: 'alter table reviews alter column stars type integer',
    analyze: ['reviews (stars)'],
  },
  { name: 'rename column', sql: 'alter table orders rename column total_cents to amount_cents' },
  {
    name: 'rename index',
    sql: 'alter index orders_customer_created_idx rename to orders_by_customer',
    harmless: true,
  },
  { name: 'new index', sql: 'create index orders_total_idx on orders (total_cents)' },
  {
    name: 'drop primary key',
    sql: 'alter table order_items drop constraint order_items_pkey',
  },
  {
    name: 'primary key on another column order',
    sql: 'alter table order_items drop constraint order_items_pkey;\nalter table order_items add primary key (line, order_id)',
  },
  {
    name: 'add column with default',
    sql: "alter table orders add column source text not null default 'web'",
  },
  { name: 'set not null', sql: 'alter table jobs alter column attempts set not null', harmless: true },
  { name: 'drop column', sql: 'alter table orders drop column note' },
  {
    name: 'attach partition',
    sql: "alter table events attach partition old_events for values from ('2025-01-01') to ('2026-01-01')",
  },
  {
    name: 'expression index replaced by column index',
    sql: 'drop index customers_email_key;\ncreate unique index customers_email_key on customers (email)',
  },
  {
    name: 'index re-created under another name',
    sql: 'create index orders_customer_recent_idx on orders (customer_id, created_at);\ndrop index orders_customer_created_idx',
    harmless: true,
  },
]
