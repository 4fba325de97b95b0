#!/usr/bin/env bash
# Runs the sigyn of this checkout, which pre-commit keeps: builds it when it is first needed. `SIGYN=PATH` takes another.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
binary=${SIGYN:-$source/target/release/sigyn}
if [ ! -x "$binary" ]; then
    cargo build --quiet --release --locked --package sigyn-cli --manifest-path "$source/Cargo.toml" \
        --target-dir "$source/target" >&2
fi
exec "$binary" "$@"
