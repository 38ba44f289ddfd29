/** Descriptors in the styles of the field, one per augment of OSM; ids and layout are made up. */

const machine = (name: string, more = '') => `  - id: ${name}
    name: ${name}
    sw-image-desc: ubuntu20.04
    virtual-compute-desc: ${name}-compute
    virtual-storage-desc: ${name}-storage
${more}`;
const parts = (...names: string[]) => `  virtual-compute-desc:
${names.map((name) => `  - {id: ${name}-compute, virtual-cpu: {num-virtual-cpu: "2"}, virtual-memory: {size: "2.0"}}\n`).join('')}  virtual-storage-desc:
${names.map((name) => `  - {id: ${name}-storage, size-of-storage: "20"}\n`).join('')}  sw-image-desc:
  - {id: ubuntu20.04, name: ubuntu20.04, image: ubuntu20.04}
  - {id: ubuntu20.04-aws, name: ubuntu20.04-aws, image: ubuntu/images/hvm-ssd/ubuntu, vim-type: aws}
`;
const head = (id: string) => `vnfd:
  id: ${id}
  product-name: ${id}
  description: A VNF of the field
  version: 1.0
  mgmt-cp: mgmt-ext
`;
const cpd = (id: string, more = '') => `    - id: ${id}
      virtual-network-interface-requirement:
      - {name: ${id}, position: 1, virtual-interface: {type: PARAVIRT}${more}}
`;
const level = (counts: Record<string, number>) => `  df:
  - id: default-df
    instantiation-level:
    - id: default-instantiation-level
      vdu-level:
${Object.entries(counts)
  .map(([vdu, count]) => `      - {vdu-id: ${vdu}, number-of-instances: ${count}}\n`)
  .join('')}    vdu-profile:
${Object.keys(counts)
  .map((vdu) => `    - {id: ${vdu}, min-number-of-instances: 1}\n`)
  .join('')}`;
const mgmt = (vdu: string, cp: string) => `  ext-cpd:
  - {id: mgmt-ext, int-cpd: {vdu-id: ${vdu}, cpd: ${cp}}}
`;

export const fieldDescriptors: Record<string, string> = {
  'proxy charm, cloud-init': `${head('charmed')}${level({ vm: 1 })}    lcm-operations-configuration:
      operate-vnf-op-config:
        day1-2:
        - id: charmed
          config-access: {ssh-access: {default-user: ubuntu, required: true}}
          execution-environment-list:
          - {id: configure-vnf, external-connection-point-ref: mgmt-ext, juju: {charm: simple, proxy: true}}
          initial-config-primitive:
          - seq: 1
            name: config
            execution-environment-ref: configure-vnf
            parameter: [{name: ssh-hostname, value: <rw_mgmt_ip>}, {name: ssh-password, value: osm4u}]
          config-primitive:
          - name: touch
            execution-environment-ref: configure-vnf
            parameter: [{data-type: STRING, name: filename, mandatory: false, default-value: "null"}]
${mgmt('vm', 'eth0-int')}  vdu:
${machine('vm', '    cloud-init-file: cloud-config.txt\n    alternative-sw-image-desc: [ubuntu20.04-aws]\n    int-cpd:\n')}${cpd('eth0-int')}${parts('vm')}`,

  'two VDUs, internal link with an IP profile': `${head('multivdu')}${level({ mgmtVM: 1, dataVM: 2 })}    virtual-link-profile:
    - id: internal
      virtual-link-protocol-data: {l3-protocol-data: {ip-version: ipv4, cidr: 192.168.54.0/24, dhcp-enabled: true, dns-server: [{address: 8.8.8.8}]}}
${mgmt('mgmtVM', 'a-int')}  int-virtual-link-desc: [{id: internal}]
  vdu:
${machine('mgmtVM', '    int-cpd:\n')}${cpd('a-int')}    - {id: b-int, int-virtual-link-desc: internal}
${machine('dataVM', '    int-cpd:\n')}    - {id: c-int, int-virtual-link-desc: internal, port-security-enabled: false, port-security-disable-strategy: full}
${parts('mgmtVM', 'dataVM')}`,

  'EPA and SR-IOV': `${head('epa')}${level({ vm: 1 })}${mgmt('vm', 'eth0-int')}  - {id: data-ext, int-cpd: {vdu-id: vm, cpd: xe0-int}}
  vdu:
${machine('vm', '    int-cpd:\n')}${cpd('eth0-int', ', mac-address: 52:54:00:00:00:01, ip-address: 10.0.0.9')}    - id: xe0-int
      virtual-network-interface-requirement:
      - {name: xe0, position: 2, virtual-interface: {type: SR-IOV, vpci: 0000:00:0b.0, bandwidth: 1000}}
${parts('vm').replace(
  '{size: "2.0"}',
  '{size: "2.0", mempage-size: LARGE, numa-enabled: true, numa-node-policy: {numa-cnt: 1, mem-policy: STRICT, node: [{id: 0, num-cores: 2}]}}',
)}`,

  'affinity, volumes, scaling and healing':
    `${head('scaled')}${level({ vm: 2 })}    affinity-or-anti-affinity-group: [{id: apart, type: anti-affinity, scope: nfvi-node}]
    scaling-aspect:
    - id: out
      name: out
      max-scale-level: 5
      aspect-delta-details: {deltas: [{id: one, vdu-delta: [{id: vm, number-of-instances: 1}]}]}
      scaling-policy:
      - name: cpu
        scaling-type: automatic
        cooldown-time: 120
        scaling-criteria:
        - {name: cpu, scale-in-threshold: 10, scale-in-relational-operation: LT, scale-out-threshold: 60.5, scale-out-relational-operation: GT, vnf-monitoring-param-ref: cpu}
    healing-aspect:
    - id: heal
      healing-policy: [{vdu-id: vm, event-name: heal-alarm, recovery-type: automatic, action-on-recovery: REDEPLOY_ONLY, cooldown-time: 180, day1: false}]
${mgmt('vm', 'eth0-int')}  vdu:
${machine(
  'vm',
  '    monitoring-parameter: [{id: cpu, name: cpu, performance-metric: cpu_utilization}]\n    int-cpd:\n',
).replace('vm-storage\n', '[vm-storage, data]\n')}${cpd('eth0-int')}${parts('vm').replace(
  '  sw-image-desc:\n',
  "  - {id: data, type-of-storage: 'persistent-storage:persistent-storage', size-of-storage: 5, vdu-storage-requirements: [{key: keep-volume, value: 'true'}]}\n  sw-image-desc:\n",
)}`.replace(
      '{id: vm, min-number-of-instances: 1}',
      '{id: vm, min-number-of-instances: 1, affinity-or-anti-affinity-group: [{id: apart}]}',
    ),

  'two flavours': `${head('flavours')}${level({ vm: 1 })}  - id: big
    instantiation-level: [{id: l, vdu-level: [{vdu-id: vm, number-of-instances: 1}, {vdu-id: extra, number-of-instances: 2}]}]
    vdu-profile: [{id: vm, min-number-of-instances: 1}, {id: extra, min-number-of-instances: 0, max-number-of-instances: 4}]
${mgmt('vm', 'eth0-int')}  vdu:
${machine('vm', '    int-cpd:\n')}${cpd('eth0-int')}${machine('extra', '    int-cpd:\n')}${cpd('e-int')}${parts('vm', 'extra')}`,

  'neither df nor storage nor sizes': `${head('bare')}${mgmt('vm', 'eth0-int')}  sw-image-desc: [{id: i, name: i}]
  vdu:
  - {id: vm, sw-image-desc: i, int-cpd: [{id: eth0-int}]}
`,

  'external connection point over an internal link': `${head('exposed')}${level({ vm: 1 })}  ext-cpd:
  - {id: mgmt-ext, int-virtual-link-desc: inner, layer-protocol: [ipv4]}
  int-virtual-link-desc: [{id: inner}]
  vdu:
${machine('vm', '    int-cpd:\n')}    - {id: eth0-int, int-virtual-link-desc: inner}
${parts('vm')}`,

  'two KDUs that scale': `${head('knf')}  df:
  - id: default-df
    kdu-resource-profile: [{id: cu-profile, kdu-name: cu, resource-name: cu, min-number-of-instances: 2, max-number-of-instances: 5}]
    scaling-aspect:
    - {id: out, name: out, max-scale-level: 3, aspect-delta-details: {deltas: [{id: one, kdu-resource-delta: [{id: cu-profile, number-of-instances: 1}]}]}}
  ext-cpd: [{id: mgmt-ext, k8s-cluster-net: net1}]
  k8s-cluster: {nets: [{id: net1}], version: v1.28}
  kdu:
  - {name: cu, helm-chart: repository/cu:1.0.0, helm-version: v3}
  - {name: du_Upper, helm-chart: du, service: [{name: du, external-connection-point-ref: mgmt-ext}]}
`,

  'a Juju bundle': `${head('bundle')}  df: [{id: default-df}]
  ext-cpd: [{id: mgmt-ext, k8s-cluster-net: net1}]
  k8s-cluster: {nets: [{id: net1}]}
  kdu: [{name: b, juju-bundle: stable/native-kdu}]
`,

  'a PDU': `${head('pdu')}${level({ gw: 1 })}${mgmt('gw', 'eth0-int')}  vdu:
  - {id: gw, name: gw, pdu-type: gateway, int-cpd: [{id: eth0-int}]}
`,

  'an NSD over two of them': `nsd:
  nsd:
  - id: field_ns
    name: field_ns
    designer: OSM
    version: '1.0'
    vnfd-id: [charmed, knf]
    virtual-link-desc:
    - {id: mgmtnet, mgmt-network: 'true', vim-network-name: mgmt}
    df:
    - id: default-df
      vnf-profile:
      - id: '1'
        vnfd-id: charmed
        virtual-link-connectivity:
        - virtual-link-profile-id: mgmtnet
          constituent-cpd-id: [{constituent-base-element-id: '1', constituent-cpd-id: mgmt-ext, ip-address: 10.10.0.5}]
      - id: '2'
        vnfd-id: knf
        virtual-link-connectivity:
        - virtual-link-profile-id: mgmtnet
          constituent-cpd-id: [{constituent-base-element-id: '2', constituent-cpd-id: mgmt-ext}]
`,
};
