package slurmtest

import (
	"fmt"
	"os"
	"os/user"
	"strings"
)

// accountingPrograms are what a cluster with accounting needs besides Slurm (on
// Debian: slurmdbd, slurm-wlm-mysql-plugin, mariadb-server-core and, for what its
// installation runs, mariadb-client-core).
var accountingPrograms = []string{"slurmdbd", "mariadbd", "mariadb-install-db", "my_print_defaults", "sacct", "sacctmgr"}

// Manage is sacctmgr, without its question whether it should. What it changes
// holds for the controller some moments later. That there was nothing to change
// is an error.
func (c *Cluster) Manage(words ...string) (string, error) {
	return c.Run(append([]string{"sacctmgr", "--immediate"}, words...)...)
}

// startAccounting starts a database and slurmdbd, both for this cluster alone.
func (c *Cluster) startAccounting() error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	data := c.file("database")
	if _, err := c.Run("mariadb-install-db", "--no-defaults", "--datadir="+data, "--user="+me.Username,
		"--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return err
	}
	c.database, err = c.keeper.start(c.command("mariadbd", "--no-defaults", "--datadir="+data, "--user="+me.Username,
		"--socket="+c.file("database.sock"), "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", c.databasePort()),
		"--skip-grant-tables", // nobody else can reach it
		"--log-error="+c.file("database.log"), "--pid-file="+c.file("database.pid"), "--innodb-flush-log-at-trx-commit=0"))
	if err != nil {
		return err
	}
	if err := c.await("mariadbd", func() error {
		_, err := os.Stat(c.file("database.sock"))
		return err
	}, c.database); err != nil {
		return err
	}
	if err := os.WriteFile(c.file("slurmdbd.conf"), []byte(c.slurmdbdConf(me.Username)), 0o600); err != nil { // slurmdbd refuses any other mode
		return err
	}
	if c.accounting, err = c.keeper.start(c.command("slurmdbd", "-D")); err != nil {
		return err
	}
	return c.await("slurmdbd", func() error {
		_, err := c.Run("sacctmgr", "--immediate", "add", "cluster", clusterName)
		if err != nil && strings.Contains(err.Error(), "already exist") {
			return nil
		}
		return err
	}, c.accounting)
}

func (c *Cluster) databasePort() int   { return c.ports[len(c.ports)-2] }
func (c *Cluster) accountingPort() int { return c.ports[len(c.ports)-1] }

// slurmdbdConf is slurmdbd.conf(5).
func (c *Cluster) slurmdbdConf(me string) string {
	var conf strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&conf, format+"\n", args...) }
	line("AuthType=auth/munge")
	line("AuthInfo=socket=%s", c.file("munge.sock"))
	line("DbdHost=localhost")
	line("DbdPort=%d", c.accountingPort())
	line("SlurmUser=%s", me)
	line("LogFile=%s", c.file("slurmdbd.log"))
	line("PidFile=%s", c.file("slurmdbd.pid"))
	line("StorageType=accounting_storage/mysql")
	line("StorageHost=127.0.0.1")
	line("StoragePort=%d", c.databasePort())
	line("StorageUser=slurm")
	line("StorageLoc=accounting")
	return conf.String()
}
