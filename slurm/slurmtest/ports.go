package slurmtest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// freePorts finds n ports that nobody listens on. They lie below the range from
// which the kernel serves connections (32768 on Linux), and at random places in
// it, so that clusters that start at the same time do not meet.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range 1000 {
		if len(ports) == n {
			return ports, nil
		}
		port := 10000 + rand.IntN(22000)
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		defer listener.Close() // only when all are found: no port twice
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("no %d free ports between 10000 and 32000", n)
}
