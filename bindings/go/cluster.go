package leakdiag

import (
	"context"
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// Cluster is a cluster, whom it is trusted by, and as whom it is asked.
type Cluster struct{ *object }

// OpenCluster reads what is known of a cluster, by the rules of kubectl; nobody is asked. Options:
// WithKubeconfig, WithKubeContext, WithClusterName, WithUser, WithNamespace, WithImpersonate,
// WithExecPolicy.
func OpenCluster(options ...Option) (*Cluster, error) {
	s, err := collect("cluster", options, "WithKubeconfig", "WithKubeContext", "WithClusterName",
		"WithUser", "WithNamespace", "WithImpersonate", "WithExecPolicy")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("cluster", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewCluster_options()
		defer capi.DeleteCluster_options(o)
		o.SetKubeconfig(hold.OptionalText(s.kubeconfig))
		o.SetContext(hold.OptionalText(s.kubeContext))
		o.SetCluster(hold.OptionalText(s.clusterName))
		o.SetUser(hold.OptionalText(s.user))
		o.SetNamespace_name(hold.OptionalText(s.namespaceName))
		o.SetImpersonate(hold.OptionalText(s.impersonate))
		o.SetExec_policy(int64(s.execPolicy))
		o.SetExec_allowed(hold.TextList(s.execAllowed))
		return capi.Cluster_open(o, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Cluster{newObject(handle, capi.Cluster_free, nil)}, nil
}

// Server is the API server.
func (c *Cluster) Server() string { return text(c.object, capi.Cluster_server) }

// Context is the name of the context; "" for none, or in a pod.
func (c *Cluster) Context() string { return text(c.object, capi.Cluster_context) }

// NamespaceName is the namespace that is meant when none is said.
func (c *Cluster) NamespaceName() string { return text(c.object, capi.Cluster_namespace_name) }

// NamespaceSource is "option", "context", "service account" or "default".
func (c *Cluster) NamespaceSource() string { return text(c.object, capi.Cluster_namespace_source) }

// User is the user's name in the kubeconfig; "" for none, or in a pod.
func (c *Cluster) User() string { return text(c.object, capi.Cluster_user) }

// Origin is "kubeconfig PATH" or "in-cluster".
func (c *Cluster) Origin() string { return text(c.object, capi.Cluster_origin) }

// IsTLSVerified says whether the server's certificate is checked.
func (c *Cluster) IsTLSVerified() bool { return read(c.object, capi.Cluster_is_tls_verified) != 0 }

// Warnings are what a person should know although it works.
func (c *Cluster) Warnings() []string {
	made := make([]string, read(c.object, capi.Cluster_warning_count))
	for i := range made {
		made[i] = textAt(c.object, capi.Cluster_warning, int64(i))
	}
	return made
}

// ToJSON is the cluster as the C library and the command write it; no secret is in it.
func (c *Cluster) ToJSON() (string, error) { return toJSON(c.object, "cluster", capi.Cluster_to_json) }

// MarshalJSON is ToJSON.
func (c *Cluster) MarshalJSON() ([]byte, error) { return raw(c.ToJSON()) }

// handleOf is a cluster for options, 0 without one. A closed one panics, as everywhere.
func (c *Cluster) handleOf() uintptr {
	if c == nil {
		return 0
	}
	return capi.Open(c.load(), "cluster")
}

// Pods is one answer: a row for each container of each pod.
type Pods struct{ *object }

// PodContainer is one container of one pod. Numbers are NaN, -1 or 0 when not known, texts "".
type PodContainer struct {
	Pod, UID, Container    string
	WorkingSetBytes        float64
	SampleMs, SampleAgeMs  int64
	WindowMs               int64
	NoSample               string // why there is no sample
	HasLimit               int    // 1 yes, 0 no, -1 not known
	LimitBytes             float64
	LimitText              string
	SoftLimitBytes         float64
	SoftLimitText          string
	Restarts               int64
	EndReason              string
	EndCode, EndedMs       int64
	WaitingReason          string
	IsReady, IsTerminating bool
	Phase, Reason          string
	StartedMs              int64
	Node                   string
}

// ReadPods asks for the pods of "deploy/NAME" or "pod/NAME", or with "" for those that a selector
// chooses. Options: WithNamespace, WithSelector, WithContainer, WithTransport,
// WithLogger.
func ReadPods(ctx context.Context, cluster *Cluster, workload string, options ...Option) (*Pods, error) {
	s, err := collect("pods", options, "WithNamespace", "WithSelector", "WithContainer",
		"WithTransport", "WithLogger")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = s.asking(ctx, "pods", func(t token, h hooks, e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewPods_options()
		defer capi.DeletePods_options(o)
		o.SetDeadline_ms(deadlineMs(ctx))
		o.SetCancel(t.load())
		o.SetNamespace_name(hold.OptionalText(s.namespaceName))
		o.SetSelector(hold.OptionalText(s.selector))
		o.SetContainer(hold.OptionalText(s.container))
		h.set(o)
		return capi.Pods_read(cluster.load(), hold.OptionalText(workload), o, &handle, e)
	})
	runtime.KeepAlive(cluster)
	if err != nil {
		return nil, err
	}
	return &Pods{newObject(handle, capi.Pods_free, nil)}, nil
}

// asking runs a call that waits, with a token, transport and log of its own.
func (s *settings) asking(ctx context.Context, op string,
	ask func(token, hooks, *capi.ErrorDetail) int) error {
	cancel, err := newToken(op)
	if err != nil {
		return err
	}
	defer cancel.Close()
	called := s.newHooks()
	defer called.release()
	called.during(ctx)
	err = cancellable(ctx, cancel, func() error {
		return call(op, func(e *capi.ErrorDetail) int { return ask(cancel, called, e) })
	})
	called.goOn()
	return err
}

// Containers are the rows, in the order of namespace, pod and container.
func (p *Pods) Containers() []PodContainer {
	rows := make([]PodContainer, read(p.object, capi.Pods_len))
	for i := range rows {
		rows[i] = p.row(int64(i))
	}
	return rows
}

func (p *Pods) row(i int64) PodContainer {
	o := p.object
	return PodContainer{
		Pod: textAt(o, capi.Pods_pod, i), UID: textAt(o, capi.Pods_uid, i),
		Container:       textAt(o, capi.Pods_container, i),
		WorkingSetBytes: readAt(o, capi.Pods_working_set_bytes, i),
		SampleMs:        readAt(o, capi.Pods_sample_ms, i),
		SampleAgeMs:     readAt(o, capi.Pods_sample_age_ms, i),
		WindowMs:        readAt(o, capi.Pods_window_ms, i),
		NoSample:        textAt(o, capi.Pods_no_sample, i),
		HasLimit:        readAt(o, capi.Pods_has_limit, i),
		LimitBytes:      readAt(o, capi.Pods_limit_bytes, i),
		LimitText:       textAt(o, capi.Pods_limit_text, i),
		SoftLimitBytes:  readAt(o, capi.Pods_soft_limit_bytes, i),
		SoftLimitText:   textAt(o, capi.Pods_soft_limit_text, i),
		Restarts:        readAt(o, capi.Pods_restarts, i),
		EndReason:       textAt(o, capi.Pods_end_reason, i),
		EndCode:         readAt(o, capi.Pods_end_code, i),
		EndedMs:         readAt(o, capi.Pods_ended_ms, i),
		WaitingReason:   textAt(o, capi.Pods_waiting_reason, i),
		IsReady:         readAt(o, capi.Pods_is_ready, i) != 0,
		IsTerminating:   readAt(o, capi.Pods_is_terminating, i) != 0,
		Phase:           textAt(o, capi.Pods_phase, i), Reason: textAt(o, capi.Pods_reason, i),
		StartedMs: readAt(o, capi.Pods_started_ms, i), Node: textAt(o, capi.Pods_node, i),
	}
}

// TimeMs is when it was asked, Unix ms.
func (p *Pods) TimeMs() int64 { return read(p.object, capi.Pods_time_ms) }

// SkewMs is what the cluster's clock is ahead of this machine's.
func (p *Pods) SkewMs() int64 { return read(p.object, capi.Pods_skew_ms) }

// NamespaceName is the namespace that was asked.
func (p *Pods) NamespaceName() string { return text(p.object, capi.Pods_namespace_name) }

// Selector are the labels that the pods were chosen by.
func (p *Pods) Selector() string { return text(p.object, capi.Pods_selector) }

// Rollout is "settled", "in-progress", "stuck", "unknown", or "".
func (p *Pods) Rollout() string { return text(p.object, capi.Pods_rollout) }

// Replicas is the number of pods that the Deployment wants; -1 when not known.
func (p *Pods) Replicas() int64 { return read(p.object, capi.Pods_replicas) }

// Detail is what is to be known of all rows; else "".
func (p *Pods) Detail() string { return text(p.object, capi.Pods_detail) }

// ToJSON is the answer as the C library and the command write it.
func (p *Pods) ToJSON() (string, error) { return toJSON(p.object, "pods", capi.Pods_to_json) }

// MarshalJSON is ToJSON.
func (p *Pods) MarshalJSON() ([]byte, error) { return raw(p.ToJSON()) }

// Access are the rights that looking needs, and which of them are there.
type Access struct{ *object }

// Right is a right that looking needs.
type Right struct {
	State                              AccessState
	Verb, Group, Resource, Subresource string
	Name, NamespaceName, Part          string
	Purpose, Reason                    string
}

// ReviewAccess asks the API server which rights are there; asking needs no right of its own and
// changes nothing. Options: WithScenario, WithNamespace, WithTransport,
// WithLogger.
func ReviewAccess(ctx context.Context, cluster *Cluster, options ...Option) (*Access, error) {
	s, err := collect("access", options, "WithScenario", "WithNamespace", "WithTransport", "WithLogger")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = s.asking(ctx, "access", func(t token, h hooks, e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewAccess_options()
		defer capi.DeleteAccess_options(o)
		o.SetDeadline_ms(deadlineMs(ctx))
		o.SetCancel(t.load())
		h.set(o)
		return capi.Access_review(cluster.load(), s.scenario.handleOf(),
			hold.OptionalText(s.namespaceName), o, &handle, e)
	})
	runtime.KeepAlive(cluster)
	runtime.KeepAlive(s)
	if err != nil {
		return nil, err
	}
	return &Access{newObject(handle, capi.Access_free, nil)}, nil
}

// handleOf is a scenario that may be missing.
func (s *Scenario) handleOf() uintptr {
	if s == nil {
		return 0
	}
	return capi.Open(s.load(), "scenario")
}

// Rights are the rights.
func (a *Access) Rights() []Right {
	o, rights := a.object, make([]Right, read(a.object, capi.Access_len))
	for i := range rights {
		k := int64(i)
		rights[i] = Right{
			State: AccessState(readAt(o, capi.Access_get_state, k)), Verb: textAt(o, capi.Access_verb, k),
			Group: textAt(o, capi.Access_group, k), Resource: textAt(o, capi.Access_resource, k),
			Subresource: textAt(o, capi.Access_subresource, k), Name: textAt(o, capi.Access_name, k),
			NamespaceName: textAt(o, capi.Access_namespace_name, k),
			Part:          textAt(o, capi.Access_part, k), Purpose: textAt(o, capi.Access_purpose, k),
			Reason: textAt(o, capi.Access_reason, k),
		}
	}
	return rights
}

// DeniedCount is the number of rights that are denied.
func (a *Access) DeniedCount() int { return int(read(a.object, capi.Access_denied_count)) }

// SkewMs is what the cluster's clock is ahead of this machine's.
func (a *Access) SkewMs() int64 { return read(a.object, capi.Access_skew_ms) }

// MissingRules are the rules of a Role that grant what is denied, as YAML.
func (a *Access) MissingRules() (string, error) {
	return toJSON(a.object, "access", capi.Access_missing_rules)
}

// ToJSON is the answer as the C library and the command write it.
func (a *Access) ToJSON() (string, error) { return toJSON(a.object, "access", capi.Access_to_json) }

// MarshalJSON is ToJSON.
func (a *Access) MarshalJSON() ([]byte, error) { return raw(a.ToJSON()) }

// RBACYAML is the least Role that looking needs, as YAML for kubectl apply. Options: WithScenario,
// WithNamespace, WithParts.
func RBACYAML(options ...Option) (string, error) {
	s, err := collect("rbac", options, "WithScenario", "WithNamespace", "WithParts")
	if err != nil {
		return "", err
	}
	var made *byte
	err = call("rbac", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		return capi.Rbac_yaml(s.scenario.handleOf(), hold.OptionalText(s.namespaceName),
			hold.OptionalText(s.parts), &made, e)
	})
	runtime.KeepAlive(s)
	if err != nil {
		return "", err
	}
	return capi.Taken(made), nil
}
