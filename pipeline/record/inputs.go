package record

// MadeFromAnother reports whether the stage of r was made from another result of
// an upstream than the one that up is the record of. A second run under the same
// key need not give the same bits, as of a training on GPUs.
//
// Environments are left out: two that are built from the same key hold the same
// packages, at different places, and a layer's files tell where it was built.
func (r *Record) MadeFromAnother(up *Record) bool {
	if up.Kind == "environment" {
		return false
	}
	now := map[string]string{}
	for _, o := range up.Outputs {
		if o.Contents == "" {
			now[o.Name] = o.Digest
		}
	}
	for _, in := range r.Inputs {
		if in.Key == up.Key && in.Stage != "" && now[in.Output] != "" && now[in.Output] != in.Digest {
			return true
		}
	}
	return false
}
