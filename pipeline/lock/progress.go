package lock

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/runpipe/runpipe/stages/git"
)

// Reading is the stage in which a file on this machine is read, in bytes.
const Reading = "Reading"

// Bar draws how far the fetch of one repository is, on one line of the terminal w,
// and clears it at the end. It is for a terminal only.
func Bar(w io.Writer, label string) git.Progress {
	var bar *progressbar.ProgressBar
	var drawn string
	return func(stage string, done, total int64) {
		if stage != drawn && bar != nil {
			_ = bar.Clear() // a screen that cannot be drawn on is no reason to stop
			bar = nil
		}
		if drawn = stage; stage == "" {
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions64(total, barOptions(w, label+": "+stage, stage == git.Receiving || stage == Reading)...)
		}
		if total > 0 && bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done)
	}
}

func barOptions(w io.Writer, description string, bytes bool) []progressbar.Option {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(description),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(65 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetPredictTime(false),
	}
	if bytes {
		return append(options, progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true))
	}
	return append(options, progressbar.OptionShowCount())
}
