package kube

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// onePod shows kubectl's filters a cluster with a single pod. Their result does not say which pod got
// which status; with one pod there is no question, and the words stay kubectl's. It also keeps the
// error of a question that was not answered: the filters would report it as the pod's own fault.
type onePod struct {
	kubernetes.Interface
	pod    corev1.Pod
	failed *error
}

func (o onePod) CoreV1() corev1client.CoreV1Interface {
	return onePodCore{o.Interface.CoreV1(), o.pod}
}

func (o onePod) AppsV1() appsv1client.AppsV1Interface {
	return onePodApps{o.Interface.AppsV1(), o.failed}
}

type onePodCore struct {
	corev1client.CoreV1Interface
	pod corev1.Pod
}

func (o onePodCore) Pods(namespace string) corev1client.PodInterface {
	return onePodList{o.CoreV1Interface.Pods(namespace), o.pod}
}

type onePodList struct {
	corev1client.PodInterface
	pod corev1.Pod
}

func (o onePodList) List(context.Context, metav1.ListOptions) (*corev1.PodList, error) {
	return &corev1.PodList{Items: []corev1.Pod{o.pod}}, nil
}

type onePodApps struct {
	appsv1client.AppsV1Interface
	failed *error
}

func (o onePodApps) DaemonSets(namespace string) appsv1client.DaemonSetInterface {
	return onePodDaemonSets{o.AppsV1Interface.DaemonSets(namespace), o.failed}
}

type onePodDaemonSets struct {
	appsv1client.DaemonSetInterface
	failed *error
}

func (o onePodDaemonSets) Get(ctx context.Context, name string, options metav1.GetOptions) (*appsv1.DaemonSet, error) {
	set, err := o.DaemonSetInterface.Get(ctx, name, options)
	// A missing DaemonSet is an answer: its pod is an orphan.
	if err != nil && !apierrors.IsNotFound(err) {
		*o.failed = err
	}
	return set, err
}
