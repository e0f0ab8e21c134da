#!/bin/sh
# Attaches a tenant to the pageserver and makes its first timeline, through the pageserver's HTTP API. A second run changes nothing.
# Reads PAGESERVER (its URL), TENANT_ID, TIMELINE_ID and PG_VERSION.
set -eu

ask() {
  curl --silent --show-error --fail-with-body --max-time 60 --retry 30 --retry-connrefused --retry-delay 1 \
    --header 'Content-Type: application/json' "$@"
}

ask "$PAGESERVER/v1/status" >/dev/null
if ask "$PAGESERVER/v1/tenant/$TENANT_ID/timeline/$TIMELINE_ID" >/dev/null 2>&1; then
  echo "timeline $TIMELINE_ID of tenant $TENANT_ID is there"
  exit 0
fi
ask --request PUT "$PAGESERVER/v1/tenant/$TENANT_ID/location_config" \
  --data '{"mode": "AttachedSingle", "generation": 1, "tenant_conf": {}}'
ask --request POST "$PAGESERVER/v1/tenant/$TENANT_ID/timeline" \
  --data "{\"new_timeline_id\": \"$TIMELINE_ID\", \"pg_version\": $PG_VERSION}"
echo "made timeline $TIMELINE_ID of tenant $TENANT_ID"
