package stages

// genericKind is any other command: preprocessing, export, batch inference.
var genericKind = commandKind{name: "stage"}
