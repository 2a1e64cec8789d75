-- A shop: 400 products of eight kinds, 300 customers of five cities. A row holds since it changed last.
create table products (sku text primary key, title text not null, kind text not null, price numeric not null, changed timestamptz not null default now());
create table customers (id text primary key, city text not null, changed timestamptz not null default now());

insert into products
select 'p' || n, kind || ' no. ' || n, kind, 5 + n % 40, now() - n * interval '2 hours'
from generate_series(1, 400) n,
     lateral (select (array['shoes', 'hats', 'coats', 'books', 'lamps', 'chairs', 'cups', 'bikes'])[1 + n % 8] as kind) k;

insert into customers
select 'c' || n, (array['Oslo', 'Lima', 'Pune', 'Kyoto', 'Graz'])[1 + n % 5], now() - interval '1 year'
from generate_series(1, 300) n;

create extension vector;
create table item_vectors (id text primary key, vector vector(64) not null, log_popularities real[] not null, generation text not null, step bigint not null);
