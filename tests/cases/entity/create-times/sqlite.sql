-- 1. create table "event"
CREATE TABLE "event" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "day" TEXT NOT NULL DEFAULT (date('now')) CHECK ("day" IS date("day")),
  "day_off" TEXT DEFAULT '2026-12-24' CHECK ("day_off" IS date("day_off")),
  "starts" TEXT DEFAULT (time('now')) CHECK ("starts" IS NULL OR ("starts" GLOB '??:??*' AND time("starts") IS NOT NULL)),
  "ends" TEXT DEFAULT '17:30:00' CHECK ("ends" IS NULL OR ("ends" GLOB '??:??*' AND time("ends") IS NOT NULL)),
  "written_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CHECK ("written_at" IS NULL OR (date(substr("written_at", 1, 10)) IS substr("written_at", 1, 10) AND datetime("written_at") IS NOT NULL)),
  "due_at" TEXT CHECK ("due_at" IS NULL OR (date(substr("due_at", 1, 10)) IS substr("due_at", 1, 10) AND datetime("due_at") IS NOT NULL))
) STRICT;
