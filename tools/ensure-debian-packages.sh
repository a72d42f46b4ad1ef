#!/bin/sh
# ensure-debian-packages.sh COMMANDS PACKAGES: installs the packages unless every command is there. Starts no service.
set -eu
PATH=$PATH:/usr/sbin:/sbin
commands=$1 packages=$2

missing=
for each in $commands; do
  command -v "$each" >/dev/null || missing="$missing $each"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "There is no$missing, and no apt-get to install $packages with. Install it by hand." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "There is no$missing. As root: apt-get install $packages" >&2
  exit 1
fi
# A package would start a server of its own; a policy of 101 forbids it. An existing policy is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of packages
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >&2; then
  echo "apt-get could not install $packages; see the lines above." >&2
  exit 1
fi
