// What stays: everything that a cluster stands on, and nothing that runs. `azd provision` applies it.
targetScope = 'subscription'

@description('Name of the azd environment, and so of the resource group.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of everything.')
@minLength(1)
param location string

@description('Object id of whoever deploys: reads and writes the store from a machine of theirs, and sees the dashboard. Empty = nobody.')
param principalId string = ''

@description('What principalId is.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param principalType string = 'User'

@description('Whether the environment has a GPU profile for silos to run on. Needs a quota; costs nothing by itself.')
param deployGpu bool = false

@description('The GPU of that profile.')
@allowed([
  'T4'
  'A100'
])
param gpuType string = 'T4'

@description('Client id of the Entra app registration by which people sign in to the dashboard. Empty = no dashboard.')
param dashboardClientId string = ''

@description('Host name of an NFS file share with images of your own, such as ACCOUNT.file.core.windows.net. Empty = none.')
param dataShareServer string = ''

@description('Name of that share: /ACCOUNT/SHARE.')
param dataShareName string = ''

@description('Whether Orleans keeps its membership in the table. False for an image that was built with STACK=offline, which keeps it in the store.')
param useTables bool = true

var tags = {
  'azd-env-name': environmentName
}
var suffix = uniqueString(subscription().id, environmentName, location)
var hasDashboard = !empty(dashboardClientId)
var edgeName = 'edge-${suffix}'

// Whoever deploys needs data access of their own: owning a storage account is none.
var deployers = empty(principalId)
  ? []
  : [
      {
        id: principalId
        type: principalType
      }
    ]

resource group 'Microsoft.Resources/resourceGroups@2021-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module network 'foundation/network.bicep' = {
  scope: group
  name: 'network'
  params: {
    name: 'network-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'foundation/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    name: 'logs-${suffix}'
    location: location
    tags: tags
  }
}

// The silos' identity writes the store; the dashboard's, which faces the Internet, may only read it.
module siloIdentity 'foundation/identity.bicep' = {
  scope: group
  name: 'identity-silo'
  params: {
    name: 'silo-${suffix}'
    location: location
    tags: tags
  }
}

module dashboardIdentity 'foundation/identity.bicep' = {
  scope: group
  name: 'identity-dashboard'
  params: {
    name: 'dashboard-${suffix}'
    location: location
    tags: tags
  }
}

module registry 'foundation/registry.bicep' = {
  scope: group
  name: 'registry'
  params: {
    name: 'oc${suffix}'
    location: location
    tags: tags
    pullers: [
      siloIdentity.outputs.principalId
      dashboardIdentity.outputs.principalId
    ]
  }
}

module storage 'foundation/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: 'oc${suffix}'
    location: location
    tags: tags
    writers: concat(deployers, [
      {
        id: siloIdentity.outputs.principalId
        type: 'ServicePrincipal'
      }
    ])
    readers: [
      dashboardIdentity.outputs.principalId
    ]
  }
}

// The silos' ports are open to the virtual network and to nobody else.
module environment 'foundation/environment.bicep' = {
  scope: group
  name: 'environment'
  params: {
    name: 'silos-${suffix}'
    location: location
    tags: tags
    subnetId: network.outputs.siloSubnetId
    workspaceId: monitoring.outputs.workspaceId
    isInternal: true
    gpuType: deployGpu ? gpuType : ''
    dataShareServer: dataShareServer
    dataShareName: dataShareName
  }
}

// An internal environment has no public endpoint, so the dashboard needs one beside it.
module edge 'foundation/environment.bicep' = if (hasDashboard) {
  scope: group
  name: 'edge'
  params: {
    name: edgeName
    location: location
    tags: tags
    subnetId: network.outputs.edgeSubnetId
    workspaceId: monitoring.outputs.workspaceId
    isInternal: false
  }
}

// azd keeps these in its environment: the hooks, cluster.parameters.json and the runbook read them.
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.server
output CONTAINER_ENVIRONMENT string = environment.outputs.name
output EDGE_ENVIRONMENT string = hasDashboard ? edgeName : ''
output SILO_IDENTITY string = siloIdentity.outputs.name
output DASHBOARD_IDENTITY string = dashboardIdentity.outputs.name
output DASHBOARD_READER string = principalId
output STORE_ADDRESS string = storage.outputs.storeAddress
output TABLES_ADDRESS string = useTables ? storage.outputs.tablesAddress : ''
output DATA_SHARE string = environment.outputs.dataShare
output LOGS_WORKSPACE string = monitoring.outputs.customerId
