// What runs: the silos, the job, the dashboard. `azd deploy` applies it whenever it has built an image.
//
// A silo's app is never updated in place: the old replica and the new one would advertise one endpoint. So the apps of one
// deployment have a colour, and a deployment makes those of the other; hooks/retire.sh then takes the old ones away.
import { siloDefinition } from 'cluster/types.bicep'

@description('Image of the silos, the job and the dashboard: a tag that is used once, or a digest.')
@minLength(1)
param image string

@description('Image of the silos whose device is not cpu; as exact.')
param gpuImage string = ''

@description('The colour that has no apps yet; hooks/colour.sh finds it.')
@allowed([
  'blue'
  'green'
])
param colour string

@description('The topology. Every role is there twice, so that the cluster survives the loss of any one silo.')
param silos siloDefinition[] = loadJsonContent('silos.json')

@description('What the job appends to `contrastive run start --watch`.')
param train string[] = loadJsonContent('train.json')

@description('Data sets that silos with images to read fetch before they start; names of `contrastive datasets list`.')
param datasets string[] = [
  'fashion-mnist'
]

@description('Host name of the registry.')
param registryServer string

@description('Name of the azd environment.')
param environmentName string

@description('Name of the Container Apps environment of the silos.')
param containerEnvironment string

@description('Name of the one of the dashboard; empty = no dashboard.')
param edgeEnvironment string = ''

@description('Name of the identity of the silos and the job.')
param siloIdentity string

@description('Name of the identity of the dashboard.')
param dashboardIdentity string

@description('Client id of the Entra app registration of the dashboard; empty = no dashboard.')
param dashboardClientId string = ''

@description('Object id of the one person who may see the dashboard; empty = everybody of the tenant.')
param dashboardReader string = ''

@description('The store: https://ACCOUNT.blob.core.windows.net/CONTAINER.')
param store string

@description('The account\'s tables; empty = membership lies in the store.')
param tables string = ''

@description('The environment\'s storage with images of the user\'s own; empty = none.')
param dataShare string = ''

var location = resourceGroup().location
var tags = {
  'azd-env-name': environmentName
}
var clusterId = 'contrastive'
var hasDashboard = !empty(edgeEnvironment) && !empty(dashboardClientId)

resource environment 'Microsoft.App/managedEnvironments@2026-01-01' existing = {
  name: containerEnvironment
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: siloIdentity
}

var host = {
  environmentId: environment.id
  staticIp: environment.properties.staticIp
  identityId: identity.id
  clientId: identity.properties.clientId
  registryServer: registryServer
  clusterId: clusterId
  store: store
  tables: tables
  datasets: datasets
  dataShare: dataShare
}

module siloApps 'cluster/silo.bicep' = [
  for silo in silos: {
    name: 'silo-${silo.name}-${colour}'
    params: {
      location: location
      tags: tags
      host: host
      silo: silo
      colour: colour
      image: silo.device == 'cpu' ? image : gpuImage
    }
  }
]

module job 'cluster/job.bicep' = {
  name: 'job-train'
  params: {
    location: location
    tags: tags
    host: host
    image: image
    train: train
  }
}

module dashboard 'cluster/dashboard.bicep' = if (hasDashboard) {
  name: 'dashboard'
  params: {
    location: location
    tags: tags
    environmentName: edgeEnvironment
    identityName: dashboardIdentity
    registryServer: registryServer
    image: image
    clusterId: clusterId
    store: store
    clientId: dashboardClientId
    reader: dashboardReader
  }
}

output DASHBOARD_URL string = hasDashboard ? dashboard!.outputs.url : ''
