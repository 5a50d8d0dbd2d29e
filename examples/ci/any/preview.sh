#!/bin/sh
# What this branch changes since it left BASE (default: origin/main), as Markdown on stdout. Needs no target and no
# secret. Exits 12 when what it changes could not be applied.
set -eu
base="${BASE:-origin/main}"
reconcile lint --trust "$base"
reconcile plan --base "$base" --format markdown
