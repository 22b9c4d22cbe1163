package stages

// trainKind trains a model. It is the plain command kind: a trainer usually has
// metrics, and need not.
var trainKind = commandKind{name: "train"}
