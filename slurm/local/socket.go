package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// message is what a submitter tells the scheduler: look at the folder again,
// and here is what is written nowhere.
type message struct {
	Env      map[string][][]byte `json:"env,omitempty"` // of jobs, by id: "NAME=value" in any encoding
	KillWait time.Duration       `json:"kill_wait,omitempty"`
	Machine  *Machine            `json:"machine,omitempty"` // if the submitter has looked already
}

// answer says that the scheduler has taken over all that stands in the folder,
// and has written so. A scheduler that is about to end answers nothing.
type answer struct {
	Busy  bool   `json:"busy,omitempty"`  // another scheduler lives
	Error string `json:"error,omitempty"` // it cannot work at all
}

// messagePatience bounds one exchange: the time to find the GPUs, and then some.
const messagePatience = 45 * time.Second

var errNoScheduler = errors.New("no scheduler lives")

// socketName is the abstract socket (unix(7)) of the folder's scheduler. It is
// no file, so that no file system has to support it and no path can be too long,
// and only one process can have it: it is the lock that keeps a second
// scheduler away, and it goes when the process goes.
func (f folder) socketName() string {
	root, err := filepath.EvalSymlinks(f.root)
	if err != nil {
		root = f.root
	}
	sum := sha256.Sum256([]byte(root))
	return fmt.Sprintf("@runpipe-%d-%s", os.Getuid(), hex.EncodeToString(sum[:16]))
}

// dial connects to the scheduler, if one lives, and makes sure that it is the
// user's own: it will be told secrets.
func (f folder) dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", f.socketName())
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return nil, errNoScheduler
	}
	if err != nil {
		return nil, fmt.Errorf("reaching the scheduler: %w", err)
	}
	if err := ownPeer(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// ownPeer refuses a process of another user at the other end.
func ownPeer(conn net.Conn) error {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("finding who is at the other end of the scheduler's socket: %w", err)
	}
	if int(peer.Uid) != os.Getuid() {
		return fmt.Errorf("the scheduler's socket belongs to user %d: refusing to talk to it", peer.Uid)
	}
	return nil
}

// tell sends m and waits for the answer.
func tell(ctx context.Context, conn net.Conn, m message) (answer, error) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var a answer
	if err := conn.SetDeadline(time.Now().Add(messagePatience)); err != nil {
		return a, err
	}
	if err := json.NewEncoder(conn).Encode(m); err != nil {
		return a, err
	}
	err := json.NewDecoder(conn).Decode(&a)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return a, err
}

// call is a message that arrived, with the line to answer it on.
type call struct {
	message
	conn net.Conn
}

// receive reads the message of one connection.
func receive(conn net.Conn) (*call, error) {
	c := &call{conn: conn}
	if err := conn.SetDeadline(time.Now().Add(messagePatience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := json.NewDecoder(conn).Decode(&c.message); err != nil {
		return nil, errors.Join(fmt.Errorf("reading a submitter's message: %w", err), conn.Close())
	}
	return c, nil
}

// answer ends the exchange. A submitter that is gone by now needs none.
func (c *call) answer(a answer) {
	_ = json.NewEncoder(c.conn).Encode(a)
	_ = c.conn.Close()
}

// listen claims the folder and passes on the calls that come in, until done.
func (f folder) listen(calls chan<- *call, done <-chan struct{}) (net.Listener, error) {
	listener, err := net.Listen("unix", f.socketName())
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if ownPeer(conn) != nil {
					conn.Close()
					return
				}
				c, err := receive(conn)
				if err != nil {
					return
				}
				select {
				case calls <- c:
				case <-done:
					conn.Close()
				}
			}()
		}
	}()
	return listener, nil
}
