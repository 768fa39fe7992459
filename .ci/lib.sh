# Shared by the scripts in this folder. Source it; it moves to the top of the
# checkout, so every script works from any directory.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

BIN="$ROOT/.cache/bin" # built tools, see .ci/tools
MODULES=(libs proto services)

# need_unchanged NAME HINT COMMAND...: runs a command that prints a diff; any
# output or a failure means that NAME is not current. What the command says on
# the side (downloads, for one) is passed on and does not count.
need_unchanged() {
	local name=$1 hint=$2 out
	shift 2
	if ! out=$("$@") || [ -n "$out" ]; then
		printf '%s\n' "$out"
		printf '%s: not current; run: %s\n' "$name" "$hint" >&2
		return 1
	fi
}
