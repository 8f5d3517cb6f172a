// One silo: an app with exactly one replica and two ports of the environment of its own, since Container Apps gives no replica
// an address. https://github.com/dotnet/orleans documents the topology (deploy-to-azure-container-apps.md).
import { hosting, siloDefinition } from 'types.bicep'

param location string
param tags object
param host hosting
param silo siloDefinition

@allowed([
  'blue'
  'green'
])
param colour string

@description('An image with contrastive-silo as its entry point.')
@minLength(1)
param image string

// Both colours are there while one takes over from the other.
var portOffset = colour == 'green' ? 1000 : 0
var siloPort = silo.siloPort + portOffset
var gatewayPort = silo.gatewayPort + portOffset

// What the program listens on in its container.
var siloTarget = 11111
var gatewayTarget = 30000
var healthTarget = 8080

// Who reads images: augmentation, and evaluation, which lives where encoders do.
var readsImages = contains(silo.roles, 'augmentation') || contains(silo.roles, 'encoder') || silo.roles == 'all'
var datasets = readsImages ? host.datasets : []
var mountsShare = readsImages && !empty(host.dataShare)

var cache = {
  name: 'cache'
  storageType: 'EmptyDir'
}
var cacheMount = {
  volumeName: 'cache'
  mountPath: '/data'
}
var cacheVariable = {
  name: 'OC_CACHE'
  value: '/data'
}

resource app 'Microsoft.App/containerApps@2026-01-01' = {
  name: 'silo-${silo.name}-${colour}'
  location: location
  // The hooks know silos by these.
  tags: union(tags, {
    'contrastive-silo': silo.name
    'contrastive-colour': colour
  })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.identityId}': {}
    }
  }
  properties: {
    environmentId: host.environmentId
    workloadProfileName: silo.profile
    configuration: {
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 1
      // External to the environment, which is itself internal: the virtual network, and the other silos, come in by its address.
      ingress: {
        external: true
        transport: 'tcp'
        targetPort: siloTarget
        exposedPort: siloPort
        additionalPortMappings: [
          {
            external: true
            targetPort: gatewayTarget
            exposedPort: gatewayPort
          }
        ]
      }
      registries: [
        {
          server: host.registryServer
          identity: host.identityId
        }
      ]
    }
    template: {
      // Longer than the host's own limit, which is the drain's and ten seconds: see Worker__DrainTimeout.
      terminationGracePeriodSeconds: 90
      // One, for ever, and no rule: a second replica would be behind the same address, and none would be no silo.
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
      volumes: concat(
        [
          cache
        ],
        mountsShare
          ? [
              {
                name: 'share'
                storageType: 'NfsAzureFile'
                storageName: host.dataShare
              }
            ]
          : []
      )
      initContainers: [
        for dataset in datasets: {
          name: 'fetch-${dataset}'
          image: image
          command: [
            'contrastive'
          ]
          args: [
            'datasets'
            'fetch'
            dataset
          ]
          env: [
            cacheVariable
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          volumeMounts: [
            cacheMount
          ]
        }
      ]
      containers: [
        {
          name: 'silo'
          image: image
          resources: {
            cpu: json(silo.cpu)
            memory: silo.memory
          }
          env: concat(
            [
              {
                name: 'AZURE_CLIENT_ID'
                value: host.clientId
              }
              {
                name: 'Cluster__ClusterId'
                value: host.clusterId
              }
              {
                name: 'Store__Address'
                value: host.store
              }
              {
                name: 'Endpoints__Advertise'
                value: host.staticIp
              }
              {
                name: 'Endpoints__SiloPort'
                value: string(siloPort)
              }
              {
                name: 'Endpoints__GatewayPort'
                value: string(gatewayPort)
              }
              {
                name: 'Endpoints__ListenOnAny'
                value: 'true'
              }
              {
                name: 'Endpoints__ListenSiloPort'
                value: string(siloTarget)
              }
              {
                name: 'Endpoints__ListenGatewayPort'
                value: string(gatewayTarget)
              }
              // The platform opens the way in some time after the port answers; until then nobody reaches it.
              {
                name: 'Endpoints__ReachableWithin'
                value: '00:01:30'
              }
              {
                name: 'Health__Address'
                value: '0.0.0.0'
              }
              {
                name: 'Health__Port'
                value: string(healthTarget)
              }
              {
                name: 'Worker__Silo'
                value: '${silo.name}-${colour}'
              }
              {
                name: 'Worker__Roles'
                value: silo.roles
              }
              {
                name: 'Worker__Device'
                value: silo.device
              }
              {
                name: 'Worker__DrainTimeout'
                value: '00:01:00'
              }
              // A look into the store is a paid operation; every second, as by default, would be some 26 USD a month for each silo.
              {
                name: 'Worker__DirectoryPeriod'
                value: '00:00:10'
              }
              {
                name: 'Membership__IAmAlive'
                value: '00:00:15'
              }
              // Twice the default: between silos there is a load balancer and a proxy.
              {
                name: 'Membership__ProbeTimeout'
                value: '00:00:03'
              }
              {
                name: 'Log__Format'
                value: 'json'
              }
              cacheVariable
            ],
            empty(host.tables)
              ? []
              : [
                  {
                    name: 'Cluster__Tables'
                    value: host.tables
                  }
                ]
          )
          volumeMounts: concat(
            [
              cacheMount
            ],
            mountsShare
              ? [
                  {
                    volumeName: 'share'
                    mountPath: '/mnt/data'
                  }
                ]
              : []
          )
          // Startup and readiness ask the silo's port, not /health/ready: readiness here opens and closes the way by which the
          // other silos come. It must be open before the silo joins, for they try it then (the self-test), and must stay open
          // while the store is away and while the silo drains, when /health/ready says no.
          probes: [
            {
              type: 'Startup'
              tcpSocket: {
                port: siloTarget
              }
              initialDelaySeconds: 5
              periodSeconds: 10
              timeoutSeconds: 3
              failureThreshold: 10
            }
            {
              type: 'Readiness'
              tcpSocket: {
                port: siloTarget
              }
              periodSeconds: 5
              timeoutSeconds: 3
              failureThreshold: 6
            }
            // Answers from when the silo has joined, and asks nobody else. Slow to judge: the cluster itself replaces a silent
            // silo within seconds, and a restart is the last means.
            {
              type: 'Liveness'
              httpGet: {
                path: '/health/live'
                port: healthTarget
              }
              initialDelaySeconds: 60
              periodSeconds: 30
              timeoutSeconds: 5
              failureThreshold: 10
            }
          ]
        }
      ]
    }
  }
}
