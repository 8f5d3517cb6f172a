// One virtual network: a subnet for the silos' environment, one for the dashboard's. No private DNS zone: silos and clients find
// each other by the address and ports in the membership table, never by a name.

param name string
param location string
param tags object

var subnets = [
  {
    name: 'silos'
    prefix: '10.60.0.0/24'
  }
  {
    name: 'edge'
    prefix: '10.60.1.0/24'
  }
]

resource network 'Microsoft.Network/virtualNetworks@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.60.0.0/16'
      ]
    }
    // Here and not as resources of their own: a second deployment would take away subnets that the network does not name.
    subnets: [
      for subnet in subnets: {
        name: subnet.name
        properties: {
          addressPrefix: subnet.prefix
          // Since this version subnets have no way out unless it is said: images, tokens and data sets come from outside.
          defaultOutboundAccess: true
          delegations: [
            {
              name: 'container-apps'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
          // The way to the store stays inside Azure.
          serviceEndpoints: [
            {
              service: 'Microsoft.Storage'
            }
          ]
        }
      }
    ]
  }
}

output siloSubnetId string = network.properties.subnets[0].id
output edgeSubnetId string = network.properties.subnets[1].id
