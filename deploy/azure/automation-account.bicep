// An Automation account with the runbook, its Python, its schedule and its identity. README.md says how to deploy it.
//
// The runbook runs the program in its own process, in a cloud job.
targetScope = 'resourceGroup'

@description('Azure region of everything here.')
param location string = resourceGroup().location

@description('Name of the account.')
@minLength(6)
@maxLength(50)
param name string = 'intune-sync'

@description('Address of the runbook of deploy/automation, as Azure reaches it.')
@secure()
param runbookUrl string

@description('SHA-256 of the runbook. Another file is not taken.')
@minLength(64)
@maxLength(64)
param runbookSha256 string

@description('Address of the wheel intune_sync-0.1.0-cp310-abi3-manylinux_2_17_x86_64.whl, as Azure reaches it. Its file name must stay as it is.')
@secure()
param wheelUrl string

@description('SHA-256 of the wheel, from SHA256SUMS of the release. Another file is not taken.')
@minLength(64)
@maxLength(64)
param wheelSha256 string

@description('When it starts for the first time: an ISO 8601 time of day to come, at least five minutes from now. Then it does each day.')
param firstStart string = dateTimeAdd(utcNow('yyyy-MM-ddT02:00:00Z'), 'P1D')

@description('Time zone of the schedule, by its name in IANA\'s or Windows\' list.')
param timeZone string = 'Etc/UTC'

@description('Parameters of the runbook, by their names. deploy/automation lists them.')
param runbookParameters object = {}

@description('Changes with each deployment, since Azure does not take a link between schedule and runbook a second time.')
param link string = newGuid()

resource account 'Microsoft.Automation/automationAccounts@2024-10-23' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    sku: {
      name: 'Basic'
    }
    // No agent signs in with a key.
    disableLocalAuth: true
  }
}

resource python 'Microsoft.Automation/automationAccounts/runtimeEnvironments@2024-10-23' = {
  parent: account
  name: 'intune-sync'
  location: location
  properties: {
    description: 'Python 3.10 with intune_sync'
    runtime: {
      language: 'Python'
      version: '3.10'
    }
  }
}

resource wheel 'Microsoft.Automation/automationAccounts/runtimeEnvironments/packages@2024-10-23' = {
  parent: python
  name: 'intune_sync'
  properties: {
    contentLink: {
      uri: wheelUrl
      contentHash: {
        algorithm: 'SHA256'
        value: wheelSha256
      }
    }
  }
}

resource runbook 'Microsoft.Automation/automationAccounts/runbooks@2024-10-23' = {
  parent: account
  name: 'intune-sync'
  location: location
  dependsOn: [
    wheel
  ]
  properties: {
    description: 'Requests a sync of managed devices'
    runbookType: 'Python'
    runtimeEnvironment: python.name
    logProgress: false
    logVerbose: false
    publishContentLink: {
      uri: runbookUrl
      contentHash: {
        algorithm: 'SHA256'
        value: runbookSha256
      }
    }
  }
}

resource nightly 'Microsoft.Automation/automationAccounts/schedules@2024-10-23' = {
  parent: account
  name: 'intune-sync-nightly'
  properties: {
    frequency: 'Day'
    interval: 1
    startTime: firstStart
    timeZone: timeZone
  }
}

resource linked 'Microsoft.Automation/automationAccounts/jobSchedules@2024-10-23' = {
  parent: account
  name: link
  properties: {
    runbook: {
      name: runbook.name
    }
    schedule: {
      name: nightly.name
    }
    parameters: runbookParameters
  }
}

@description('OBJECT_ID of the identity, for `intune-sync grant --principal-id OBJECT_ID`.')
output principalId string = account.identity.principalId
