#!/bin/sh
# Makes sure that an OpenSSH server can be started by the tests against real servers. Starts none.
set -eu
sh "$(dirname "$0")/ensure-debian-packages.sh" 'sshd ssh-keygen' 'openssh-server openssh-client'
# A server that runs as root wants the folder that its service would have made.
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
