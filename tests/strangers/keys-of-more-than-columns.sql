-- from PostgreSQL 15
CREATE TABLE shop.account (
  id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
  email text, tenant integer, login text, "Full Name" text,
  CONSTRAINT account_login_key UNIQUE (login) INCLUDE (email),
  UNIQUE NULLS NOT DISTINCT (tenant, email),
  CONSTRAINT "the name" UNIQUE NULLS NOT DISTINCT ("Full Name") INCLUDE (login) WITH (fillfactor = 70)
);
CREATE UNIQUE INDEX account_email ON shop.account (lower(email)) NULLS NOT DISTINCT WHERE tenant IS NOT NULL;
