"""Money: what plans cost, rate cards, credits, spend, the provider's usage records, invoices and reconciliation."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

PLANS = """
SET LOCAL ROLE portal_owner;
ALTER TABLE plan -- amounts are in `currency`; ratios are 0.03 for 3 percent
  ADD description text NOT NULL DEFAULT '',
  ADD strategy text NOT NULL DEFAULT 'TIER' CHECK (strategy IN (
    'FIXED_MARGIN', 'DYNAMIC_MARGIN', 'TIER', 'TIER_WITH_OVERAGE', 'CREDITS')),
  ADD currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
  ADD fee numeric NOT NULL DEFAULT 0 CHECK (fee >= 0),
  ADD period text NOT NULL DEFAULT 'MONTH' CHECK (period IN ('MONTH', 'YEAR')), -- what the fee is for
  ADD overage numeric CHECK (overage >= 0),                                     -- for each unit over the allowance
  ADD margin_kind text CHECK (margin_kind IN ('MARGIN', 'MARKUP')),
  ADD brackets jsonb NOT NULL DEFAULT '[]',     -- [{"up_to": 100, "ratio": "0.05"}, {"up_to": null, "ratio": "0.03"}]
  ADD other_ratio numeric CHECK (other_ratio >= 0), -- on what is not a message; NULL: the fee covers it
  ADD credit_packs jsonb NOT NULL DEFAULT '[]', -- [{"credits": 100, "units": 500, "price": "10", "valid_days": 365}]
  ADD countries text[] NOT NULL DEFAULT '{}',   -- where messages may go; empty: everywhere
  ADD throughput numeric NOT NULL DEFAULT 1 CHECK (throughput > 0), -- messages a second
  ADD features text[] NOT NULL DEFAULT '{}',
  ADD published_at timestamptz,
  ADD retired_at timestamptz,
  ADD changed_by_name text; -- who made, published or retired it
UPDATE plan SET published_at = created_at WHERE state <> 'DRAFT';
CREATE FUNCTION keep_published_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'DRAFT' AND (TG_OP = 'DELETE' OR NEW.state = 'DRAFT'
      OR to_jsonb(NEW) - ARRAY['state', 'retired_at', 'changed_by_name']
      <> to_jsonb(OLD) - ARRAY['state', 'retired_at', 'changed_by_name']) THEN
    RAISE EXCEPTION 'a published plan never changes' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON plan FOR EACH ROW EXECUTE FUNCTION keep_published_plan();
GRANT DELETE ON plan TO portal_operator;

-- A change that is to come is a row that begins later; until then it can be taken back. `until` is when it ends.
GRANT DELETE ON tenant_plan TO portal_app;
ALTER TABLE tenant ADD closed_at timestamptz;

CREATE TABLE plan_change ( -- append-only but for its cancelling: who changed the plan, from which to which
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  from_plan_id uuid REFERENCES plan (id), -- NULL: the first
  to_plan_id uuid NOT NULL REFERENCES plan (id),
  tenant_plan_id uuid NOT NULL,           -- the row of tenant_plan that it made
  effective_at timestamptz NOT NULL,
  requested_at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_name text NOT NULL,
  canceled_at timestamptz,
  canceled_by_name text,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX plan_change_by_time ON plan_change (tenant_id, requested_at, id);
CALL guard_tenant_table('plan_change', 'SELECT, INSERT, UPDATE (canceled_at, canceled_by_name)');
CALL allow_across_tenants('plan_change', 'portal_operator', 'SELECT');

CREATE TABLE rate_card ( -- one row a version: what the provider asks the ISV for, as of a publication
  id uuid PRIMARY KEY,
  version integer NOT NULL UNIQUE CHECK (version > 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  source text NOT NULL CHECK (source IN ('PROVIDER', 'FILE')),
  exchange_rates jsonb NOT NULL DEFAULT '{}', -- {"EUR": "0.92"}: what one unit of `currency` is worth in others
  published_at timestamptz NOT NULL,
  published_by_name text NOT NULL
);
GRANT SELECT ON rate_card TO portal_app, portal_worker, portal_operator;
GRANT INSERT ON rate_card TO portal_operator;
CREATE TABLE rate (
  rate_card_id uuid NOT NULL REFERENCES rate_card (id),
  category text NOT NULL,
  country text NOT NULL CHECK (country ~ '^([A-Z]{2})?$'), -- '': everywhere else
  price numeric NOT NULL CHECK (price >= 0), -- of a segment, a minute or a piece, in the card's currency
  PRIMARY KEY (rate_card_id, category, country)
);
GRANT SELECT ON rate TO portal_app, portal_worker, portal_operator;
GRANT INSERT ON rate TO portal_operator;
"""

LEDGERS = """
ALTER TABLE message
  ADD cost numeric NOT NULL DEFAULT 0 CHECK (cost >= 0),   -- by the rate card, in its currency
  ADD price numeric NOT NULL DEFAULT 0 CHECK (price >= 0), -- while units are reserved the most that it may come to
  ADD spend_id uuid;                                       -- the spend_balance that the price stands in
CREATE INDEX message_unconfirmed ON message (tenant_id, first_tried_at)
  WHERE issue = 'UNCONFIRMED' AND reserved_units > 0;
ALTER TABLE usage_day ADD cost numeric NOT NULL DEFAULT 0; -- by the rate card: what the provider will ask, estimated

ALTER TABLE allowance_balance
  ADD from_credits bigint NOT NULL DEFAULT 0 CHECK (from_credits >= 0), -- of used and reserved: what credits paid for
  ADD told_limit bigint;                                                -- the limit that told_percent is of
GRANT SELECT (from_credits) ON allowance_balance TO portal_support;
ALTER TABLE allowance_entry
  ALTER batch_id DROP NOT NULL,
  ADD reason text,       -- of a correction
  ADD as_of timestamptz, -- the instant of the provider's count that it goes by
  DROP CONSTRAINT allowance_entry_kind_check,
  DROP CONSTRAINT allowance_entry_units_check,
  ADD CONSTRAINT allowance_entry_kind_check CHECK (kind IN ('RESERVE', 'SETTLE', 'GIVE_BACK', 'CORRECTION')),
  ADD CONSTRAINT allowance_entry_units_check CHECK (
    CASE kind WHEN 'CORRECTION' THEN units <> 0 AND reason IS NOT NULL ELSE units > 0 AND batch_id IS NOT NULL END);

CREATE TABLE charge_day ( -- what is charged for: messages by day, plan, category and band, as they settle
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  day date NOT NULL,          -- of the hand-over, UTC
  tenant_plan_id uuid NOT NULL,
  category text NOT NULL,
  band smallint NOT NULL,     -- the place in the bands of the plan's strategy, from 0
  count bigint NOT NULL,      -- messages
  units bigint NOT NULL,      -- of the plan's allowance
  cost numeric NOT NULL,      -- by the rate card, in its currency
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, day, tenant_plan_id, category, band)
);
CALL guard_tenant_table('charge_day', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('charge_day', 'portal_operator', 'SELECT');

CREATE TABLE spend_balance ( -- what usage comes to beside the fee, in the plan's currency, one row a month
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  currency text NOT NULL,
  spent numeric NOT NULL DEFAULT 0,
  reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  told_cap numeric, -- the cap whose being reached was told of
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, month, currency)
);
CALL guard_tenant_table('spend_balance', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('spend_balance', 'portal_operator', 'SELECT');

CREATE TABLE spend_cap (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  amount numeric NOT NULL CHECK (amount >= 0),
  currency text NOT NULL,
  set_by_kind text NOT NULL,
  set_by_name text NOT NULL,
  set_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('spend_cap', 'SELECT, INSERT, UPDATE, DELETE');
CALL allow_across_tenants('spend_cap', 'portal_operator', 'SELECT');

CREATE TABLE billing_account ( -- what the operator enters for a tenant
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  currency text NOT NULL,
  credit_limit numeric NOT NULL DEFAULT 0 CHECK (credit_limit >= 0), -- of credits that are used before they are paid
  acquisition_cost numeric CHECK (acquisition_cost >= 0),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('billing_account', 'REFERENCES');
GRANT SELECT (tenant_id, id, currency, credit_limit) ON billing_account TO portal_app;
CALL allow_across_tenants('billing_account', 'portal_operator', 'SELECT, INSERT, UPDATE');

CREATE TABLE credit_lot ( -- a pack that was bought, counted in units
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  plan_id uuid NOT NULL REFERENCES plan (id), -- whose pack it is
  credits integer NOT NULL CHECK (credits > 0),
  units bigint NOT NULL CHECK (units > 0),
  unit text NOT NULL CHECK (unit IN ('MESSAGES', 'SEGMENTS')),
  price numeric NOT NULL CHECK (price >= 0),
  currency text NOT NULL,
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
  bought_by_kind text NOT NULL,
  bought_by_name text NOT NULL,
  purchased_at timestamptz NOT NULL,
  usable_at timestamptz, -- NULL: it waits for its payment
  paid_at timestamptz,
  payment_reference text,
  valid_days integer,      -- from when it is usable; NULL: for ever
  expires_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK (used + reserved + expired <= units)
);
CREATE INDEX credit_lot_to_expire ON credit_lot (expires_at) WHERE used + reserved + expired < units;
CALL guard_tenant_table('credit_lot', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('credit_lot', 'portal_operator', 'SELECT, UPDATE');
CALL allow_across_tenants('credit_lot', 'portal_worker',
  'SELECT (tenant_id, units, used, reserved, expired, expires_at)');

CREATE TABLE credit_hold ( -- what a message has reserved of a lot; it goes when the message settles or gives back
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  units bigint NOT NULL CHECK (units > 0),
  PRIMARY KEY (tenant_id, message_id, lot_id),
  FOREIGN KEY (tenant_id, lot_id) REFERENCES credit_lot (tenant_id, id)
);
CALL guard_tenant_table('credit_hold', 'SELECT, INSERT, DELETE');

CREATE TABLE credit_entry ( -- append-only: why a lot's balance is what it is
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  lot_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('PURCHASE', 'RESERVE', 'SETTLE', 'GIVE_BACK', 'EXPIRE', 'CORRECTION')),
  units bigint NOT NULL CHECK (units <> 0),
  batch_id uuid,
  messages integer,
  reason text,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, lot_id) REFERENCES credit_lot (tenant_id, id)
);
CREATE INDEX credit_entry_of_lot ON credit_entry (tenant_id, lot_id, id);
CALL guard_tenant_table('credit_entry', 'SELECT, INSERT');
CALL allow_across_tenants('credit_entry', 'portal_operator', 'SELECT, INSERT');
"""

USAGE = """
CREATE TABLE usage_record ( -- the provider's own count and price of a day and category, the last that was heard
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  day date NOT NULL, -- UTC
  category text NOT NULL, -- categories nest and overlap: never sum them all
  count numeric NOT NULL,
  count_unit text NOT NULL,
  usage numeric NOT NULL,
  usage_unit text NOT NULL,
  price numeric NOT NULL, -- what the ISV pays
  price_unit text NOT NULL,
  as_of timestamptz NOT NULL,
  synced_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, day, category)
);
CALL guard_tenant_table('usage_record', 'SELECT, INSERT, UPDATE');
CALL let_support_read('usage_record',
  'tenant_id, day, category, count, count_unit, usage, usage_unit, as_of, synced_at');
REVOKE SELECT ON usage_record FROM portal_support_content;
GRANT SELECT (tenant_id, day, category, count, count_unit, usage, usage_unit, as_of, synced_at) ON usage_record
  TO portal_support_content;
CALL allow_across_tenants('usage_record', 'portal_operator', 'SELECT');

CREATE TABLE usage_sync ( -- reading the provider's usage records: what was asked for, and how far it is
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')),
  from_day date NOT NULL,
  until_day date NOT NULL CHECK (until_day > from_day), -- the first day after it
  days_done integer NOT NULL DEFAULT 0,
  as_of timestamptz, -- the provider's, of what was read
  requested_at timestamptz NOT NULL,
  due_at timestamptz, -- when a worker goes on with it; while one does, when its lease ends; null: over
  attempts integer NOT NULL DEFAULT 0, -- since the last day that was read
  finished_at timestamptz,
  fault text,
  reconciled_at timestamptz, -- when what was read was held against our own
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX usage_sync_to_reconcile ON usage_sync (id) WHERE state = 'DONE' AND reconciled_at IS NULL;
CREATE INDEX usage_sync_due ON usage_sync (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX usage_sync_by_time ON usage_sync (tenant_id, requested_at, id);
CALL guard_tenant_table('usage_sync', 'SELECT, INSERT, UPDATE');
CALL let_support_read('usage_sync', 'tenant_id, id, state, from_day, until_day, days_done, as_of, requested_at, '
  'finished_at, fault');
CALL allow_across_tenants('usage_sync', 'portal_operator', 'SELECT, INSERT, UPDATE (reconciled_at)');
CALL allow_across_tenants('usage_sync', 'portal_worker', 'SELECT');

ALTER TABLE alert_rule -- percentages of the allowance that the tenant wants to hear of besides the plan's
  ADD thresholds integer[] NOT NULL DEFAULT '{}' CHECK (0 < ALL (thresholds) AND 1000 >= ALL (thresholds));
GRANT SELECT (thresholds) ON alert_rule TO portal_support;
CREATE TABLE usage_trigger ( -- append-only but for its removal: the provider's triggers set on the subaccount
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  percent integer NOT NULL CHECK (percent > 0),
  category text NOT NULL,
  unit text NOT NULL CHECK (unit IN ('MESSAGES', 'SEGMENTS')),
  value bigint NOT NULL CHECK (value > 0),
  recurring text NOT NULL CHECK (recurring IN ('DAY', 'MONTH')),
  provider_reference text NOT NULL,
  created_at timestamptz NOT NULL,
  removed_at timestamptz, -- what it calls back with after that is nobody's business
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, provider_reference)
);
CALL guard_tenant_table('usage_trigger', 'SELECT, INSERT, UPDATE (removed_at)');
CREATE TABLE usage_trigger_setup ( -- what a tenant's triggers were last set for: where that has changed, they are due
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  plan_id uuid REFERENCES plan (id), -- NULL: for no plan
  thresholds integer[] NOT NULL DEFAULT '{}',
  checked_at timestamptz,          -- NULL: they were never set
  held_until timestamptz NOT NULL, -- nobody begins before: a worker's lease, or the pause after a failure
  failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('usage_trigger_setup', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('usage_trigger_setup', 'portal_worker', 'SELECT');
CALL allow_across_tenants('tenant_plan', 'portal_worker', 'SELECT (tenant_id, plan_id, since, until)');
CALL allow_across_tenants('alert_rule', 'portal_worker', 'SELECT (tenant_id, kind, thresholds)');
-- What things cost is not for support to see, with leave or without: a grant on the whole table would open that too.
DO $$
DECLARE opened record;
BEGIN
  FOR opened IN
    SELECT attrelid::regclass AS kept, string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
    WHERE attrelid IN ('message'::regclass, 'usage_day'::regclass, 'usage_record'::regclass)
    AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('cost', 'price', 'spend_id', 'price_unit') GROUP BY 1
  LOOP
    EXECUTE format('REVOKE SELECT ON %s FROM portal_support_content', opened.kept);
    EXECUTE format('GRANT SELECT (%s) ON %s TO portal_support_content', opened.columns, opened.kept);
  END LOOP;
END $$;
"""

INVOICES = """
CREATE TABLE number_series ( -- numbers without gaps: whoever takes one locks the row until the commit
  name text PRIMARY KEY CHECK (name IN ('INVOICE', 'CREDIT_NOTE')),
  last bigint NOT NULL CHECK (last >= 0)
);
INSERT INTO number_series VALUES ('INVOICE', 0), ('CREDIT_NOTE', 0);
GRANT SELECT, UPDATE ON number_series TO portal_operator;

CREATE TABLE invoice_run ( -- making the invoices of a month: how far it is
  id uuid PRIMARY KEY,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  tenants integer NOT NULL,
  done integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  last_tenant_id uuid, -- tenants are taken in the order of their ids: the next one is behind this
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE UNIQUE INDEX invoice_run_going_on ON invoice_run (month) WHERE finished_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON invoice_run TO portal_operator;

CREATE TABLE invoice ( -- what a tenant owes for a month; an issued one changes no more, but for its payment or voiding
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  state text NOT NULL CHECK (state IN ('DRAFT', 'ISSUED', 'PAID', 'VOID')),
  currency text NOT NULL,
  total numeric NOT NULL,
  lines jsonb NOT NULL,     -- with the tenant's explanation
  snapshot jsonb NOT NULL,  -- what it was rated from, as the tenant may see it
  digest bytea NOT NULL,    -- SHA-256 of the snapshot in canonical form
  held_for text CHECK (held_for IN ('USAGE_NOT_SYNCED', 'DISCREPANCY', 'EARLIER_HELD')), -- of a draft
  generated_at timestamptz NOT NULL,
  issued_at timestamptz,
  due_on date,
  paid_at timestamptz,
  payment_reference text,
  voided_at timestamptz,
  void_reason text,
  told_at timestamptz, -- when members and the tenant's own systems were told that it is issued
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number),
  CHECK ((state = 'DRAFT') = (number IS NULL))
);
CREATE UNIQUE INDEX invoice_of_month ON invoice (tenant_id, month, currency) WHERE state <> 'VOID';
CREATE INDEX invoice_by_month ON invoice (tenant_id, month, id);
CREATE INDEX invoice_by_id ON invoice (id);
CREATE INDEX invoice_by_number ON invoice (number);
CREATE INDEX invoice_held ON invoice (id) WHERE state = 'DRAFT';
CREATE INDEX invoice_untold ON invoice (issued_at) WHERE issued_at IS NOT NULL AND told_at IS NULL;
CALL guard_tenant_table('invoice', 'SELECT, UPDATE (told_at)');
CREATE POLICY no_drafts ON invoice AS RESTRICTIVE TO portal_app USING (state <> 'DRAFT') WITH CHECK (state <> 'DRAFT');
CALL allow_across_tenants('invoice', 'portal_worker', 'SELECT (tenant_id, issued_at, told_at)');
CALL allow_across_tenants('invoice', 'portal_operator', 'SELECT, INSERT, UPDATE, DELETE');
CREATE FUNCTION keep_issued_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'DRAFT' AND (TG_OP = 'DELETE'
      OR to_jsonb(NEW) - ARRAY['state', 'paid_at', 'payment_reference', 'voided_at', 'void_reason', 'told_at']
      <> to_jsonb(OLD) - ARRAY['state', 'paid_at', 'payment_reference', 'voided_at', 'void_reason', 'told_at']
      OR NEW.state = 'DRAFT') THEN
    RAISE EXCEPTION 'an issued invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION keep_issued_invoice();

CREATE TABLE invoice_cost ( -- the operator's side of an invoice: cost and margin
  tenant_id uuid NOT NULL,
  id uuid NOT NULL, -- the invoice's
  cost numeric NOT NULL,
  currency text NOT NULL,
  lines jsonb NOT NULL,
  snapshot jsonb NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, id) REFERENCES invoice (tenant_id, id) ON DELETE CASCADE
);
CALL guard_tenant_table('invoice_cost', 'REFERENCES');
CALL allow_across_tenants('invoice_cost', 'portal_operator', 'SELECT, INSERT');

CREATE TABLE credit_note (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  invoice_id uuid NOT NULL,
  amount numeric NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  issued_at timestamptz NOT NULL,
  issued_by_name text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id)
);
CREATE INDEX credit_note_of_invoice ON credit_note (tenant_id, invoice_id);
CALL guard_tenant_table('credit_note', 'SELECT');
CALL allow_across_tenants('credit_note', 'portal_operator', 'SELECT, INSERT');

CREATE TABLE payment ( -- what the ISV's own billing told; heard twice it is one
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  event text NOT NULL,
  invoice_id uuid,
  lot_id uuid,
  amount numeric NOT NULL CHECK (amount >= 0),
  currency text NOT NULL,
  reference text NOT NULL,
  paid_at timestamptz NOT NULL,
  heard_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, event),
  CHECK ((invoice_id IS NULL) <> (lot_id IS NULL))
);
CALL guard_tenant_table('payment', 'SELECT');
CALL allow_across_tenants('payment', 'portal_operator', 'SELECT, INSERT');
"""

RECONCILIATION = """
CREATE TABLE discrepancy ( -- where the provider's records and ours differ by more than is tolerated
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  day date NOT NULL,
  category text NOT NULL,
  ours numeric NOT NULL,   -- counts
  theirs numeric NOT NULL,
  our_cost numeric,        -- NULL: we keep none of this category
  their_cost numeric NOT NULL,
  currency text NOT NULL,
  reason text NOT NULL CHECK (reason IN (
    'LATE', 'ROUNDING', 'COUNTED_OTHERWISE', 'PROCESSING_FEE', 'PRICED_OTHERWISE', 'UNKNOWN')),
  found_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL, -- the last reconciliation that found it
  closed_at timestamptz,
  closed_by_name text,
  note text,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, day, category)
);
CREATE INDEX discrepancy_by_id ON discrepancy (id);
CREATE INDEX discrepancy_open ON discrepancy (id) WHERE closed_at IS NULL;
CALL guard_tenant_table('discrepancy', 'REFERENCES');
CALL allow_across_tenants('discrepancy', 'portal_operator', 'SELECT, INSERT, UPDATE');

CREATE TABLE margin_alert ( -- a tenant's margin in a month is not what its plan promises: for the operator alone
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  month date NOT NULL,
  expected_ratio numeric NOT NULL,
  actual_ratio numeric NOT NULL,
  reason text NOT NULL CHECK (reason IN ('NEGATIVE', 'BELOW_PLAN')),
  raised_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by_name text,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, month)
);
CREATE INDEX margin_alert_by_id ON margin_alert (id);
CALL guard_tenant_table('margin_alert', 'REFERENCES');
CALL allow_across_tenants('margin_alert', 'portal_operator', 'SELECT, INSERT, UPDATE');

-- The operator's mutations in a tenant stand in its audit log.
CALL allow_across_tenants('audit_entry', 'portal_operator', 'INSERT');
GRANT INSERT ON outgoing_mail TO portal_operator;
GRANT SELECT, INSERT ON idempotency_key TO portal_operator;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0008_what_comes_back")]
    operations: list[Operation] = [RunSQL([PLANS, LEDGERS, USAGE, INVOICES, RECONCILIATION])]
