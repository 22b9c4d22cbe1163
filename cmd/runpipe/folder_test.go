package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
)

// A folder may have any name: also one that means something to a shell, to sbatch or
// as a pattern. What is in it is found: journals, earlier runs, and commits.
func TestAFolderOfAnyName(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		step := newPerson(t, p.cluster).stepNumber("submit stage.b")
		p.dir = filepath.Join(p.dir, `lr=[0.1] it's "50%" %j \x * ? $HOME; é`)
		p.must(os.Mkdir(p.dir, 0o755))
		p.repository("code", map[string]string{"say": "one\n"})
		p.write("p.hcl", `
clone "code" {
  repository = "code"
  ref        = "main"
}
stage "say" {
  source  = clone.code
  command = ["cp", "say", "said"]
  outputs = { said = "said" }
}
`)
		for _, word := range []string{"one\n", "two\n"} {
			p.write("code/say", word)
			p.git("code", "commit", "--all", "--quiet", "--allow-empty", "--message", "Say")
			p.gets(0, "runpipe", "lock", "--upgrade", "p.hcl")
			p.gets(0, "runpipe", "apply", "p.hcl")
			st, stages := p.status("")
			if st.State != run.Succeeded {
				t.Fatalf("the run is %s", st.State)
			}
			if said := p.read(stages["stage.say"].Outputs["said"]); said != word {
				t.Errorf("it says %q, want %q", said, word)
			}
		}
		p.has(p.gets(0, "runpipe", "plan", "--rerun", "stage.say", "p.hcl").stdout, "Plan: 1 to run, 1 reused")
		tr := p.trial(1, "submit stage.b")
		tr.marks = filepath.Join(t.TempDir(), "marks") // a script has to quote what it names
		p.write(tr.file, threeStages(tr.marks))
		tr.start("die "+step, "apply", tr.file)
		if tr.wait() != -1 {
			t.Fatalf("apply was not killed:\n%s", tr.out)
		}
		var count tally
		tr.start("", "resume", tr.run())
		tr.judge(&count, tr.wait())
		p.whole()
		count.log(t, "SIGKILL of apply in a folder of any name")
	})
}
