// A Container Apps environment in a subnet of its own.

param name string
param location string
param tags object
param subnetId string
param workspaceId string

@description('True: nothing of it can be reached from outside of the virtual network.')
param isInternal bool

@description('T4 or A100: adds the workload profile "gpu". Empty = none.')
param gpuType string = ''

@description('Host name of an NFS file share; empty = none.')
param dataShareServer string = ''

@description('Name of the share: /ACCOUNT/SHARE.')
param dataShareName string = ''

var consumption = {
  name: 'Consumption'
  workloadProfileType: 'Consumption'
}
// Serverless GPUs take no minimum and no maximum count: the service refuses a profile that names one.
var gpu = {
  name: 'gpu'
  workloadProfileType: gpuType == 'A100' ? 'Consumption-GPU-NC24-A100' : 'Consumption-GPU-NC8as-T4'
}
var hasDataShare = !empty(dataShareServer)

resource environment 'Microsoft.App/managedEnvironments@2026-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    // To the workspace by the diagnostic setting below: naming it here would need its key.
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    vnetConfiguration: {
      infrastructureSubnetId: subnetId
      internal: isInternal
    }
    workloadProfiles: empty(gpuType)
      ? [
          consumption
        ]
      : [
          consumption
          gpu
        ]
    zoneRedundant: false
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

// Images of the user's own, read-only. NFS, since the other kind of share is opened with an account key.
resource data 'Microsoft.App/managedEnvironments/storages@2026-01-01' = if (hasDataShare) {
  parent: environment
  name: 'data'
  properties: {
    nfsAzureFile: {
      server: dataShareServer
      shareName: dataShareName
      accessMode: 'ReadOnly'
    }
  }
}

output name string = environment.name
output dataShare string = hasDataShare ? 'data' : ''
