// A small Debian machine with the package and its timer, and the machine's own identity. README.md says how to deploy
// it.
//
// Nothing reaches it from outside: it has no public address, and commands go through the agent (az vm run-command).
targetScope = 'resourceGroup'

@description('Azure region of everything here.')
param location string = resourceGroup().location

@description('Name of the machine; its network interface and disk have it too.')
@minLength(4)
@maxLength(40)
param name string = 'intune-sync'

@description('Resource id of the subnet. From it the machine must reach Microsoft Graph, Debian\'s packages and packageUrl: through a NAT gateway, a firewall or a proxy.')
param subnetId string

@description('Address of the .deb, as the machine reaches it. A URL with a signature is a secret while it is valid.')
@secure()
param packageUrl string

@description('SHA-256 of the .deb, from SHA256SUMS of the release. Another file is not installed.')
@minLength(64)
@maxLength(64)
param packageSha256 string

@description('Public SSH key of the administrator. Nothing here opens a port for it.')
param sshPublicKey string

@description('Name of the administrator on the machine.')
param adminUsername string = 'azureuser'

@description('Size of the machine. The program needs one core and half a gigabyte.')
param vmSize string = 'Standard_B1s'

@description('When it starts, as systemd writes it, in UTC.')
param schedule string = '*-*-* 02:00:00'

// The markers of cloud-init.yaml.
var withUrl = replace(loadTextContent('cloud-init.yaml'), '@PACKAGE_URL@', packageUrl)
var withSum = replace(withUrl, '@PACKAGE_SHA256@', toLower(packageSha256))
var userData = replace(withSum, '@SCHEDULE@', schedule)

resource interface 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: name
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'private'
        properties: {
          subnet: {
            id: subnetId
          }
          privateIPAllocationMethod: 'Dynamic'
        }
      }
    ]
  }
}

resource machine 'Microsoft.Compute/virtualMachines@2024-07-01' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    hardwareProfile: {
      vmSize: vmSize
    }
    securityProfile: {
      securityType: 'TrustedLaunch'
      uefiSettings: {
        secureBootEnabled: true
        vTpmEnabled: true
      }
    }
    storageProfile: {
      imageReference: {
        publisher: 'Debian'
        offer: 'debian-12'
        sku: '12-gen2'
        version: 'latest'
      }
      osDisk: {
        createOption: 'FromImage'
        deleteOption: 'Delete'
        managedDisk: {
          storageAccountType: 'StandardSSD_LRS'
        }
      }
    }
    osProfile: {
      computerName: name
      adminUsername: adminUsername
      customData: base64(userData)
      linuxConfiguration: {
        disablePasswordAuthentication: true
        ssh: {
          publicKeys: [
            {
              path: '/home/${adminUsername}/.ssh/authorized_keys'
              keyData: sshPublicKey
            }
          ]
        }
        patchSettings: {
          patchMode: 'ImageDefault'
        }
      }
    }
    networkProfile: {
      networkInterfaces: [
        {
          id: interface.id
          properties: {
            deleteOption: 'Delete'
          }
        }
      ]
    }
    diagnosticsProfile: {
      bootDiagnostics: {
        enabled: true
      }
    }
  }
}

@description('OBJECT_ID of the identity, for `intune-sync grant --principal-id OBJECT_ID`.')
output principalId string = machine.identity.principalId
