-- 20,000 views of the last hour as lines of JSON: customer n looks at kinds n and n + 3, of each kind most often at the first products.
select setseed(0.5) \g /dev/null
select json_build_object(
    'event', 'product-view',
    'visitor', json_build_object('id', 'c' || customer),
    'product', json_build_object('sku', 'p' || (8 * floor(50 * power(random(), 2)) + 1 + (customer + 3 * round(random())) ::int % 8)),
    'at', floor(1000 * (extract(epoch from now()) - 3600 + n * 0.18)))
from generate_series(1, 20000) n, lateral (select 1 + floor(300 * random() + 0 * n)::int as customer) c
order by n;
