#!/bin/sh
# Applies what is checked out to one environment. Exits 10 when somebody else is applying, 11 when the target has moved
# meanwhile, 12 when policy refuses.
set -eu
: "${RECONCILE_ENVIRONMENT:?name the environment that is applied to}"
reconcile apply --yes --no-progress
