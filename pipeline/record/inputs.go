package record

// MadeFromAnother reports whether the stage of r was made from another result of
// an upstream than the one that up is the record of. A second run under the same
// key need not give the same bits, as of a training on GPUs.
//
// Virtual environments are left out: two that are built from the same key hold
// the same packages, at different places.
func (r *Record) MadeFromAnother(up *Record) bool {
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
