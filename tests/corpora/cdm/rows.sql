-- What the twenty changes must carry over, written over what the filler wrote.
UPDATE "Account" SET "vatNumber" = 'DE' || substr("accountId", -4) WHERE rowid % 2 = 0;
UPDATE "Account" SET "oldCode" = CASE WHEN rowid % 10 = 0 THEN 'old' || rowid END, "visitEveryDays" = 7 * (1 + rowid % 5);
UPDATE "Contact" SET "loyalty" = CASE rowid % 3 WHEN 0 THEN 'gold' WHEN 1 THEN 'silver' END, "callName" = 'Ümit ' || rowid;
UPDATE "Task" SET "effortHours" = 0.25 * rowid, "billable" = rowid % 2;
UPDATE "Visit" SET "minutes" = CASE WHEN rowid % 4 > 0 THEN CAST(15 * (rowid % 4) AS TEXT) END,
  "note" = CASE WHEN rowid % 2 = 0 THEN 'it''s "said" ' || rowid END;
