#!/bin/sh
# Before a deployment: chooses the colour of its silos, the one that no app has. azd sets the variables.
set -eu

live=$(az containerapp list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --query '[].tags."contrastive-colour"' --output tsv | sort -u)
case $live in
    '' | green) colour=blue ;;
    blue) colour=green ;;
    *)
        echo "Silos of both colours are there: a deployment did not end. Take one set away by infra/hooks/retire.sh blue|green" >&2
        echo "(the newer one is ${SILO_COLOUR:-unknown}), and deploy again." >&2
        exit 1
        ;;
esac

azd env set SILO_COLOUR "$colour" --environment "$AZURE_ENV_NAME"
echo "The silos of this deployment are $colour."
