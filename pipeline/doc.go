// Package pipeline is the language: it reads one HCL file and turns it into
// stages.
//
// Load does all that can be done before anything is pinned: it parses, finds
// what refers to what, puts the stages in order and evaluates every expression
// with the pins left unknown, so that every fault is found at once. Evaluate
// does it again with the pins known, and gives the stages as plain data, each
// with its key.
//
//   - envelope.go, header.go, variable.go, value.go: what a file is made of
//   - reference.go, graph.go, scope.go: what refers to what, and in which order
//   - evaluation.go, output.go, clones.go: from blocks to values
//   - reword.go, sort.go, write.go, json.go: faults, and how they are shown
//
// What a kind of stage may hold, and what it becomes, is the business of package
// stages. Nothing here runs a job or touches the network.
package pipeline
