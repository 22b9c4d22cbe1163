package stages

import (
	"maps"
	"math"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

// Determinism is how much of a command's chance is taken away from outside, by
// variables that the frameworks read. What a program draws by itself it has to
// seed itself, from RUNPIPE_SEED.
type Determinism string

// The degrees of determinism. None, the default, is "".
const (
	NoDeterminism Determinism = "none"
	Seeded        Determinism = "seeded" // RUNPIPE_SEED, PYTHONHASHSEED
	Strict        Determinism = "strict" // and one order of summation, on the GPU and on the CPU
)

var degrees = []string{string(NoDeterminism), string(Seeded), string(Strict)}

// largestSeed is the largest that PYTHONHASHSEED and numpy's seed take.
const largestSeed = math.MaxUint32

// decodeDeterminism reads determinism and seed. A seed alone means "seeded".
func (b *Block) decodeDeterminism(s *Stage) {
	degree, seed := b.Group.get("determinism"), b.Group.get("seed")
	if seed != nil {
		s.Determinism = Seeded
	}
	s.Seed = b.seed(seed)
	if text, ok := b.text(degree); ok {
		switch Determinism(text) {
		case NoDeterminism:
			s.Determinism = ""
		case Seeded, Strict:
			s.Determinism = Determinism(text)
		default:
			b.fault(degree, nil, unsuitable, "determinism is \"none\", \"seeded\" or \"strict\".%s", DidYouMean(text, degrees))
		}
		if seed != nil && s.Determinism == "" {
			b.fault(seed, nil, "Seed without determinism", "With determinism = \"none\" the seed would go nowhere: leave one of them out.")
		}
	}
	if s.Determinism != "" && s.Seed == nil {
		s.Seed = new(int64)
	}
}

// seed reads the number from which all chance is drawn; without one it is 0.
func (b *Block) seed(a *Argument) *int64 {
	v, ok := b.as(a, cty.Number)
	if !ok {
		return nil
	}
	n, exact := v.AsBigFloat().Int64()
	if exact != 0 || n < 0 || n > largestSeed {
		b.fault(a, nil, unsuitable, "seed must be a whole number from 0 to %d, which is what PYTHONHASHSEED takes.", int64(largestSeed))
		return nil
	}
	return &n
}

// commandEnv is the variables that the job sets: those that the determinism asks
// for, under those that the block gives.
func commandEnv(s *Stage) map[string]string {
	if s.Determinism == "" {
		return s.Env
	}
	seed := strconv.FormatInt(*s.Seed, 10)
	env := map[string]string{"RUNPIPE_SEED": seed, "PYTHONHASHSEED": seed}
	if s.Determinism == Strict {
		strictEnv(env, strconv.Itoa(threads(s)))
	}
	maps.Copy(env, s.Env)
	return env
}

// strictEnv fixes the order in which numbers are summed up: cuBLAS's workspace
// (its manual, "Results reproducibility"), no TF32, TensorFlow's deterministic
// kernels, and the number of threads that share a sum on the CPU.
func strictEnv(env map[string]string, threads string) {
	env["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
	env["NVIDIA_TF32_OVERRIDE"] = "0"
	env["TF_DETERMINISTIC_OPS"] = "1"
	env["MKL_DYNAMIC"], env["OMP_DYNAMIC"] = "FALSE", "FALSE"
	for _, name := range []string{"MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"} {
		env[name] = threads
	}
}

// threads is how many a strict stage computes with: its CPUs, or Slurm's default
// of one.
func threads(s *Stage) int { return max(s.Resources.CPUs, 1) }

// determinismIngredients is what of it determines the result.
func determinismIngredients(s *Stage, in map[string]any) {
	if s.Determinism == "" {
		return
	}
	in["determinism"], in["seed"] = s.Determinism, *s.Seed
	if s.Determinism == Strict {
		in["threads"] = threads(s)
	}
}
