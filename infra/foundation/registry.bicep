// The image registry, without passwords. Whoever deploys pushes by their right to the resource group.

param name string
param location string
param tags object

@description('Principal ids of the identities that apps pull with. They must have the role before the first app exists.')
param pullers string[]

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Basic'
  }
  properties: {
    adminUserEnabled: false
  }
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in pullers: {
    scope: registry
    name: guid(registry.id, principal, acrPull)
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    }
  }
]

output server string = registry.properties.loginServer
