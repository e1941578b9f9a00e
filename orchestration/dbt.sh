#!/bin/sh
# dbt that dies with the process that started it. Left alone by a killed refresh it would go on writing the build file,
# which the next refresh then finds held. Where setpriv (util-linux) is missing, dbt runs all the same.
if command -v setpriv >/dev/null 2>&1; then
    exec setpriv --pdeathsig KILL "$A87_DBT" "$@"
fi
exec "$A87_DBT" "$@"
