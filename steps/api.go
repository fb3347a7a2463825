package steps

// These ask the Kubernetes API. A runbook with none of them can be walked while the API is down.

func (*kube) UsesAPI() bool         { return true }
func (*cordon) UsesAPI() bool       { return true }
func (*uncordon) UsesAPI() bool     { return true }
func (*drain) UsesAPI() bool        { return true }
func (r *reboot) UsesAPI() bool     { return !r.Ready.Set || r.Ready.Value }
func (*objectsProbe) UsesAPI() bool { return true }
func (*budgetsProbe) UsesAPI() bool { return true }
