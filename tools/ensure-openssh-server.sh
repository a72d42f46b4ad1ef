#!/bin/sh
# Makes sure that an OpenSSH server can be started by the tests against real servers. Starts none.
set -eu
PATH=$PATH:/usr/sbin:/sbin

if ! command -v sshd >/dev/null || ! command -v ssh-keygen >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "There is no OpenSSH server (sshd, ssh-keygen), and no apt-get to install it with. Install it by hand." >&2
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "There is no OpenSSH server (sshd, ssh-keygen). As root: apt-get install openssh-server" >&2
    exit 1
  fi
  # The package would start a server of its own; a policy of 101 forbids it. An existing policy is left as it is.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends openssh-server openssh-client; } >&2; then
    echo "apt-get could not install openssh-server; see the lines above." >&2
    exit 1
  fi
fi
# A server that runs as root wants the folder that its service would have made.
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
