// Package functions is the function library of the language: the functions of
// Terraform that are pure, with Terraform's meaning.
//
// A function's result depends on its arguments alone, or for the few that read
// files, on files beside the pipeline. There is no clock, no random number and
// no environment, so that a pipeline means the same wherever it is planned.
//
// Every function keeps cty marks (they carry the references between stages),
// answers unknown arguments with an unknown result, and never panics.
package functions
