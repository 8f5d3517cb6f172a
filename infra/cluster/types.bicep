// What the templates of this folder hand each other.

@export()
@description('A silo, as silos.json describes it.')
type siloDefinition = {
  @description('Part of the name of its app; a-z, 0-9 and hyphens.')
  @minLength(1)
  @maxLength(16)
  name: string

  @description('What it offers: augmentation, encoder, key, negatives, parameters, run, or all; with commas between them.')
  roles: string

  @description('Port of the environment that leads to it, for the other silos. No other silo may have it, nor the same one plus 1000.')
  @minValue(1024)
  @maxValue(64535)
  siloPort: int

  @description('Port of the environment that leads to it, for clients; likewise.')
  @minValue(1024)
  @maxValue(64535)
  gatewayPort: int

  @description('Consumption, or gpu where the environment has it (deployGpu).')
  profile: 'Consumption' | 'gpu'

  @description('Cores, such as "0.5".')
  cpu: string

  @description('Memory, such as "2Gi"; on Consumption twice the cores.')
  memory: string

  @description('cpu, cuda, or several such as cuda:0,cuda:1. All but cpu runs the GPU image.')
  device: string
}

@export()
@description('What every container of the cluster needs to know.')
type hosting = {
  @description('Id of the Container Apps environment.')
  environmentId: string

  @description('The address at which the environment forwards to all silos.')
  staticIp: string

  @description('Id of the user-assigned identity to pull images and to open the store with.')
  identityId: string

  @description('Client id of the same.')
  clientId: string

  @description('Host name of the registry.')
  registryServer: string

  @description('Id of the cluster.')
  clusterId: string

  @description('The store: https://ACCOUNT.blob.core.windows.net/CONTAINER.')
  store: string

  @description('The account\'s tables, for the membership; empty = it is in the store.')
  tables: string

  @description('Data sets that are fetched before the program starts.')
  datasets: string[]

  @description('The environment\'s storage with images of the user\'s own; empty = none.')
  dataShare: string
}
