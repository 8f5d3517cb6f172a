// The live page of the runs, for people: a client of the cluster behind HTTPS and a sign-in. It has no state worth keeping and may be
// updated in place, and it ends when nobody looks.

param location string
param tags object

@description('Name of the Container Apps environment that faces the Internet.')
param environmentName string

@description('Name of an identity that may read the store.')
param identityName string

param registryServer string

@description('An image with contrastive on its path.')
@minLength(1)
param image string

param clusterId string
param store string

@description('Client id of the Entra app registration, with ID tokens allowed; it needs no secret.')
param clientId string

@description('Object id of the one person who may see the page; empty = everybody of the tenant.')
param reader string

var port = 8080

resource environment 'Microsoft.App/managedEnvironments@2026-01-01' existing = {
  name: environmentName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource app 'Microsoft.App/containerApps@2026-01-01' = {
  name: 'dashboard'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        transport: 'http'
        targetPort: port
        allowInsecure: false
      }
      registries: [
        {
          server: registryServer
          identity: identity.id
        }
      ]
    }
    template: {
      scale: {
        minReplicas: 0
        // Each would have its own memory of what happened.
        maxReplicas: 1
      }
      containers: [
        {
          name: 'dashboard'
          image: image
          command: [
            'contrastive'
          ]
          args: [
            'dashboard'
            '--address'
            '0.0.0.0'
            '--port'
            string(port)
          ]
          env: [
            {
              name: 'AZURE_CLIENT_ID'
              value: identity.properties.clientId
            }
            {
              name: 'Cluster__ClusterId'
              value: clusterId
            }
            {
              name: 'Store__Address'
              value: store
            }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          // All three the same: it serves while it has nobody to ask, and says so on the page.
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/health/live'
                port: port
              }
              periodSeconds: 2
              failureThreshold: 10
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/health/live'
                port: port
              }
              periodSeconds: 5
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/health/live'
                port: port
              }
              periodSeconds: 30
            }
          ]
        }
      ]
    }
  }
}

resource signIn 'Microsoft.App/containerApps/authConfigs@2026-01-01' = {
  parent: app
  name: 'current'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
          ]
          defaultAuthorizationPolicy: {
            allowedPrincipals: {
              identities: empty(reader)
                ? []
                : [
                    reader
                  ]
            }
          }
        }
      }
    }
  }
}

output url string = 'https://${app.properties.configuration.ingress.fqdn}'
