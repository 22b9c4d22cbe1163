package stages

// evaluateKind measures a model. Its metrics are the run's headline numbers.
type evaluateKind struct{ commandKind }

func (k evaluateKind) Decode(b *Block, s *Stage) {
	k.commandKind.Decode(b, s)
	if b.Group.get("metrics") == nil && len(b.Group.groups("metric")) == 0 {
		b.faultAt("Missing metrics", "%s measures nothing: add metrics = \"metrics.json\" for a file that the command writes, "+
			"or a metric block with a pattern for what it prints.", b.Address)
	}
}
