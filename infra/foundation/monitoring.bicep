// Where logs go. Logs only: the program exports its numbers through the dashboard and `contrastive run`, not to Application Insights.

param name string
param location string
param tags object

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    retentionInDays: 30
    sku: {
      name: 'PerGB2018'
    }
    // A silo in a loop of failures must not cost more than the silos.
    workspaceCapping: {
      dailyQuotaGb: 1
    }
  }
}

output workspaceId string = workspace.id
output customerId string = workspace.properties.customerId
