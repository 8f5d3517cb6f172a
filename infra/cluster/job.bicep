// `contrastive run start --watch` as a job: a client that hands a run to the cluster, follows it, and ends as the run ends.
import { hosting } from 'types.bicep'

param location string
param tags object
param host hosting

@description('An image with contrastive on its path.')
@minLength(1)
param image string

@description('The run: further arguments of `contrastive run start`.')
param train string[]

var mountsShare = !empty(host.dataShare)
var cacheMount = {
  volumeName: 'cache'
  mountPath: '/data'
}
var cacheVariable = {
  name: 'OC_CACHE'
  value: '/data'
}

resource job 'Microsoft.App/jobs@2026-01-01' = {
  name: 'train'
  location: location
  // The one resource that azd knows the service by; silos come and go.
  tags: union(tags, {
    'azd-service-name': 'cluster'
  })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.identityId}': {}
    }
  }
  properties: {
    environmentId: host.environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      manualTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
      }
      // It may look on for a day; the run goes on without it.
      replicaTimeout: 86400
      // Again would be a second run.
      replicaRetryLimit: 0
      registries: [
        {
          server: host.registryServer
          identity: host.identityId
        }
      ]
    }
    template: {
      volumes: concat(
        [
          {
            name: 'cache'
            storageType: 'EmptyDir'
          }
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
      // The client opens the data set too, to say what is in it.
      initContainers: [
        for dataset in host.datasets: {
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
          name: 'train'
          image: image
          command: [
            'contrastive'
          ]
          args: concat(
            [
              'run'
              'start'
              '--watch'
            ],
            train
          )
          env: [
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
            cacheVariable
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
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
        }
      ]
    }
  }
}
