// A Container Apps job that syncs each night, its identity, and its log. README.md says how to deploy it.
//
// Its history is not kept: a replica's disk goes with it. What one night does not reach is stale for the next one.
targetScope = 'resourceGroup'

@description('Azure region of everything here.')
param location string = resourceGroup().location

@description('Name of the job, the identity, the environment and the workspace of its log.')
@minLength(4)
@maxLength(32)
param name string = 'intune-sync'

@description('Name of the container registry in this resource group that has the image.')
param registryName string

@description('Repository and tag of the image in that registry. A digest, intune-sync@sha256:…, cannot be replaced by another image.')
param image string = 'intune-sync:0.1.0'

@description('When it starts, as a cron expression in UTC.')
param schedule string = '0 2 * * *'

@description('Seconds after which a run is ended, which must be less than the time between two: replicas do not see each other. The program stops a quarter of an hour earlier, with what is in flight finished.')
@minValue(1800)
@maxValue(86400)
param replicaTimeout int = 21600

@description('Settings of the job, by the names of the variables: { INTUNE_SYNC_OS: \'Windows,iOS\' }. They win over those that this file sets.')
param settings object = {}

@description('Days for which the log is kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var defaults = {
  INTUNE_SYNC_PACE: 'quota'
  INTUNE_SYNC_STALE_FOR: '24h'
  INTUNE_SYNC_DEADLINE: '${replicaTimeout - 900}s'
  INTUNE_SYNC_NO_HISTORY: 'true'
}

var chosen = [for setting in items(union(defaults, settings)): {
  name: setting.key
  value: string(setting.value)
}]

// AcrPull: may pull images, and nothing else.
var acrPull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

// Of its own, so that it can be granted what it needs before the first run.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, identity.id, acrPull)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: acrPull
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: logRetentionDays
  }
}

resource apps 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: name
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: workspace.properties.customerId
        sharedKey: workspace.listKeys().primarySharedKey
      }
    }
  }
}

resource job 'Microsoft.App/jobs@2025-01-01' = {
  name: name
  location: location
  dependsOn: [
    pull
  ]
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: apps.id
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: {
        cronExpression: schedule
        parallelism: 1
        replicaCompletionCount: 1
      }
      replicaTimeout: replicaTimeout
      // The program waits out throttling and outages, and a second try helps with none of its exit codes.
      replicaRetryLimit: 0
      registries: [
        {
          server: registry.properties.loginServer
          identity: identity.id
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'intune-sync'
          image: '${registry.properties.loginServer}/${image}'
          args: [
            'sync'
          ]
          env: concat(chosen, [
            {
              name: 'INTUNE_SYNC_CLIENT_ID'
              value: identity.properties.clientId
            }
          ])
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
        }
      ]
    }
  }
}

@description('OBJECT_ID of the identity, for `intune-sync grant --principal-id OBJECT_ID`.')
output principalId string = identity.properties.principalId

@description('Client id of the identity.')
output clientId string = identity.properties.clientId
