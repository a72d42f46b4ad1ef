#!/bin/sh
# Makes sure that a Prometheus can be started by the tests against real servers. Starts none.
set -eu
sh "$(dirname "$0")/ensure-debian-packages.sh" 'prometheus promtool' prometheus
