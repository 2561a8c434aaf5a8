"""Configurations of the cluster's programs."""

POD_RANGE, SERVICE_RANGE, DNS_ADDRESS = "10.244.0.0/24", "10.96.0.0/24", "10.96.0.10"
CONTAINERD = "/run/containerd/containerd.sock"


def api_server(pki, etcd, address):
    """Its flags."""
    return {
        "etcd-servers": etcd,
        "bind-address": "0.0.0.0",
        "secure-port": 6443,
        "advertise-address": address,
        "cert-dir": "/run/box",
        "client-ca-file": pki + "/ca.crt",
        "tls-cert-file": pki + "/apiserver.crt",
        "tls-private-key-file": pki + "/apiserver.key",
        "token-auth-file": pki + "/tokens.csv",
        "authorization-mode": "Node,RBAC",
        "allow-privileged": "true",
        "service-account-key-file": pki + "/sa.pub",
        "service-account-signing-key-file": pki + "/sa.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": SERVICE_RANGE,
        "kubelet-client-certificate": pki + "/kubelet-client.crt",
        "kubelet-client-key": pki + "/kubelet-client.key",
        "kubelet-certificate-authority": pki + "/ca.crt",
        "kubelet-preferred-address-types": "InternalIP",
        "requestheader-client-ca-file": pki + "/front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": pki + "/front-proxy-client.crt",
        "proxy-client-key-file": pki + "/front-proxy-client.key",
        "enable-aggregator-routing": "true",  # metrics-server has an endpoint, but no pod
        "etcd-compaction-interval": "1m",
        "profiling": "false",
    }


def kubelet(pki, cgroup):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "failSwapOn": False,
        "failCgroupV1": False,
        "oomScoreAdj": 0,
        "containerRuntimeEndpoint": "unix://" + CONTAINERD,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True, "cacheTTL": "10s"},
            "x509": {"clientCAFile": pki + "/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": pki + "/kubelet.crt",
        "tlsPrivateKeyFile": pki + "/kubelet.key",
        "resolvConf": "",
        "clusterDNS": [DNS_ADDRESS],
        "clusterDomain": "cluster.local",
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
        # A new pod gets the ConfigMap of now, not the one that a watch brought last.
        "configMapAndSecretChangeDetectionStrategy": "Get",
        "volumeStatsAggPeriod": "0s",
        "makeIPTablesUtilChains": False,
        "containerLogMaxSize": "10Mi",
        "maxPods": 60,
        # Without it the pauses between restarts grow to five minutes.
        "featureGates": {"KubeletCrashLoopBackOffMax": True},
        "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
    }


def containerd(root, packages, state):
    return """version = 2
root = "%s"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.internal.v1.opt"]
[grpc]
  address = "%s"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "%s/usr/lib/cni"
    conf_dir = "%s"
""" % (
        root,
        CONTAINERD,
        packages,
        state,
    )


def network():
    """Pods on a bridge whose way out ends in the box: it has no other device."""
    ranges = {"ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}]}
    ipam = dict(ranges, type="host-local", dataDir="/run/cni")
    bridge = {"type": "bridge", "bridge": "pods", "isGateway": True, "ipMasq": False, "ipam": ipam}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}
