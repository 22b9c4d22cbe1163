train "cnn" {
	command = ["日本語 é", trian.x, "tab	tab"] # ERROR: Unknown name
}
