// Package main keeps the API server's packages in go.mod; nothing here is run.
package main

import _ "k8s.io/kubernetes/cmd/kube-apiserver/app"

func main() {}
