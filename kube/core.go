package kube

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// coreScheme has the Go types of core/v1, so that nodes and pods arrive as protobuf: there may be thousands. Everything
// else is read as plain JSON. The client of client-go for every kind there is would triple what has to be compiled.
var coreScheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(s))
	return s
}()

var coreParameters = runtime.NewParameterCodec(coreScheme)

// core reads the nodes and pods of one cluster.
type core struct{ rest.Interface }

func newCore(config *rest.Config, client *http.Client) (core, error) {
	c := rest.CopyConfig(config)
	c.GroupVersion = &corev1.SchemeGroupVersion
	c.APIPath = "/api"
	c.NegotiatedSerializer = serializer.NewCodecFactory(coreScheme).WithoutConversion()
	r, err := rest.RESTClientForConfigAndClient(c, client)
	return core{r}, err
}

func (c core) node(ctx context.Context, name string) (*corev1.Node, error) {
	node := &corev1.Node{}
	err := c.Get().Resource("nodes").Name(name).Do(ctx).Into(node)
	return node, err
}

func (c core) nodes(ctx context.Context, options metav1.ListOptions) (*corev1.NodeList, error) {
	list := &corev1.NodeList{}
	err := c.Get().Resource("nodes").VersionedParams(&options, coreParameters).Do(ctx).Into(list)
	return list, err
}

func (c core) watchNodes(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	var timeout time.Duration
	if options.TimeoutSeconds != nil {
		timeout = time.Duration(*options.TimeoutSeconds) * time.Second
	}
	options.Watch = true
	return c.Get().Resource("nodes").VersionedParams(&options, coreParameters).Timeout(timeout).Watch(ctx)
}

// pods lists the pods that a field selector picks.
func (c core) pods(ctx context.Context, fields string) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	options := metav1.ListOptions{FieldSelector: fields}
	err := c.Get().Resource("pods").VersionedParams(&options, coreParameters).Do(ctx).Into(list)
	return list.Items, err
}

// podPage lists a page of the pods of a namespace. more is where the next page begins, "" at the end.
func (c core) podPage(ctx context.Context, namespace, from string) (pods []corev1.Pod, more string, err error) {
	list := &corev1.PodList{}
	options := metav1.ListOptions{Limit: pageSize, Continue: from}
	err = c.Get().Namespace(namespace).Resource("pods").VersionedParams(&options, coreParameters).Do(ctx).Into(list)
	return list.Items, list.Continue, err
}

// object reads one object as JSON.
func (c core) object(ctx context.Context, kind apiKind, namespace, name string) ([]byte, error) {
	return read(ctx, c.Get().AbsPath(append(kind.path(namespace), name)...).SetHeader("Accept", "application/json"))
}

// list reads a list of objects as JSON.
func (c core) list(ctx context.Context, kind apiKind, namespace string, options metav1.ListOptions) ([]byte, error) {
	return read(ctx, c.Get().AbsPath(kind.path(namespace)...).VersionedParams(&options, coreParameters).SetHeader("Accept", "application/json"))
}

// raw reads a path outside the objects, such as /version, as JSON.
func (c core) raw(ctx context.Context, path, accept string) ([]byte, error) {
	return read(ctx, c.Get().AbsPath(path).SetHeader("Accept", accept))
}

func read(ctx context.Context, request *rest.Request) ([]byte, error) {
	result := request.Do(ctx)
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}
