/** The shop's queries: what its application sends, with parameters and values that are usual for them. */

export interface BenchQuery {
  readonly name: string
  readonly sql: string
  /** As the text of a literal, one for each parameter. */
  readonly values: readonly string[]
}

function query(name: string, sql: string, ...values: readonly string[]): BenchQuery {
  return { name, sql, values }
}

const lookUps: readonly BenchQuery[] = [
  query('GetCustomer', 'select * from customers where id = $1', '4711'),
  query(
    'CustomerByEmail',
    'select id, name from customers where lower(email) = lower($1)',
    'user77@example.com',
  ),
  query(
    'CustomersOfCity',
    'select id, name from customers where country = $1 and city = $2 order by name',
    'DE',
    'city 7',
  ),
  query('CustomersOfCountry', 'select count(*) from customers where country = $1', 'SE'),
  query(
    'DarkCustomers',
    'select id from customers where settings @> $1::jsonb',
    '{"theme": "light", "size": 7}',
  ),
  query('ReferredBy', 'select id, name from customers where referred_by = $1', '12'),
  query('NewestCustomers', 'select id, email from customers order by created_at desc limit $1', '20'),
  query('GetOrder', 'select * from orders where id = $1', '123456'),
  query('GetOrders', 'select id, status, total_cents from orders where id = any($1)', '{1,500,70000,900001}'),
  query('ProductBySku', 'select id, name from products where sku = $1', 'SKU-00000042'),
  query(
    'PaymentByReference',
    'select * from payments where provider = $1 and reference = $2',
    'card',
    'ref-99',
  ),
]

const lists: readonly BenchQuery[] = [
  query(
    'OrdersOfCustomer',
    'select id, status, total_cents, created_at from orders where customer_id = $1 order by created_at desc limit 20',
    '815',
  ),
  query(
    'OrdersOfCustomerSince',
    'select id, total_cents from orders where customer_id = $1 and created_at >= $2',
    '815',
    '2026-01-01',
  ),
  query('LastOrderAt', 'select max(created_at) from orders where customer_id = $1', '815'),
  query(
    'OldestPending',
    "select id, created_at from orders where status = 'pending' order by created_at limit 50",
  ),
  query(
    'PendingSince',
    "select count(*) from orders where status = 'pending' and created_at > $1",
    '2026-11-01',
  ),
  query(
    'OrdersOfDay',
    "select id, total_cents from orders where (created_at at time zone 'UTC')::date = $1",
    '2026-11-10',
  ),
  query(
    'ChangedRecently',
    'select id, updated_at from orders where updated_at > $1 order by updated_at limit 500',
    '2026-11-18',
  ),
  query('OrdersWithCoupon', 'select id, total_cents from orders where coupon = $1', 'SAVE17'),
  query(
    'CouponUse',
    'select coupon, count(*) from orders where coupon is not null group by coupon order by 2 desc limit 10',
  ),
  query(
    'BigOrders',
    'select id, customer_id from orders where total_cents > $1 order by total_cents desc limit 100',
    '190000',
  ),
  query('OrdersByStatus', 'select count(*) from orders where status = $1', 'returned'),
  query(
    'OrdersPage',
    'select id, created_at, total_cents from orders order by id desc limit 50 offset $1',
    '200',
  ),
  query(
    'OrdersAfter',
    'select id, created_at, total_cents from orders where id > $1 order by id limit 100',
    '1500000',
  ),
  query(
    'ProductsOfCategory',
    'select name, price_cents from products where category_id = $1 and price_cents between $2 and $3 order by price_cents',
    '7',
    '1000',
    '20000',
  ),
  query('ProductsWithTag', 'select id, name from products where tags @> array[$1]', 'tag42'),
  query('SearchProducts', 'select id, name from products where name ilike $1 limit 20', '%mirror%'),
  query(
    'ReviewsOfProduct',
    'select * from reviews where product_id = $1 order by stars desc, created_at desc limit 10',
    '17',
  ),
  query('ReviewsMentioning', 'select id, product_id from reviews where body like $1', '%sturdy thing 00%'),
  query(
    'NextJobs',
    'select id, kind from jobs where finished_at is null and run_at <= $1 order by run_at limit 10 for update skip locked',
    '2026-11-20',
  ),
  query(
    'EventsOfCustomer',
    'select * from events where customer_id = $1 order by occurred_at desc limit 50',
    '99',
  ),
  query(
    'EventsOfOctober',
    "select kind, count(*) from events where occurred_at >= '2026-10-01' and occurred_at < '2026-10-08' group by kind",
  ),
  query(
    'EventsBetween',
    'select count(*) from events where occurred_at between $1 and $2',
    '2026-05-01',
    '2026-05-02',
  ),
]

const joins: readonly BenchQuery[] = [
  query(
    'OrderWithItems',
    'select o.id, o.status, i.line, i.quantity, p.name from orders o join order_items i on i.order_id = o.id join products p on p.id = i.product_id where o.id = $1',
    '77777',
  ),
  query(
    'OrdersOfCustomerByEmail',
    'select o.* from orders o join customers c on c.id = o.customer_id where lower(c.email) = $1 order by o.created_at desc limit 10',
    'user500@example.com',
  ),
  query(
    'UnpaidOrders',
    "select o.id from orders o left join payments p on p.order_id = o.id where p.id is null and o.status = 'pending' limit 100",
  ),
  query(
    'NeverPaid',
    'select o.id from orders o where not exists (select from payments p where p.order_id = o.id) and o.created_at > $1',
    '2026-11-01',
  ),
  query(
    'TopProducts',
    'select p.name, sum(i.quantity) from order_items i join products p on p.id = i.product_id group by p.id, p.name order by 2 desc limit 10',
  ),
  query('SoldOfProduct', 'select sum(quantity) from order_items where product_id = $1', '321'),
  query(
    'ProductsOftenReturned',
    "select i.product_id, count(*) from orders o join order_items i on i.order_id = o.id where o.status = 'returned' group by 1 order by 2 desc limit 20",
  ),
  query(
    'CustomersWithBigOrders',
    'select distinct c.id, c.email from customers c join orders o on o.customer_id = c.id where o.total_cents > $1 and c.country = $2',
    '195000',
    'AT',
  ),
  query(
    'LatestOrderPerCustomer',
    'select c.id, c.name, l.created_at from customers c cross join lateral (select created_at from orders o where o.customer_id = c.id order by created_at desc limit 1) l where c.country = $1 and c.city = $2',
    'FR',
    'city 12',
  ),
  query(
    'RunningTotal',
    'select id, total_cents, sum(total_cents) over (order by created_at) from orders where customer_id = $1',
    '100',
  ),
  query(
    'MonthlyRevenue',
    "with months as (select date_trunc('month', created_at) as month, total_cents from orders where created_at >= $1) select month, sum(total_cents) from months group by month order by month",
    '2026-01-01',
  ),
  query(
    'CategoryTree',
    'with recursive tree as (select id, name from categories where id = $1 union all select c.id, c.name from categories c join tree t on c.parent_id = t.id) select * from tree',
    '5',
  ),
  query(
    'EventsOfBuyers',
    "select e.kind, count(*) from events e join customers c on c.id = e.customer_id where c.country = 'SE' and e.occurred_at > $1 group by e.kind",
    '2026-11-01',
  ),
  query(
    'RecentOrdersOf',
    'select status, count(*) from recent_orders where shipping_country = $1 group by status',
    'IT',
  ),
  query('SalesOfDay', 'select * from daily_sales where day = $1', '2026-11-10'),
  query(
    'RatingOfProducts',
    'select p.id, p.name, avg(r.stars) from products p join reviews r on r.product_id = p.id where p.category_id = $1 group by p.id, p.name',
    '3',
  ),
]

const writes: readonly BenchQuery[] = [
  query(
    'InsertPayment',
    'insert into payments (id, order_id, provider, reference, amount_cents, paid_at) values ($1, $2, $3, $4, $5, now())',
    '99999999',
    '17',
    'card',
    'ref-x',
    '100',
  ),
  query(
    'UpsertSku',
    'insert into products (id, sku, name, category_id, price_cents, tags, active, created_on) values ($1, $2, $3, 1, 100, $4, true, current_date) on conflict (sku) do update set name = excluded.name',
    '9999999',
    'SKU-00000042',
    'Chair',
    '{}',
  ),
  query(
    'ShipOrder',
    "update orders set status = 'shipped', updated_at = now() where id = $1 and status = 'paid'",
    '1990000',
  ),
  query(
    'CancelStale',
    "update orders set status = 'cancelled' where status = 'pending' and created_at < $1",
    '2026-06-01',
  ),
  query('FinishJob', 'update jobs set finished_at = now() where id = $1', '5'),
  query('DeleteJobs', 'delete from jobs where finished_at < $1', '2023-02-01'),
  query('ForgetCustomerEvents', 'delete from events where customer_id = $1', '99'),
]

export const queries: readonly BenchQuery[] = [...lookUps, ...lists, ...joins, ...writes]

/** Queries that come with a merge request: no index serves them, and for most of them one could. */
export const newQueries: readonly BenchQuery[] = [
  query('NewReferredBy', 'select id, name from customers where referred_by = $1', '12'),
  query(
    'NewNewestOf',
    'select id, total_cents from orders where shipping_country = $1 order by created_at desc limit 20',
    'SE',
  ),
  query(
    'NewExpensive',
    'select id, customer_id from orders where total_cents > 195000 order by total_cents desc limit 50',
  ),
  query(
    'NewReturned',
    "select count(*) from orders where status = 'returned' and created_at > $1",
    '2026-06-01',
  ),
  query('NewByNote', "select id from orders where note like '%c0ffee%'"),
  query('NewReviewsBy', 'select * from reviews where customer_id = $1 order by created_at desc', '4711'),
  query(
    'NewPaymentsOn',
    'select sum(amount_cents) from payments where paid_at >= $1 and paid_at < $2',
    '2026-11-01',
    '2026-11-02',
  ),
  query('NewByName', 'select id from customers where lower(name) = $1', 'customer 7'),
  query(
    'NewItemsOfCategory',
    'select i.order_id from order_items i where i.product_id = 5 and i.quantity > 6 and i.price_cents > $1',
    '40000',
  ),
  query('NewBuys', "select count(*) from events where kind = 'error' and occurred_at > $1", '2026-11-10'),
  query('NewFailedJobs', 'select id, kind from jobs where attempts >= 5 and finished_at > $1', '2026-11-01'),
  query('NewEverything', 'select shipping_country, count(*) from orders group by 1'),
]
