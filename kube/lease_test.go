package kube

import (
	"errors"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestLease: one run holds the cluster; another gets its name, and takes over only by that run's name.
func TestLease(t *testing.T) {
	f := newFakeAPI(t)
	alice, bob := f.open(), f.open()
	hers := Lease{Holder: "alice@b1", Run: "r1", Runbook: "hop"}
	his := Lease{Holder: "bob@b2", Run: "r2", Runbook: "hop"}
	ctx := t.Context()
	take := func(c *Cluster, want Lease, from string, taken bool, had string) {
		t.Helper()
		was, got, err := c.TakeLease(ctx, want, from)
		if err != nil || got != taken || (was == nil) != (had == "") || was != nil && was.Holder != had {
			t.Fatalf("%s takes it from %q: %v, was %+v, %v", want.Holder, from, got, was, err)
		}
	}
	take(alice, hers, "", true, "")
	take(bob, his, "", false, "alice@b1")
	take(bob, his, "r0", false, "alice@b1") // another run of hers meanwhile
	take(alice, hers, "", true, "alice@b1") // a resume of the same run
	hers.Step = "drain"
	if other, gone, err := alice.RenewLease(ctx, hers); other != nil || gone || err != nil {
		t.Fatal(other, gone, err)
	}
	if was, _, _ := bob.TakeLease(ctx, his, ""); was.Step != "drain" || was.Runbook != "hop" || was.Since.IsZero() {
		t.Errorf("bob got %+v", was)
	}
	take(bob, his, "r1", true, "alice@b1")
	if other, _, err := alice.RenewLease(ctx, hers); err != nil || other == nil || other.Holder != "bob@b2" {
		t.Errorf("alice got %+v, %v", other, err)
	}
	if err := alice.ReleaseLease(ctx, "r1"); err != nil || f.objects["leases kube-system/spraydeck"] == nil {
		t.Errorf("alice released what is bob's: %v", err)
	}
	if err := bob.ReleaseLease(ctx, "r2"); err != nil || f.objects["leases kube-system/spraydeck"] != nil {
		t.Errorf("bob could not release it: %v", err)
	}
	if _, gone, err := bob.RenewLease(ctx, his); !gone || err != nil {
		t.Errorf("a renewal of what is gone: %v, %v", gone, err)
	}
}

// TestLeaseExpires: a lease that nobody renews is free. The clock is the API server's, whatever the consoles' clocks say.
func TestLeaseExpires(t *testing.T) {
	f := newFakeAPI(t)
	var ahead time.Duration
	f.takeOver(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		return false
	})
	alice, bob := f.open(), f.open()
	ahead = -time.Hour
	if _, taken, err := alice.TakeLease(t.Context(), Lease{Holder: "alice@b1", Run: "r1"}, ""); !taken || err != nil {
		t.Fatal(taken, err)
	}
	if was, taken, err := bob.TakeLease(t.Context(), Lease{Holder: "bob@b2", Run: "r2"}, ""); taken || err != nil {
		t.Fatalf("a lease in use was taken: %+v, %v", was, err)
	}
	ahead += 2 * LeaseDuration
	if was, taken, err := bob.TakeLease(t.Context(), Lease{Holder: "bob@b2", Run: "r2"}, ""); !taken || err != nil || !was.Expired || was.Holder != "alice@b1" {
		t.Fatalf("an expired lease was not taken: %v, %+v, %v", taken, was, err)
	}
}

// TestLeaseForbidden: without the right to it, that is the error.
func TestLeaseForbidden(t *testing.T) {
	f := newFakeAPI(t)
	f.takeOver(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			refuse(w, 403, metav1.StatusReasonForbidden, "leases is forbidden")
			return true
		}
		return false
	})
	_, taken, err := f.open().TakeLease(t.Context(), Lease{Holder: "alice@b1", Run: "r1"}, "")
	var hint interface{ Hint() string }
	if taken || !errors.As(err, &hint) {
		t.Errorf("%v, %v", taken, err)
	}
}

// TestIdentity: two clusters of the same name differ.
func TestIdentity(t *testing.T) {
	f := newFakeAPI(t)
	f.put("apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: u-1}")
	if uid, err := f.open().Identity(t.Context()); uid != "u-1" || err != nil {
		t.Error(uid, err)
	}
}
