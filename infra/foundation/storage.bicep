// The store: checkpoints in a blob container; membership in a table and run records beside them. No keys: everybody comes with an
// identity and a role.

param name string
param location string
param tags object

@description('Who reads and writes all of it: id and type.')
param writers { id: string, type: string }[]

@description('Principal ids of the clients that look only.')
param readers string[]

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

// A deleted checkpoint, or container, can be had back for so long.
var keepDeletedDays = 7

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Open to addresses, not to people: checkpoints are read from anywhere by whoever has a role.
    publicNetworkAccess: 'Enabled'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: keepDeletedDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: keepDeletedDays
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'contrastive'
  properties: {
    publicAccess: 'None'
  }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource membership 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-04-01' = {
  parent: tables
  name: 'OrleansSiloInstances'
}

resource writeBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in writers: {
    scope: account
    name: guid(account.id, principal.id, blobDataContributor)
    properties: {
      principalId: principal.id
      principalType: principal.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    }
  }
]

resource writeTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in writers: {
    scope: account
    name: guid(account.id, principal.id, tableDataContributor)
    properties: {
      principalId: principal.id
      principalType: principal.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
    }
  }
]

resource readStore 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in readers: {
    scope: container
    name: guid(container.id, principal, blobDataReader)
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataReader)
    }
  }
]

// Orleans' client asks for the table to be created where it is not, which a reader may not.
resource readMembership 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in readers: {
    scope: membership
    name: guid(membership.id, principal, tableDataContributor)
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
    }
  }
]

output storeAddress string = '${account.properties.primaryEndpoints.blob}${container.name}'
output tablesAddress string = account.properties.primaryEndpoints.table
