#!/bin/sh
# Installs the connector as a systemd service, or removes it. Run as root on the host inside the private network.
set -eu

usage() {
  cat <<'TEXT'
usage: install.sh --binary FILE [--sha256 HEX] [--token-stdin] [--instances N] [--no-start]
       install.sh --uninstall [--purge]

  --binary FILE    the executable of `npm run build:sea`, or dist/culvert.js (needs Node >= 22.19)
  --sha256 HEX     refuse FILE unless this is its SHA-256
  --token-stdin    read the tunnel's token from standard input; it replaces the one that is there
  --instances N    connectors on this host, 1 to 9 (default: those that are enabled, else 2: either can be restarted
                   without loss)
  --no-start       install without enabling or starting anything
  --uninstall      stop and remove the connector; /etc/culvert stays
  --purge          with --uninstall: remove /etc/culvert as well

The tunnel's token is expected in /etc/culvert/token, or given with
  install.sh --binary culvert-linux-x64 --token-stdin < token
Without --token-stdin nothing is read from standard input. What the connector may reach goes into
/etc/culvert/culvert.env. An upgrade keeps both, and restarts every enabled connector, one after the other.
DESTDIR is put before every path; nothing is started then, unless SYSTEMCTL names a program in systemctl's place.
TEXT
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

is_wanted() {
  "$systemctl" is-enabled --quiet "culvert@$1" 2>/dev/null </dev/null || "$systemctl" is-active --quiet "culvert@$1" </dev/null
}

binary='' sha256='' instances='' token_stdin=no start=yes uninstall=no purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --binary | --sha256 | --instances)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --binary) binary=$2 ;;
        --sha256) sha256=$2 ;;
        --instances) instances=$2 ;;
      esac
      shift
      ;;
    --token-stdin) token_stdin=yes ;;
    --no-start) start=no ;;
    --uninstall) uninstall=yes ;;
    --purge) purge=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown argument $1; see --help" ;;
  esac
  shift
done

destination=${DESTDIR:-}
systemctl=${SYSTEMCTL:-}
[ -z "$destination" ] || [ -n "$systemctl" ] || start=no
systemctl=${systemctl:-systemctl}
program=$destination/usr/local/bin/culvert
unit=$destination/etc/systemd/system/culvert@.service
settings=$destination/etc/culvert

if [ -z "$destination" ]; then
  [ "$(id -u)" -eq 0 ] || fail "must run as root"
  command -v systemctl >/dev/null || fail "this host has no systemd"
fi

if [ "$uninstall" = yes ]; then
  if [ -z "$destination" ]; then
    for number in 1 2 3 4 5 6 7 8 9; do
      if is_wanted "$number"; then "$systemctl" disable --now "culvert@$number" </dev/null; fi
    done
  fi
  rm -f "$program" "$unit"
  [ "$purge" = no ] || rm -rf "$settings"
  [ -n "$destination" ] || "$systemctl" daemon-reload </dev/null
  echo "culvert is removed"
  exit 0
fi

[ "$purge" = no ] || fail "--purge goes with --uninstall"
[ -n "$binary" ] || fail "--binary FILE is missing; see --help"
[ -f "$binary" ] || fail "$binary is no file"
case $instances in '' | [1-9]) ;; *) fail "--instances must be 1 to 9" ;; esac
source_unit=$(dirname "$0")/systemd/culvert@.service
[ -f "$source_unit" ] || fail "$source_unit is missing: keep install.sh beside its systemd folder"

# What is checked is what is installed: the copy, not a file that may still change. Without a dot in its name, or Node
# would not see that the bundle is a module.
install -d -m 0755 "$(dirname "$program")" "$(dirname "$unit")"
unfinished=$program-unfinished
new_token=$settings/token-unfinished
trap 'rm -f "$unfinished" "$new_token"' EXIT
install -m 0755 "$binary" "$unfinished"
if [ -n "$sha256" ]; then
  actual=$(sha256sum <"$unfinished" | cut -d ' ' -f 1)
  [ "$actual" = "$(printf %s "$sha256" | tr A-F a-f)" ] || fail "SHA-256 of $binary is $actual, not $sha256"
fi
version=$("$unfinished" --version 2>/dev/null </dev/null) || fail "$binary does not run on this host"

umask 077
install -d -m 0700 "$settings"
if [ "$token_stdin" = yes ]; then
  # Looked at by the program itself before anything is replaced. Its message repeats no secret.
  head -c 4096 >"$new_token"
  said=$(env -i PATH="$PATH" TUNNEL_TOKEN_FILE="$new_token" "$unfinished" connect --check 2>&1 >/dev/null </dev/null) ||
    fail "what came on standard input is no token: $said"
  mv -f "$new_token" "$settings/token"
fi
if [ ! -e "$settings/culvert.env" ]; then
  cat >"$settings/culvert.env" <<'TEXT'
# Upstreams this connector may reach; empty refuses every request.
TUNNEL_ALLOW=
TUNNEL_GRACE_PERIOD=30s
TEXT
fi
install -m 0644 "$source_unit" "$unit"
mv -f "$unfinished" "$program"
echo "culvert $version is installed as $program"

if [ ! -s "$settings/token" ]; then
  echo "next: put the tunnel's token into $settings/token (mode 0600), or run this again with --token-stdin < token"
  start=no
fi
grep -q '^TUNNEL_ALLOW=.' "$settings/culvert.env" || echo "next: set TUNNEL_ALLOW in $settings/culvert.env"
if [ "$start" = no ]; then
  echo "next: systemctl enable --now culvert@1 culvert@2"
  exit 0
fi

wanted=''
for number in 1 2 3 4 5 6 7 8 9; do
  if [ "$number" -le "${instances:-0}" ] || is_wanted "$number"; then wanted="$wanted $number"; fi
done

"$systemctl" daemon-reload </dev/null
# One after the other: while one restarts, the others serve.
for number in ${wanted:-1 2}; do
  "$systemctl" enable --quiet "culvert@$number" </dev/null
  "$systemctl" restart "culvert@$number" </dev/null
  tries=0
  until TUNNEL_METRICS=127.0.0.1:2024$number "$program" ready >/dev/null 2>&1 </dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || fail "culvert@$number is not ready: journalctl -u culvert@$number"
    sleep 1
  done
  echo "culvert@$number is ready"
done
