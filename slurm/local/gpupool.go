package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// gpuPool hands out the machine's GPUs, each to one job at a time. All runs of
// a user share them: whoever uses one holds the lock (flock) on its file, which
// the kernel drops when the scheduler dies.
type gpuPool struct {
	folder *os.File // the locks' folder, itself locked: see openLocks
	gpus   []*gpuSlot
	freed  chan *gpuSlot // another run gave it back
}

// gpuSlot is a GPU with its lock, nil while no job of this run has it.
type gpuSlot struct {
	GPU
	lock  *os.File
	await bool // a goroutine waits for another run to give it back
}

func newGPUPool(gpus []GPU) (*gpuPool, error) {
	pool := &gpuPool{freed: make(chan *gpuSlot)}
	for _, g := range gpus {
		pool.gpus = append(pool.gpus, &gpuSlot{GPU: g})
	}
	if len(gpus) == 0 {
		return pool, nil
	}
	var err error
	pool.folder, err = openLocks(filepath.Join(os.TempDir(), "runpipe-"+strconv.Itoa(os.Getuid())))
	return pool, err
}

// openLocks opens the folder of the user's GPU locks, and makes it if need be.
// It stands in the temporary folder, not in XDG_RUNTIME_DIR: that one is
// removed when the user logs out, while a detached run goes on. A shared lock on
// the folder keeps systemd-tmpfiles from cleaning it up: tmpfiles.d(5).
func openLocks(path string) (*os.File, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the folder of the GPU locks: %w", err)
	}
	folder, err := os.OpenFile(path, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the GPU locks: %w", err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &stat); err != nil {
		return nil, errors.Join(fmt.Errorf("examining %s: %w", path, err), folder.Close())
	}
	if int(stat.Uid) != os.Getuid() || stat.Mode&0o077 != 0 {
		folder.Close()
		return nil, fmt.Errorf("%s, the folder of the GPU locks, must be yours and closed to others (mode 700)", path)
	}
	_ = unix.Flock(int(folder.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	return folder, nil
}

// take locks n GPUs, or none. If other runs have too many of them, freed tells
// when to try again.
func (p *gpuPool) take(n int) ([]*gpuSlot, error) {
	var taken, busy []*gpuSlot
	for _, slot := range p.gpus {
		if len(taken) == n || slot.lock != nil {
			continue
		}
		lock, err := lockGPU(p.folder.Name(), slot.UUID, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			slot.lock, taken = lock, append(taken, slot)
		case errors.Is(err, unix.EWOULDBLOCK):
			busy = append(busy, slot)
		default:
			p.give(taken)
			return nil, err
		}
	}
	if len(taken) == n {
		return taken, nil
	}
	p.give(taken)
	for _, slot := range busy {
		p.wait(slot)
	}
	return nil, nil
}

// give returns GPUs to the pool.
func (p *gpuPool) give(slots []*gpuSlot) {
	for _, slot := range slots {
		slot.lock.Close()
		slot.lock = nil
	}
}

// wait lets freed tell when the other run has given this GPU back. It does not
// keep it: two runs that each kept one and waited for the other's would wait
// for ever.
func (p *gpuPool) wait(slot *gpuSlot) {
	if slot.await {
		return
	}
	slot.await = true
	go func() {
		if lock, err := lockGPU(p.folder.Name(), slot.UUID, unix.LOCK_SH); err == nil {
			lock.Close()
		}
		p.freed <- slot
	}()
}

// lockGPU locks a GPU's file. A file that was removed meanwhile locks nothing,
// so that its place is looked at again.
func lockGPU(folder, uuid string, how int) (*os.File, error) {
	path := filepath.Join(folder, "gpu-"+strings.ReplaceAll(uuid, "/", "_")+".lock")
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("locking a GPU: %w", err)
		}
		if err := flock(file, how); err != nil {
			file.Close()
			return nil, fmt.Errorf("locking a GPU: %w", err)
		}
		held, err1 := file.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(held, there) {
			return file, nil
		}
		file.Close()
	}
}

func flock(file *os.File, how int) error {
	for {
		if err := unix.Flock(int(file.Fd()), how); err != unix.EINTR {
			return err
		}
	}
}
