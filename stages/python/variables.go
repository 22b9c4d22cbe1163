package python

import (
	"regexp"
	"strings"
)

// LineVariable is a variable in a line of a requirements file, as pip and uv know it.
var LineVariable = regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`)

// NetworkVariables are handed to what resolves and to a job that installs
// packages, if they are set where it is submitted: they tell how the network is
// reached, not what is installed, and may hold a proxy's password, so that they
// travel like secrets. Sorted.
var NetworkVariables = []string{
	"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
	"PIP_CACHE_DIR", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_TRUSTED_HOST",
	"REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INDEX_URL",
	"UV_NATIVE_TLS", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_INSTALL_MIRROR", "UV_SYSTEM_CERTS",
	"all_proxy", "http_proxy", "https_proxy", "no_proxy",
}

// extraVariables name further indexes, indexVariables all places where packages
// come from.
var (
	extraVariables = []string{"PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_STRATEGY"}
	indexVariables = append([]string{"PIP_FIND_LINKS", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_INDEX_URL"}, extraVariables...)
)

// ReplacedVariables are those among NetworkVariables whose place the indexes of a
// pipeline take.
func ReplacedVariables(index string, extra []string) []string {
	switch {
	case index != "":
		return indexVariables
	case len(extra) > 0:
		return extraVariables
	}
	return nil
}

// IndexEnviron are the variables that make pip and uv use the given indexes, by
// name. Addresses may hold credentials, which on a command line anyone could
// read. None: none.
func IndexEnviron(index string, extra []string) map[string]string {
	all := map[string]string{}
	if index != "" {
		all["PIP_INDEX_URL"], all["UV_DEFAULT_INDEX"] = index, index
	}
	if len(extra) > 0 {
		all["PIP_EXTRA_INDEX_URL"], all["UV_INDEX"] = strings.Join(extra, " "), strings.Join(extra, " ")
		// pip takes the best version of all indexes; uv by itself looks no further
		// than the first that has the package at all. What is installed is checked
		// by its sha256 either way.
		all["UV_INDEX_STRATEGY"] = "unsafe-best-match"
	}
	return all
}

func indexEnviron(index string, extra []string) []string {
	var list []string
	for name, value := range IndexEnviron(index, extra) { // in any order: they are different variables
		list = append(list, name+"="+value)
	}
	return list
}
