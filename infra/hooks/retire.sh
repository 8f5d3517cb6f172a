#!/bin/sh
# After a deployment: waits until all its silos have joined the cluster, then takes the silos of the other colour away, one at a
# time: each hands over what it has and leaves, before the next is asked to.
#
#   infra/hooks/retire.sh            what azd calls
#   infra/hooks/retire.sh COLOUR     takes the silos of that colour away, whatever else is there: to undo a deployment, or to rest
set -eu

if [ -z "${AZURE_RESOURCE_GROUP:-}" ]; then eval "$(azd env get-values)"; fi
patience=${SILO_PATIENCE:-1200}     # seconds for a silo to join: a GPU image is pulled for minutes
pause=${SILO_PAUSE:-30}             # seconds between two silos: copies that were lost are made anew

azure() { az "$@" --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" --output tsv; }

apps() { azure containerapp list --query "[?tags.\"contrastive-colour\"=='$1'].name"; }

has_joined() {
    azure containerapp logs show --name "$1" --container silo --type console --format text --tail 300 2>/dev/null |
        grep -q ' is ready in cluster '
}

await_joined() {
    waited=0
    until has_joined "$1"; do
        if [ "$waited" -ge "$patience" ]; then
            echo "$1 has not joined within $patience s; nothing was taken away. Look at: az containerapp logs show -g $AZURE_RESOURCE_GROUP -n $1" >&2
            echo "Go on by 'azd hooks run postdeploy', or go back by 'infra/hooks/retire.sh $SILO_COLOUR'." >&2
            exit 1
        fi
        sleep 10
        waited=$((waited + 10))
    done
    echo "$1 has joined."
}

take_away() {
    # To deactivate is SIGTERM: the silo drains, and its app is deleted when the replica is gone. So would be to delete; but that
    # does not say when the silo has left.
    for revision in $(azure containerapp revision list --name "$1" --query '[?properties.active].name'); do
        azure containerapp revision deactivate --name "$1" --revision "$revision" >/dev/null || break
        waited=0
        while [ "$waited" -lt 120 ] && [ "$(azure containerapp replica list --name "$1" --revision "$revision" --query 'length(@)')" != 0 ]; do
            sleep 5
            waited=$((waited + 5))
        done
    done
    azure containerapp delete --name "$1" --yes >/dev/null
    echo "$1 has left."
}

if [ $# -gt 0 ]; then
    old=$1
else
    new=$(apps "$SILO_COLOUR")
    if [ -z "$new" ]; then echo "There is no $SILO_COLOUR silo; nothing was taken away." >&2; exit 1; fi
    for app in $new; do await_joined "$app"; done
    case $SILO_COLOUR in blue) old=green ;; *) old=blue ;; esac
fi

leaving=$(apps "$old")
for app in $leaving; do
    take_away "$app"
    sleep "$pause"
done
